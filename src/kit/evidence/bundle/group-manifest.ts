import { isBefore } from '#kit/time.ts';
import type { ConfirmedChunk, Resolution } from '../evidence.ts';
import { isContext } from '../policy.ts';
import { resolveEvidence } from '../resolve-evidence.ts';
import { compareTexts } from '../timeline.ts';
import {
  type BundleKind,
  type ChunkFact,
  confirmedChunks,
  type GroupFact,
  type GroupFacts,
  type SupersessionFact,
  type VariantFact,
} from './group-facts.ts';
import { type Coverage, coverageOf, type RecordedResolution, recordedResolution } from './recorded-resolution.ts';

export const bundleFormat = 'proofline-capture-bundle-1';

/** What the server knows of the encryption: only that it happened on the client. It never looks inside. */
export const encryptionStatement = {
  expected: 'client-side',
  scheme: 'safety-recorder-chunk-encryption-v1',
  server_decrypts: false,
} as const;

export interface IndexRange {
  first_index: number;
  last_index: number;
}

/** Counts are of confirmed chunks, whether or not their bytes come along. */
export interface ManifestVariant extends VariantFact {
  readonly chunk_count: number;
  readonly total_bytes: number;
  /** Below the highest that is confirmed, and of a complete stream below its last. */
  readonly missing_chunks: IndexRange[];
}

export interface ManifestChunk extends ChunkFact {
  /** Whether its bytes are in the bundle. */
  readonly included: boolean;
}

export interface GroupManifest {
  format: typeof bundleFormat;
  kind: BundleKind;
  incident: GroupFacts['incident'];
  capture_group: GroupFact;
  encryption: typeof encryptionStatement;
  /** The latest that any of it was written; the same rows are the same manifest whenever it is asked for. */
  as_of: string;
  /** Of the chunks that are included. */
  chunk_count: number;
  total_bytes: number;
  coverage: Coverage;
  variants: ManifestVariant[];
  chunks: ManifestChunk[];
  resolution: RecordedResolution;
  supersessions: SupersessionFact[];
}

/** In one order of rows and of members, so that the same facts have the same text. Throws TypeError for a chunk of no variant. */
export function groupManifest(facts: GroupFacts): GroupManifest {
  const confirmed = confirmedChunks(facts);
  const resolution = resolveEvidence(confirmed);
  const contained = containedChunks(facts, confirmed, resolution);
  const ofStream = Map.groupBy(facts.chunks, (chunk) => chunk.stream_id);
  const chunks = facts.chunks
    .toSorted((a, b) => compareTexts(a.stream_id, b.stream_id) || a.chunk_index - b.chunk_index)
    .map((chunk) => manifestChunk(chunk, contained.has(chunk.chunk_id)));
  const included = chunks.filter((chunk) => chunk.included);
  return {
    format: bundleFormat,
    kind: facts.kind,
    incident: { id: facts.incident.id, status: facts.incident.status },
    capture_group: groupOf(facts.group),
    encryption: encryptionStatement,
    as_of: latestTime(facts),
    chunk_count: included.length,
    total_bytes: bytesOf(included),
    coverage: coverageOf(resolution),
    variants: facts.variants
      .toSorted((a, b) => compareTexts(a.stream_id, b.stream_id))
      .map((variant) => manifestVariant(variant, ofStream.get(variant.stream_id) ?? [])),
    chunks,
    resolution: recordedResolution(resolution),
    supersessions: facts.supersessions.toSorted((a, b) => compareTexts(a.id, b.id)).map(supersessionOf),
  };
}

/** Ids of the chunks whose bytes a bundle of that kind has. Context is never replaced by anything, so all of it is needed. */
function containedChunks(
  { kind, variants, chunks }: GroupFacts,
  confirmed: readonly ConfirmedChunk[],
  resolution: Resolution,
): ReadonlySet<string> {
  if (kind === 'canonical')
    return new Set(
      [...resolution.segments.map(({ chosen }) => chosen), ...confirmed.filter(isContext)].map(
        ({ chunkId }) => chunkId,
      ),
    );
  const complete = new Set(variants.filter(({ status }) => status === 'complete').map(({ stream_id }) => stream_id));
  const wanted = kind === 'partial' ? chunks : chunks.filter(({ stream_id }) => complete.has(stream_id));
  return new Set(wanted.map(({ chunk_id }) => chunk_id));
}

const bytesOf = (chunks: readonly ChunkFact[]) => chunks.reduce((total, { byte_size }) => total + byte_size, 0);

function latestTime({ group, variants, chunks, supersessions }: GroupFacts): string {
  let latest = group.created_at;
  const note = (time: string | undefined) => {
    if (time !== undefined && isBefore(latest, time)) latest = time;
  };
  for (const one of [...variants, ...chunks, ...supersessions]) note(one.created_at);
  for (const { completed_at, failed_at } of variants) {
    note(completed_at);
    note(failed_at);
  }
  return latest;
}

function missingChunks({ expected_chunk_count = 0 }: VariantFact, chunks: readonly ChunkFact[]): IndexRange[] {
  const missing: IndexRange[] = [];
  let next = 1;
  const until = (index: number) => {
    if (next < index) missing.push({ first_index: next, last_index: index - 1 });
    next = Math.max(next, index + 1);
  };
  for (const index of chunks.map(({ chunk_index }) => chunk_index).sort((a, b) => a - b)) until(index);
  until(expected_chunk_count + 1);
  return missing;
}

/** A member that may be absent: `{}` or the one. */
function maybe<Name extends string, T>(name: Name, value: T | undefined): { [N in Name]?: T } {
  // One computed name of the literal type Name.
  return value === undefined ? {} : ({ [name]: value } as { [N in Name]: T });
}

function groupOf(group: GroupFact): GroupFact {
  return {
    id: group.id,
    ...maybe('source_timeline_hash', group.source_timeline_hash),
    ...maybe('label', group.label),
    created_at: group.created_at,
  };
}

function manifestVariant(variant: VariantFact, chunks: readonly ChunkFact[]): ManifestVariant {
  return {
    stream_id: variant.stream_id,
    media_type: variant.media_type,
    ...maybe('label', variant.label),
    variant_role: variant.variant_role,
    quality_profile: variant.quality_profile,
    upload_priority: variant.upload_priority,
    status: variant.status,
    ...maybe('expected_chunk_count', variant.expected_chunk_count),
    created_at: variant.created_at,
    ...maybe('completed_at', variant.completed_at),
    ...maybe('failed_at', variant.failed_at),
    ...maybe('failure_reason', variant.failure_reason),
    chunk_count: chunks.length,
    total_bytes: bytesOf(chunks),
    missing_chunks: missingChunks(variant, chunks),
  };
}

function manifestChunk(chunk: ChunkFact, included: boolean): ManifestChunk {
  return {
    chunk_id: chunk.chunk_id,
    stream_id: chunk.stream_id,
    chunk_index: chunk.chunk_index,
    byte_size: chunk.byte_size,
    sha256_hex: chunk.sha256_hex,
    started_at: chunk.started_at,
    ended_at: chunk.ended_at,
    ...maybe('original_filename', chunk.original_filename),
    source_segment_id: chunk.source_segment_id,
    source_sequence: chunk.source_sequence,
    source_started_at: chunk.source_started_at,
    source_ended_at: chunk.source_ended_at,
    ...maybe('context_digest', chunk.context_digest),
    created_at: chunk.created_at,
    included,
  };
}

function supersessionOf(one: SupersessionFact): SupersessionFact {
  const { superseding, superseded } = one;
  return {
    id: one.id,
    superseding: { stream_id: superseding.stream_id, source_segment_id: superseding.source_segment_id },
    superseded: { stream_id: superseded.stream_id, source_segment_id: superseded.source_segment_id },
    coverage_basis: one.coverage_basis,
    validation_state: one.validation_state,
    policy_version: one.policy_version,
    reason: one.reason,
    actor: one.actor,
    ...maybe('withdraws', one.withdraws),
    created_at: one.created_at,
  };
}
