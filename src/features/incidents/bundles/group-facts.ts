import { Problem } from '#kit/errors.ts';
import type { BundleKind, ChunkFact, GroupFacts, VariantFact } from '#kit/evidence/bundle/group-facts.ts';
import type { Db } from '#platform/metadata/metadata.ts';
import { captureGroupJson } from '../captures/captures.json.ts';
import { captureGroupOf } from '../captures/captures.store.ts';
import { supersessionJson } from '../captures/supersessions/supersessions.json.ts';
import { type SupersessionRow, supersessionsOf } from '../captures/supersessions/supersessions.store.ts';
import { variantJson } from '../captures/variant.ts';
import type { IncidentRow } from '../incident-access.ts';
import { type StreamRow, streamsOf } from '../streams/streams.store.ts';
import { chunksOfGroup, type GroupChunkRow } from './group-chunks.store.ts';

/** The rows of a group. `chunks` by id, with where their bytes are. */
export interface GroupRows {
  facts: GroupFacts;
  chunks: ReadonlyMap<string, GroupChunkRow>;
}

/**
 * Decisions are read first, chunks last: what a decision or a complete stream speaks of is there by then. A chunk of a stream that
 * began in between is left to the next look. Throws capture_group_not_found, and incident_bundle_inconsistent where rows are missing
 * from a complete stream.
 */
export async function groupRows(db: Db, incident: IncidentRow, groupId: string, kind: BundleKind): Promise<GroupRows> {
  const group = await captureGroupOf(db, incident.id, groupId);
  const supersessions = await allSupersessions(db, group.id);
  const streams = (await streamsOf(db, incident.id)).filter(({ capture_group_id }) => capture_group_id === group.id);
  const known = new Map(streams.map((stream) => [stream.id, stream]));
  const rows = (await chunksOfGroup(db, group.id)).filter(({ stream_id }) => known.has(stream_id));
  if (rows.some((row) => row.media_type !== known.get(row.stream_id)?.media_type))
    throw new Problem('incident_bundle_inconsistent');
  const ofStream = Map.groupBy(rows, ({ stream_id }) => stream_id);
  for (const stream of streams) assertWhole(stream, ofStream.get(stream.id) ?? []);
  return {
    facts: {
      kind,
      incident: { id: incident.id, status: incident.status },
      group: captureGroupJson(group),
      variants: streams.map(variantFact),
      chunks: rows.map(chunkFact),
      supersessions: supersessions.map((row) => {
        const { capture_group_id: _, actor_account_id: __, ...fact } = supersessionJson(row);
        return fact;
      }),
    },
    chunks: new Map(rows.map((row) => [row.id, row])),
  };
}

async function allSupersessions(db: Db, groupId: string): Promise<SupersessionRow[]> {
  const pageSize = 1_000;
  const found: SupersessionRow[] = [];
  for (;;) {
    const page = await supersessionsOf(db, groupId, pageSize, found.at(-1)?.id);
    found.push(...page);
    if (page.length < pageSize) return found;
  }
}

/** An index is in a stream once at most, so the count and the highest tell. */
function assertWhole(stream: StreamRow, rows: readonly GroupChunkRow[]): void {
  if (stream.status !== 'complete') return;
  const expected = stream.expected_chunk_count ?? 0;
  const highest = rows.reduce((most, { chunk_index }) => Math.max(most, chunk_index), 0);
  if (rows.length !== expected || highest !== expected) throw new Problem('incident_bundle_inconsistent');
}

function variantFact(stream: StreamRow): VariantFact {
  const { variant_role, quality_profile, upload_priority } = variantJson(stream);
  if (variant_role === undefined || quality_profile === undefined || upload_priority === undefined)
    throw new TypeError('a stream of a group without its role');
  return {
    stream_id: stream.id,
    media_type: stream.media_type,
    label: stream.label ?? undefined,
    variant_role,
    quality_profile,
    upload_priority,
    status: stream.status,
    expected_chunk_count: stream.expected_chunk_count ?? undefined,
    created_at: stream.created_at,
    completed_at: stream.completed_at ?? undefined,
    failed_at: stream.failed_at ?? undefined,
    failure_reason: stream.failure_reason ?? undefined,
  };
}

function chunkFact(row: GroupChunkRow): ChunkFact {
  return {
    chunk_id: row.id,
    stream_id: row.stream_id,
    chunk_index: row.chunk_index,
    byte_size: row.byte_size,
    sha256_hex: row.sha256_hex,
    started_at: row.started_at,
    ended_at: row.ended_at,
    original_filename: row.original_filename ?? undefined,
    source_segment_id: row.source_segment_id,
    source_sequence: row.source_sequence,
    source_started_at: row.source_started_at,
    source_ended_at: row.source_ended_at,
    context_digest: row.context_digest ?? undefined,
    created_at: row.created_at,
  };
}
