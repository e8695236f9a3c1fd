import type { VariantName } from '../../capture/variants.ts';

export interface WaitingChunk {
  readonly variant: VariantName;
  readonly index: number;
  readonly sequence: number;
  /** Milliseconds since the epoch. */
  readonly sinceMs: number;
}

/** What waits, by variant, in the order of time: only the ends of each line are ever looked at, however long it is. */
export type WaitingLines = ReadonlyMap<VariantName, readonly WaitingChunk[]>;

export interface DeliverySituation {
  readonly nowMs: number;
  /** What was to be near-live and waits longer than this is late: there is not enough bandwidth. */
  readonly lateMs: number;
  /** Masters that may begin now, of those that go on at the same time. */
  readonly freeForMasters: number;
}

const inOrder = ['live_preview', 'audio_priority', 'location_context'] as const;
/** Where bandwidth is short, what costs least for what it tells. */
const inOrderWhenLate = ['audio_priority', 'location_context', 'live_preview'] as const;

export function isLate(lines: WaitingLines, { nowMs, lateMs }: DeliverySituation): boolean {
  return inOrder.some((variant) => {
    const oldest = lines.get(variant)?.[0];
    return oldest !== undefined && nowMs - oldest.sinceMs > lateMs;
  });
}

/**
 * What is sent next. In good times the preview, then sound, then context, each as it happened. When it is late, the sound of now before
 * anything of the past, then its context and preview. A master only when nothing else waits, the oldest first.
 */
export function nextToDeliver(lines: WaitingLines, situation: DeliverySituation): WaitingChunk | undefined {
  const late = isLate(lines, situation);
  for (const variant of late ? inOrderWhenLate : inOrder) {
    const line = lines.get(variant) ?? [];
    const next = late ? line.at(-1) : line[0];
    if (next !== undefined) return next;
  }
  return situation.freeForMasters > 0 ? lines.get('evidence_master')?.[0] : undefined;
}
