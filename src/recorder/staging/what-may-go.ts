import type { VariantName } from '../capture/variants.ts';

/** A chunk of a capture, as far as it matters for what may be given up. */
export interface HeldChunk {
  readonly variant: VariantName;
  readonly index: number;
  readonly sequence: number;
  readonly isVideo: boolean;
  /** `new`: just captured, and not on disk yet. */
  readonly fate: 'new' | 'waiting' | 'accepted' | 'dropped';
  /** On its way to the server this moment. */
  readonly busy: boolean;
}

const rank: Readonly<Record<VariantName, number>> = {
  evidence_master: 0,
  audio_priority: 1,
  live_preview: 2,
  location_context: 3,
};

/**
 * The chunk that is given up when there is no room, or undefined when all of them have to stay. A chunk may go only while another of its
 * moment stays or is on the server, with pictures if it has pictures: never the only evidence of a moment. Context always stays.
 *
 * In this order, the oldest moment first: what the server has in better quality; full quality, then sound, of moments that the server
 * has at all; full quality, then sound, of moments that wait here in another variant.
 */
export function whatMayGo(held: readonly HeldChunk[]): HeldChunk | undefined {
  const moments = Map.groupBy(
    held.filter(({ variant, fate }) => variant !== 'location_context' && fate !== 'dropped'),
    ({ sequence }) => sequence,
  );
  let best: { chunk: HeldChunk; turn: number } | undefined;
  for (const sequence of [...moments.keys()].sort((a, b) => a - b)) {
    const moment = moments.get(sequence) ?? [];
    for (const chunk of moment) {
      const turn = turnOf(chunk, moment);
      if (turn !== undefined && (best === undefined || turn < best.turn)) best = { chunk, turn };
    }
  }
  return best?.chunk;
}

/** Undefined: it has to stay. */
function turnOf(chunk: HeldChunk, moment: readonly HeldChunk[]): number | undefined {
  if (chunk.fate === 'accepted' || chunk.busy) return undefined;
  const others = moment.filter((other) => other !== chunk && (other.isVideo || !chunk.isVideo));
  const confirmed = others.filter(({ fate }) => fate === 'accepted');
  if (confirmed.some((other) => rank[other.variant] < rank[chunk.variant])) return 0;
  // A preview is small, and what is seen first: it stays for the others to go.
  if (chunk.variant === 'live_preview') return undefined;
  const lesser = chunk.variant === 'evidence_master' ? 1 : 2;
  if (confirmed.length > 0) return lesser;
  return others.length > 0 ? lesser + 2 : undefined;
}
