import { isBefore } from '#kit/time.ts';
import type { ConfirmedChunk, SourceRange } from './evidence.ts';
import { isContext, rankOf } from './policy.ts';

/** Chunks that are all the same to who looks for a replacement: of these the one that began first and lasts is enough. */
interface Kind {
  rank: number;
  /** In order of start, each lasting longer than those before it: the first that lasts long enough is found by halving. */
  steps: ConfirmedChunk[];
}

/**
 * Picture and sound that began no later than a segment, added in order of compareRanges. Asked for one that contains the segment, it
 * looks at a few of each kind, however many there are: a thousand segments of one range must not cost a million looks.
 */
export class WiderChunks {
  /** By rank and media type, and once more by the context that they name. */
  readonly #kinds = new Map<string, Kind>();
  readonly #names = new Set<string>();

  add(chunk: ConfirmedChunk): void {
    if (isContext(chunk)) return;
    const rank = rankOf(chunk);
    const name = `${rank} ${chunk.mediaType}`;
    this.#names.add(name);
    this.#addTo(name, rank, chunk);
    if (chunk.contextDigest !== null) this.#addTo(`${name} ${chunk.contextDigest}`, rank, chunk);
  }

  #addTo(name: string, rank: number, chunk: ConfirmedChunk): void {
    const kind = this.#kinds.get(name);
    const last = kind?.steps.at(-1);
    if (kind === undefined) this.#kinds.set(name, { rank, steps: [chunk] });
    else if (last !== undefined && isBefore(last.endedAt, chunk.endedAt)) kind.steps.push(chunk);
  }

  /** Those of higher rank than the limit that last as long, the highest first: one of each media type, and of each context asked for. */
  above(limit: number, range: SourceRange, digests: ReadonlySet<string | null>): ConfirmedChunk[] {
    const found: { rank: number; chunk: ConfirmedChunk }[] = [];
    for (const name of this.#names) {
      for (const digest of [null, ...digests]) {
        const kind = this.#kinds.get(digest === null ? name : `${name} ${digest}`);
        if (kind === undefined || kind.rank >= limit) continue;
        const chunk = firstThatLasts(kind.steps, range);
        if (chunk !== undefined) found.push({ rank: kind.rank, chunk });
      }
    }
    return found
      .sort((a, b) => a.rank - b.rank || (a.chunk.chunkId < b.chunk.chunkId ? -1 : 1))
      .map(({ chunk }) => chunk);
  }
}

function firstThatLasts(steps: readonly ConfirmedChunk[], { endedAt }: SourceRange): ConfirmedChunk | undefined {
  let [low, high] = [0, steps.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const step = steps[middle];
    if (step !== undefined && isBefore(step.endedAt, endedAt)) low = middle + 1;
    else high = middle;
  }
  return steps[low];
}
