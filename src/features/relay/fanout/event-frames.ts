import type { WindowEvent } from './chunk-window.ts';

/**
 * `revoked` for whatever the core no longer grants, which it does not explain; `closed` where the stream or incident is over.
 */
export type EndReason = 'revoked' | 'expired' | 'closed' | 'slow' | 'shutting_down' | 'core_unavailable';

// https://html.spec.whatwg.org/multipage/server-sent-events.html, section 9.2.6. A line that begins with a colon says nothing.
export const heartbeatFrame = Buffer.from(':\n\n');
export const retryFrame = Buffer.from('retry: 1000\n\n');
/** What the reader knew of the window is void; all that is in it follows. */
export const resetFrame = Buffer.from('event: reset\ndata: {}\n\n');

export function endFrame(reason: EndReason): Buffer {
  return Buffer.from(`event: end\ndata: ${JSON.stringify({ reason })}\n\n`);
}

/** Moves Last-Event-ID on and is no event: an id without data. */
export function positionFrame(epoch: string, sequence: number): Buffer {
  return Buffer.from(`id: ${epoch}.${sequence}\n\n`);
}

export function eventFrame(epoch: string, { kind, sequence, entry }: WindowEvent): Buffer {
  const { chunk, state } = entry;
  const facts = {
    chunk_index: chunk.chunkIndex,
    sha256_hex: chunk.sha256Hex,
    ...(kind === 'chunk'
      ? {
          byte_size: chunk.byteSize,
          started_at: chunk.startedAt,
          ended_at: chunk.endedAt,
          ...(chunk.variantRole === undefined ? {} : { variant_role: chunk.variantRole }),
        }
      : {}),
    state,
  };
  return Buffer.from(`id: ${epoch}.${sequence}\nevent: ${kind}\ndata: ${JSON.stringify(facts)}\n\n`);
}

/** The sequence in a Last-Event-ID of this epoch; undefined for any other. */
export function sequenceOf(epoch: string, lastEventId: string): number | undefined {
  const [of, sequence = ''] = lastEventId.split('.');
  return of === epoch && /^\d{1,15}$/.test(sequence) ? Number(sequence) : undefined;
}
