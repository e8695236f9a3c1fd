import { isBefore } from '#kit/time.ts';
import type { Conflict, Overlap, SourceRange } from './evidence.ts';

export function contains(outer: SourceRange, inner: SourceRange): boolean {
  return !isBefore(inner.startedAt, outer.startedAt) && !isBefore(outer.endedAt, inner.endedAt);
}

/** They share more than a border. */
export function meets(a: SourceRange, b: SourceRange): boolean {
  return isBefore(a.startedAt, b.endedAt) && isBefore(b.startedAt, a.endedAt);
}

export function compareTimes(a: string, b: string): number {
  return isBefore(a, b) ? -1 : isBefore(b, a) ? 1 : 0;
}

export function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** By start; of those that begin together the longest first. */
export function compareRanges(a: SourceRange, b: SourceRange): number {
  return compareTimes(a.startedAt, b.startedAt) || compareTimes(b.endedAt, a.endedAt);
}

/** The same time in as few ranges as it takes, in order. */
export function unionOf(ranges: readonly SourceRange[]): SourceRange[] {
  const union: SourceRange[] = [];
  for (const { startedAt, endedAt } of [...ranges].sort(compareRanges)) {
    const last = union.at(-1);
    if (last === undefined || isBefore(last.endedAt, startedAt)) union.push({ startedAt, endedAt });
    else if (isBefore(last.endedAt, endedAt)) last.endedAt = endedAt;
  }
  return union;
}

/** Between the first start and the last end. */
export function holesOf(union: readonly SourceRange[]): SourceRange[] {
  return union.slice(1).map(({ startedAt }, index) => ({
    // There is one before each of them.
    startedAt: union[index]?.endedAt ?? startedAt,
    endedAt: startedAt,
  }));
}

/** How much of a range a union holds, found by halving. */
export function coverageBy(union: readonly SourceRange[], range: SourceRange): 'present' | 'partial' | 'missing' {
  let [low, high] = [0, union.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const part = union[middle];
    if (part !== undefined && isBefore(range.startedAt, part.endedAt)) high = middle;
    else low = middle + 1;
  }
  const part = union[low];
  if (part === undefined || !meets(part, range)) return 'missing';
  return contains(part, range) ? 'present' : 'partial';
}

export interface Segment extends SourceRange {
  segmentId: string;
  sequence: number;
}

/** Each segment against the one before it that reaches furthest; one that contains the other is a superset, and no overlap. */
export function overlapsOf(segments: readonly Segment[]): Overlap[] {
  const found: Overlap[] = [];
  let furthest: Segment | undefined;
  for (const segment of segments) {
    if (furthest !== undefined && meets(furthest, segment) && !contains(furthest, segment))
      found.push({
        segmentIds: [furthest.segmentId, segment.segmentId],
        startedAt: segment.startedAt,
        endedAt: furthest.endedAt,
      });
    if (furthest === undefined || isBefore(furthest.endedAt, segment.endedAt)) furthest = segment;
  }
  return found;
}

/** Segments in order of compareRanges. Neighbours are compared, so that there are never more conflicts than segments of a kind. */
export function conflictsOf(segments: readonly Segment[]): Conflict[] {
  const between = (kind: Conflict['kind'], order: readonly Segment[], clash: (a: Segment, b: Segment) => boolean) =>
    order.slice(1).flatMap((later, index): Conflict[] => {
      const earlier = order[index];
      return earlier !== undefined && clash(earlier, later)
        ? [{ kind, segmentIds: [earlier.segmentId, later.segmentId] }]
        : [];
    });
  const byId = segments.toSorted((a, b) => compareTexts(a.segmentId, b.segmentId));
  // Sorting is stable, so that equal ones stay in order of time.
  const bySequence = segments.toSorted((a, b) => a.sequence - b.sequence);
  return [
    ...between('segment_ranges', byId, (a, b) => a.segmentId === b.segmentId),
    ...between('sequence_shared', bySequence, (a, b) => a.sequence === b.sequence && a.segmentId !== b.segmentId),
    ...between('sequence_order', bySequence, (a, b) => a.sequence < b.sequence && isBefore(b.startedAt, a.startedAt)),
  ];
}

/** The time of one union that is not in the other. */
export function withoutRanges(union: readonly SourceRange[], taken: readonly SourceRange[]): SourceRange[] {
  const left: SourceRange[] = [];
  let next = 0;
  for (const { startedAt, endedAt } of union) {
    let from = startedAt;
    for (let cut = taken[next]; cut !== undefined && isBefore(cut.startedAt, endedAt); cut = taken[next]) {
      if (isBefore(from, cut.startedAt)) left.push({ startedAt: from, endedAt: cut.startedAt });
      if (isBefore(from, cut.endedAt)) from = cut.endedAt;
      // One that goes on beyond this range may cut the next as well.
      if (isBefore(endedAt, cut.endedAt)) break;
      next += 1;
    }
    if (isBefore(from, endedAt)) left.push({ startedAt: from, endedAt });
  }
  return left;
}

/** Milliseconds. */
export function lengthOf(union: readonly SourceRange[]): number {
  return union.reduce((sum, { startedAt, endedAt }) => sum + Date.parse(endedAt) - Date.parse(startedAt), 0);
}
