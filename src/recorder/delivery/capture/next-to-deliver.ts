import type { VariantName } from '../../capture/variants.ts';

export interface WaitingChunk {
  readonly variant: VariantName;
  readonly index: number;
  readonly sequence: number;
  /** Milliseconds since the epoch. */
  readonly sinceMs: number;
}

export interface DeliverySituation {
  readonly nowMs: number;
  /** What was to be near-live and waits longer than this is late: there is not enough bandwidth. */
  readonly lateMs: number;
  /** Masters that may begin now, of those that go on at the same time. */
  readonly freeForMasters: number;
}

const inOrder: readonly VariantName[] = ['live_preview', 'audio_priority', 'location_context'];
/** Where bandwidth is short, what costs least for what it tells. */
const inOrderWhenLate: readonly VariantName[] = ['audio_priority', 'location_context', 'live_preview'];

export function isLate(waiting: readonly WaitingChunk[], { nowMs, lateMs }: DeliverySituation): boolean {
  return waiting.some(({ variant, sinceMs }) => variant !== 'evidence_master' && nowMs - sinceMs > lateMs);
}

/**
 * What is sent next. In good times the preview, then sound, then context, each as it happened. When it is late, the sound of now before
 * anything of the past, then its context and preview. A master only when nothing else waits, the oldest first.
 */
export function nextToDeliver(
  waiting: readonly WaitingChunk[],
  situation: DeliverySituation,
): WaitingChunk | undefined {
  const late = isLate(waiting, situation);
  const rank = (chunk: WaitingChunk) => (late ? inOrderWhenLate : inOrder).indexOf(chunk.variant);
  const near = waiting.filter(({ variant }) => variant !== 'evidence_master');
  if (near.length > 0)
    return best(near, (a, b) => rank(a) - rank(b) || (late ? b.sequence - a.sequence : a.sequence - b.sequence));
  return situation.freeForMasters > 0 ? best(waiting, (a, b) => a.sequence - b.sequence) : undefined;
}

function best(
  chunks: readonly WaitingChunk[],
  order: (a: WaitingChunk, b: WaitingChunk) => number,
): WaitingChunk | undefined {
  return chunks.reduce<WaitingChunk | undefined>(
    (first, chunk) => (first === undefined || order(chunk, first) < 0 ? chunk : first),
    undefined,
  );
}
