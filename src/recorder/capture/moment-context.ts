import type { ContextFeed, ContextPiece } from '../sources/context/context-feed.ts';
import type { CaptureStaging } from '../staging/capture-staging.ts';

/** For so long a place that was told is still where the recorder is. */
const holdsMs = 60_000;

export interface Moment {
  readonly sequence: number;
  readonly startedAt: string;
  readonly endedAt: string;
}

/**
 * Stages the context of a moment once, before the first of its pictures or sound, and says which context chunk belongs to them. A moment
 * in which nothing was told goes with the last that was, for a minute. Undefined without any.
 */
export function momentContext(
  staging: CaptureStaging,
  feed: ContextFeed,
  onStaged: (index: number) => void,
): (moment: Moment) => Promise<number | undefined> {
  const stream = staging.stream('location_context');
  let asked = 0;
  /** Taken, and not staged for lack of room: it goes with a later moment. */
  let unstaged: ContextPiece | undefined;
  return async ({ sequence, startedAt, endedAt }) => {
    const standing = stream.ofSequence(sequence);
    if (standing) return standing.index;
    if (sequence > asked) {
      asked = sequence;
      unstaged = joined(unstaged, await feed.take(endedAt, staging.chunkOf(1)?.started_at ?? startedAt));
      if (unstaged) {
        const chunk = await staging.stage('location_context', { ...unstaged, sequence, startedAt, endedAt });
        unstaged = undefined;
        onStaged(chunk.index);
        return chunk.index;
      }
    }
    const last = stream.chunks.findLast((chunk) => (chunk.sequence ?? 0) <= sequence);
    const isFresh = last !== undefined && Date.parse(startedAt) - Date.parse(last.ended_at) <= holdsMs;
    return isFresh ? last.index : undefined;
  };
}

function joined(before: ContextPiece | undefined, after: ContextPiece | undefined): ContextPiece | undefined {
  if (before === undefined || after === undefined) return before ?? after;
  return { bytes: new Uint8Array([...before.bytes, ...after.bytes]), cursor: after.cursor };
}
