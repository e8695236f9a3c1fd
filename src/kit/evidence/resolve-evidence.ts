import type { BesideReason, ConfirmedChunk, Resolution, SegmentEvidence, SourceRange } from './evidence.ts';
import { isContext, judgeReplacement, policyVersion, rankOf } from './policy.ts';
import { compareRanges, compareTexts, conflictsOf, coverageBy, holesOf, overlapsOf, unionOf } from './timeline.ts';
import { WiderChunks } from './wider-chunks.ts';

/** Chunks of one segment: one id, sequence and range. */
interface OwnChunks extends SourceRange {
  segmentId: string;
  sequence: number;
  chunks: ConfirmedChunk[];
}

/** What is known of the whole group. */
interface Group {
  preservedContext: ReadonlySet<string>;
  contextUnion: readonly SourceRange[];
  masterUnion: readonly SourceRange[];
}

/** A few milliseconds. */
const segmentsAtOnce = 250;

/**
 * The best confirmed evidence of every segment of a group. The same chunks in any order give the same answer, which names each of
 * them: chosen, superseded or beside. Needs no clock and reads nothing: `verify` asks it as the server does.
 */
export function resolveEvidence(confirmed: readonly ConfirmedChunk[]): Resolution {
  const steps = resolving(confirmed);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** The same. `turn` is waited for again and again, so that a long timeline does not hold up everything else in its process. */
export async function resolveEvidenceInTurns(
  confirmed: readonly ConfirmedChunk[],
  turn: () => Promise<unknown>,
): Promise<Resolution> {
  const steps = resolving(confirmed);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    await turn();
  }
}

/** Stops where others may have their turn. */
function* resolving(confirmed: readonly ConfirmedChunk[]): Generator<undefined, Resolution> {
  const segments = segmentsOf(confirmed);
  yield;
  const contextChunks = confirmed.filter(isContext);
  const group: Group = {
    preservedContext: new Set(contextChunks.map(({ sha256Hex }) => sha256Hex)),
    contextUnion: unionOf(contextChunks),
    masterUnion: unionOf(confirmed.filter(({ role }) => role === 'evidence_master')),
  };
  yield;
  const chosen = yield* inTurn(segments, group);
  const [gaps, overlaps] = [holesOf(unionOf(segments)), overlapsOf(segments)];
  yield;
  return { policyVersion, segments: chosen, gaps, overlaps, conflicts: conflictsOf(segments) };
}

function segmentsOf(confirmed: readonly ConfirmedChunk[]): OwnChunks[] {
  const byPlace = new Map<string, OwnChunks>();
  for (const chunk of confirmed) {
    const { segmentId, sequence, startedAt, endedAt } = chunk;
    const place = JSON.stringify([segmentId, sequence, startedAt, endedAt]);
    const segment = byPlace.get(place);
    if (segment === undefined) byPlace.set(place, { segmentId, sequence, startedAt, endedAt, chunks: [chunk] });
    else segment.chunks.push(chunk);
  }
  for (const { chunks } of byPlace.values()) chunks.sort(compareChunks);
  return [...byPlace.values()].sort(
    (a, b) => compareRanges(a, b) || compareTexts(a.segmentId, b.segmentId) || a.sequence - b.sequence,
  );
}

function compareChunks(a: ConfirmedChunk, b: ConfirmedChunk): number {
  return rankOf(a) - rankOf(b) || compareRanges(a, b) || compareTexts(a.chunkId, b.chunkId);
}

/** Segments in order; those of one range know one another's chunks, and all that began before. */
function* inTurn(segments: readonly OwnChunks[], group: Group): Generator<undefined, SegmentEvidence[]> {
  const wider = new WiderChunks();
  const resolved: SegmentEvidence[] = [];
  let noted = 0;
  for (const [index, own] of segments.entries()) {
    for (noted = Math.max(noted, index); noted < segments.length; noted++) {
      const next = segments[noted];
      if (next === undefined || compareRanges(next, own) !== 0) break;
      for (const chunk of next.chunks) wider.add(chunk);
    }
    resolved.push(resolveSegment(own, wider, group));
    if (resolved.length % segmentsAtOnce === 0) yield;
  }
  return resolved;
}

function resolveSegment(own: OwnChunks, wider: WiderChunks, group: Group): SegmentEvidence {
  const media = own.chunks.filter((chunk) => !isContext(chunk));
  const chosen = chooseFrom(media, wider, group) ?? own.chunks[0];
  if (chosen === undefined) throw new TypeError('a segment without chunks');
  const others = own.chunks.filter((chunk) => chunk !== chosen);
  const replaced = (chunk: ConfirmedChunk) => judgeReplacement(chosen, chunk, group.preservedContext) === 'replaces';
  return {
    segmentId: own.segmentId,
    sequence: own.sequence,
    startedAt: own.startedAt,
    endedAt: own.endedAt,
    chosen,
    basis: own.chunks.includes(chosen) ? 'exact_segment' : 'superset',
    superseded: others.filter(replaced),
    beside: others
      .filter((chunk) => !replaced(chunk))
      .map((chunk) => ({ chunk, why: whyBeside(chunk, chosen, media, group) })),
    master: coverageBy(group.masterUnion, own),
    context: contextOf(own, chosen, group),
  };
}

/** The highest that loses nothing of the segment's own chunks: of these the lowest always qualifies. */
function chooseFrom(own: readonly ConfirmedChunk[], wider: WiderChunks, group: Group): ConfirmedChunk | undefined {
  const lowest = own.at(-1);
  if (lowest === undefined) return undefined;
  const best = own.find((chunk) => lossOf(chunk, own, group) === undefined);
  // Of equal rank the segment's own comes first.
  const limit = rankOf(best ?? lowest);
  const digests = new Set(own.map(({ contextDigest }) => contextDigest));
  return wider.above(limit, lowest, digests).find((chunk) => lossOf(chunk, own, group) === undefined) ?? best;
}

/** What choosing the chunk over those that rank below it would lose; undefined for nothing. */
function lossOf(chunk: ConfirmedChunk, own: readonly ConfirmedChunk[], group: Group): BesideReason | undefined {
  for (const lesser of own) {
    if (rankOf(chunk) >= rankOf(lesser)) continue;
    const judged = judgeReplacement(chunk, lesser, group.preservedContext);
    if (judged === 'loses_media') return 'would_lose_media';
    if (judged === 'loses_context') return 'would_lose_context';
  }
  return undefined;
}

function whyBeside(
  chunk: ConfirmedChunk,
  chosen: ConfirmedChunk,
  media: readonly ConfirmedChunk[],
  group: Group,
): BesideReason {
  // Context never stands for media, nor media for it.
  if (isContext(chunk) !== isContext(chosen)) return 'would_lose_media';
  if (isContext(chunk)) return rankOf(chunk) === rankOf(chosen) ? 'equal_rank' : 'would_lose_media';
  return lossOf(chunk, media, group) ?? 'equal_rank';
}

function contextOf(own: OwnChunks, chosen: ConfirmedChunk, group: Group): SegmentEvidence['context'] {
  const has = (digest: string | null) => digest !== null && group.preservedContext.has(digest);
  if (has(chosen.contextDigest)) return 'present';
  const linked = own.chunks.some(({ contextDigest }) => has(contextDigest));
  return linked || coverageBy(group.contextUnion, own) === 'present' ? 'shared' : 'missing';
}
