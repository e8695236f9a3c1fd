import type { Report } from '../recorder-event.ts';
import { type Blocked, type ChunkOptions, deliverChunk, type OutgoingStream } from './deliver-chunk.ts';
import type { Inbox } from './inbox.ts';

export interface DeliverOptions extends ChunkOptions {
  /** Uploads at the same time. */
  readonly inFlight: number;
}

/** Uploads what comes into the inbox until it ends, several at once. Stops at the first refusal and returns it. */
export async function deliver(
  stream: OutgoingStream,
  inbox: Inbox<number>,
  report: Report,
  options: DeliverOptions,
): Promise<Blocked | undefined> {
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  let blocked: Blocked | undefined;

  const lane = async () => {
    for (let index = await inbox.take(signal); index !== undefined; index = await inbox.take(signal)) {
      const refusal = await deliverChunk(stream, index, report, { ...options, signal });
      if (refusal === undefined) continue;
      blocked ??= refusal;
      stop.abort(new DOMException('Delivery stopped.', 'AbortError'));
    }
  };
  const results = await Promise.allSettled(Array.from({ length: options.inFlight }, lane));
  options.signal.throwIfAborted();
  // A lane that was called off because another met a refusal has failed only of that.
  if (blocked) return blocked;
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  return undefined;
}
