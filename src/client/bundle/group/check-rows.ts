import { confirmedChunks, type GroupFacts, type SupersessionFact } from '#kit/evidence/bundle/group-facts.ts';
import type { ConfirmedChunk } from '#kit/evidence/evidence.ts';
import { isContext, judgeReplacement, policyVersion, variantFits } from '#kit/evidence/policy.ts';
import { isBefore } from '#kit/time.ts';
import type { Fail } from '../verify-stream.ts';

const at = 'manifest.json';

/** What no rows of a server can be. False when nothing can be computed from them. */
export function checkRows(facts: GroupFacts, fail: Fail): boolean {
  const { variants, chunks } = facts;
  noneTwice(variants, ({ stream_id }) => `stream ${stream_id}`, fail);
  noneTwice(chunks, ({ chunk_id }) => `chunk ${chunk_id}`, fail);
  noneTwice(chunks, ({ stream_id, chunk_index }) => `chunk ${chunk_index} of stream ${stream_id}`, fail);
  noneTwice(chunks, (one) => `segment ${one.source_segment_id} of stream ${one.stream_id}`, fail);
  noneTwice(facts.supersessions, ({ id }) => `supersession ${id}`, fail);
  for (const variant of variants) {
    const { stream_id, variant_role, quality_profile, media_type } = variant;
    if (!variantFits(variant_role, quality_profile, media_type))
      fail(
        'variant_invalid',
        `Stream ${stream_id} of ${media_type} cannot be ${variant_role}, ${quality_profile}.`,
        at,
      );
  }
  const known = new Set(variants.map(({ stream_id }) => stream_id));
  const strangers = chunks.filter(({ stream_id }) => !known.has(stream_id));
  for (const { chunk_id, stream_id } of strangers)
    fail('stream_unknown', `Chunk ${chunk_id} is of stream ${stream_id}, which the manifest does not list.`, at);
  if (strangers.length > 0) return false;
  checkWhole(facts, fail);
  checkTimes(facts, fail);
  checkSupersessions(facts, confirmedChunks(facts), fail);
  return true;
}

function noneTwice<T>(rows: readonly T[], nameOf: (row: T) => string, fail: Fail): void {
  const seen = new Set<string>();
  for (const row of rows) {
    const name = nameOf(row);
    if (seen.has(name)) fail('row_duplicate', `The manifest lists ${name} twice.`, at);
    seen.add(name);
  }
}

function checkWhole({ variants, chunks }: GroupFacts, fail: Fail): void {
  const indexes = Map.groupBy(chunks, ({ stream_id }) => stream_id);
  for (const { stream_id, status, expected_chunk_count } of variants) {
    if (status !== 'complete') continue;
    const own = indexes.get(stream_id) ?? [];
    const highest = own.reduce((most, { chunk_index }) => Math.max(most, chunk_index), 0);
    if (own.length !== expected_chunk_count || highest !== expected_chunk_count)
      fail(
        'chunks_not_contiguous',
        `Stream ${stream_id} is complete with ${expected_chunk_count} chunks; the manifest lists ${own.length}.`,
        at,
      );
  }
}

function checkTimes({ chunks }: GroupFacts, fail: Fail): void {
  const ranges = new Map<string, string>();
  for (const chunk of chunks) {
    const { chunk_id, source_segment_id: segment } = chunk;
    if (isBefore(chunk.ended_at, chunk.started_at) || !isBefore(chunk.source_started_at, chunk.source_ended_at))
      fail('time_range_invalid', `Chunk ${chunk_id} does not end after it starts.`, at);
    const range = JSON.stringify([chunk.source_sequence, chunk.source_started_at, chunk.source_ended_at]);
    const before = ranges.get(segment) ?? range;
    if (before !== range) fail('segment_conflict', `Segment ${segment} has two places on the timeline.`, at);
    ranges.set(segment, before);
  }
}

const placeOf = (streamId: string, segmentId: string) => JSON.stringify([streamId, segmentId]);

/** A decision stands on rows that never change, so what allowed it allows it still. */
function checkSupersessions({ supersessions }: GroupFacts, confirmed: readonly ConfirmedChunk[], fail: Fail): void {
  const byPlace = new Map(confirmed.map((chunk) => [placeOf(chunk.streamId, chunk.segmentId), chunk]));
  const preserved = new Set(confirmed.filter(isContext).map(({ sha256Hex }) => sha256Hex));
  const byId = new Map(supersessions.map((one) => [one.id, one]));
  for (const one of supersessions) {
    const why = unfounded(one, byPlace, preserved, byId);
    if (why !== undefined) fail('supersession_unfounded', `Supersession ${one.id}: ${why}.`, at);
  }
}

function unfounded(
  one: SupersessionFact,
  byPlace: ReadonlyMap<string, ConfirmedChunk>,
  preserved: ReadonlySet<string>,
  byId: ReadonlyMap<string, SupersessionFact>,
): string | undefined {
  const { superseding, superseded, withdraws } = one;
  const better = byPlace.get(placeOf(superseding.stream_id, superseding.source_segment_id));
  const lesser = byPlace.get(placeOf(superseded.stream_id, superseded.source_segment_id));
  if (better === undefined || lesser === undefined) return 'it names a chunk that is not confirmed';
  if ((one.reason === 'withdrawn') !== (withdraws !== undefined)) return 'it withdraws, or it does not';
  if (withdraws !== undefined) {
    const earlier = byId.get(withdraws);
    if (earlier === undefined || earlier.withdraws !== undefined) return 'what it withdraws is not there';
    const same =
      JSON.stringify([earlier.superseding, earlier.superseded]) === JSON.stringify([superseding, superseded]);
    return same ? undefined : 'it withdraws another decision';
  }
  if (one.policy_version !== policyVersion) return undefined;
  if (judgeReplacement(better, lesser, preserved) !== 'replaces') return 'the rules do not allow it';
  const basis = better.segmentId === lesser.segmentId ? 'exact_segment' : 'superset';
  return basis === one.coverage_basis ? undefined : `its basis is ${basis}`;
}
