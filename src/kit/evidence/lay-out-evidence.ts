import { isBefore } from '#kit/time.ts';
import type { ConfirmedChunk, Resolution, SegmentEvidence, SourceRange } from './evidence.ts';
import { isContext } from './policy.ts';
import { compareRanges, coverageBy, lengthOf, unionOf, withoutRanges } from './timeline.ts';

type States = 'present' | 'shared' | 'missing';

/** Neighbours of one kind as one range: what a person can read of thousands of segments. */
export interface EvidenceRow extends SourceRange {
  /** `fallback`: something lesser than a master is the best there is. `context_only`: neither picture nor sound is. */
  state: 'best' | 'fallback' | 'context_only';
  chosen: Pick<ConfirmedChunk, 'mediaType' | 'role' | 'quality'>;
  master: SegmentEvidence['master'];
  /** One of its segments contradicts another. That ranges overlap does not: variants are cut at other places. */
  disputed: boolean;
  segments: number;
  /** Other segments, for which one of its longer chunks was chosen. */
  standsFor: number;
  /** Chunks that stay although a better one was chosen. */
  superseded: number;
  beside: number;
  /** How many of the segments have their sealed context, however it is. */
  context: Record<States, number>;
}

export interface GapRow extends SourceRange {
  state: 'missing';
}

/** Chosen for its own segments, while better evidence covers their whole time: worth a word, not a row. */
export interface AlsoKept {
  chosen: EvidenceRow['chosen'];
  segments: number;
}

export interface EvidenceLayout {
  /** Undefined where nothing is confirmed. */
  span: SourceRange | undefined;
  /** Disjoint parts of the span that make the whole of it. Time with picture or sound is `best` where nothing lesser stands in. */
  parts: Record<'best' | 'fallback' | 'context_only' | 'missing', readonly SourceRange[]>;
  /** Milliseconds of each part. */
  lengths: Record<keyof EvidenceLayout['parts'], number>;
  rows: readonly (EvidenceRow | GapRow)[];
  alsoKept: readonly AlsoKept[];
  segments: number;
  chunks: number;
  superseded: number;
  context: Record<States, number>;
}

/** The answer of resolveEvidence in as few ranges as it takes. A function of it alone. */
export function layOutEvidence(resolution: Resolution): EvidenceLayout {
  const { segments } = resolution;
  const covers = bestUnions(segments);
  const rows = new Rows(resolution);
  const kept = new Map<string, AlsoKept>();
  const later: SegmentEvidence[] = [];
  for (const segment of segments) {
    if (segment.basis === 'superset') later.push(segment);
    else if (isOutdone(segment.chosen, segment, covers)) keep(kept, segment.chosen);
    else rows.add(segment);
  }
  // What chose them has its place by now, also where it sorts behind them.
  for (const segment of later) rows.absorb(segment);
  const mediaUnion = covers.any;
  const fallback = unionOf(rows.list.filter(({ state }) => state === 'fallback'));
  const all = unionOf(segments);
  const [first, last] = [all[0], all.at(-1)];
  const parts = {
    best: withoutRanges(mediaUnion, fallback),
    fallback,
    context_only: withoutRanges(all, mediaUnion),
    missing: resolution.gaps,
  };
  const sum = (of: (segment: SegmentEvidence) => number) => segments.reduce((total, one) => total + of(one), 0);
  return {
    span: first && last && { startedAt: first.startedAt, endedAt: last.endedAt },
    parts,
    lengths: {
      best: lengthOf(parts.best),
      fallback: lengthOf(parts.fallback),
      context_only: lengthOf(parts.context_only),
      missing: lengthOf(parts.missing),
    },
    rows: [...rows.list, ...resolution.gaps.map((gap): GapRow => ({ state: 'missing', ...gap }))].sort(compareRanges),
    alsoKept: [...kept.values()],
    segments: segments.length,
    chunks: sum(({ basis, superseded, beside }) => (basis === 'superset' ? 0 : 1) + superseded.length + beside.length),
    superseded: sum(({ superseded }) => superseded.length),
    context: {
      present: sum(({ context }) => (context === 'present' ? 1 : 0)),
      shared: sum(({ context }) => (context === 'shared' ? 1 : 0)),
      missing: sum(({ context }) => (context === 'missing' ? 1 : 0)),
    },
  };
}

interface Unions {
  /** Chosen picture or sound of any role. */
  any: readonly SourceRange[];
  /** Chosen masters, which hold sound; and those of them that hold pictures. */
  master: readonly SourceRange[];
  picture: readonly SourceRange[];
}

function bestUnions(segments: readonly SegmentEvidence[]): Unions {
  const media = segments.filter(({ chosen }) => !isContext(chosen));
  const masters = media.filter(({ chosen }) => chosen.role === 'evidence_master');
  return {
    any: unionOf(media),
    master: unionOf(masters),
    picture: unionOf(masters.filter(({ chosen }) => chosen.mediaType === 'video')),
  };
}

/** Better evidence covers all of its time, though it could not take its place. */
function isOutdone(chosen: ConfirmedChunk, range: SourceRange, covers: Unions): boolean {
  if (chosen.role === 'evidence_master') return false;
  const better = isContext(chosen) ? covers.any : chosen.mediaType === 'video' ? covers.picture : covers.master;
  return coverageBy(better, range) === 'present';
}

function keep(kept: Map<string, AlsoKept>, { mediaType, role, quality }: ConfirmedChunk): void {
  const key = `${mediaType} ${role} ${quality}`;
  const known = kept.get(key);
  if (known === undefined) kept.set(key, { chosen: { mediaType, role, quality }, segments: 1 });
  else known.segments += 1;
}

/** Rows being made. Ranges of several lengths lie over one another, so the last row of each kind stays open. */
class Rows {
  readonly list: EvidenceRow[] = [];
  readonly #open = new Map<string, EvidenceRow>();
  readonly #byChunk = new Map<string, EvidenceRow>();
  readonly #disputed: ReadonlySet<string>;

  constructor({ conflicts }: Resolution) {
    this.#disputed = new Set(conflicts.flatMap(({ segmentIds }) => segmentIds));
  }

  add(segment: SegmentEvidence): void {
    const { chosen, master, startedAt, endedAt } = segment;
    const state = isContext(chosen) ? 'context_only' : chosen.role === 'evidence_master' ? 'best' : 'fallback';
    const disputed = this.#disputed.has(segment.segmentId);
    const key = [state, chosen.mediaType, chosen.role, chosen.quality, master, disputed].join(' ');
    let row = this.#open.get(key);
    if (row === undefined || isBefore(row.endedAt, startedAt)) {
      row = {
        state,
        chosen: { mediaType: chosen.mediaType, role: chosen.role, quality: chosen.quality },
        master,
        disputed,
        startedAt,
        endedAt,
        segments: 0,
        standsFor: 0,
        superseded: 0,
        beside: 0,
        context: { present: 0, shared: 0, missing: 0 },
      };
      this.list.push(row);
      this.#open.set(key, row);
    }
    if (isBefore(row.endedAt, endedAt)) row.endedAt = endedAt;
    row.segments += 1;
    count(row, segment);
    this.#byChunk.set(chosen.chunkId, row);
  }

  /** A longer chunk was chosen: where it has a row, this segment is in it. */
  absorb(segment: SegmentEvidence): void {
    const row = this.#byChunk.get(segment.chosen.chunkId);
    if (row === undefined) this.add(segment);
    else {
      row.standsFor += 1;
      row.disputed ||= this.#disputed.has(segment.segmentId);
      count(row, segment);
    }
  }
}

function count(row: EvidenceRow, { superseded, beside, context }: SegmentEvidence): void {
  row.superseded += superseded.length;
  row.beside += beside.length;
  row.context[context] += 1;
}
