import type { VariantName } from '../../capture/variants.ts';
import type { Report } from '../../recorder-event.ts';
import type { CaptureStaging } from '../../staging/capture-staging.ts';
import type { DeliverOptions } from '../deliver.ts';
import { type Blocked, deliverChunk, type OutgoingStream } from '../deliver-chunk.ts';
import type { CaptureQueue, TakenChunk } from './capture-queue.ts';

export interface CaptureDelivery {
  readonly staging: CaptureStaging;
  readonly queue: CaptureQueue;
  /** The stream on the server, opened when its first chunk is to be sent. */
  readonly streamOf: (variant: VariantName) => Promise<OutgoingStream>;
  readonly report: Report;
}

export interface DeliveryEnd {
  /** Nothing more can be sent, of any variant. */
  readonly blocked: Blocked | undefined;
  /** By variant, the first of its chunks that will never be accepted. Its others were sent all the same. */
  readonly refused: ReadonlyMap<VariantName, Blocked>;
}

/** Sends what the queue gives until it ends, several at once. A refused chunk stops its own stream from being whole, and nothing else. */
export async function deliverCapture(delivery: CaptureDelivery, options: DeliverOptions): Promise<DeliveryEnd> {
  const { queue, report } = delivery;
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const refused = new Map<VariantName, Blocked>();
  let blocked: Blocked | undefined;

  const lane = async () => {
    for (let taken = await queue.take(signal); taken !== undefined; taken = await queue.take(signal)) {
      const refusal = await sendOne(delivery, taken, { ...options, signal });
      if (refusal === undefined) continue;
      if (refusal.about === 'chunk' || refusal.code.startsWith('stream_')) {
        if (!refused.has(taken.variant)) report({ event: 'blocked', ...pick(refusal) });
        refused.set(taken.variant, refused.get(taken.variant) ?? refusal);
        continue;
      }
      blocked ??= refusal;
      stop.abort(new DOMException('Delivery stopped.', 'AbortError'));
    }
  };
  const results = await Promise.allSettled(Array.from({ length: options.inFlight }, lane));
  options.signal.throwIfAborted();
  if (blocked) report({ event: 'blocked', ...pick(blocked) });
  // A lane that was called off because another met a refusal has failed only of that.
  else for (const result of results) if (result.status === 'rejected') throw result.reason;
  return { blocked, refused };
}

async function sendOne(
  { staging, queue, streamOf, report }: CaptureDelivery,
  taken: TakenChunk,
  options: DeliverOptions,
): Promise<Blocked | undefined> {
  const { variant, index, giveWay } = taken;
  let waitsAgain = false;
  // Given up meanwhile, for lack of room.
  const claimed = staging.claim(variant, index);
  try {
    if (!claimed) return undefined;
    const signal = AbortSignal.any([options.signal, giveWay]);
    const stream = await streamOf(variant);
    const refusal = await deliverChunk(stream, index, report, { ...options, signal });
    if (refusal === undefined) await stream.staged.removeFile(index);
    return refusal;
  } catch (error) {
    if (!giveWay.aborted || options.signal.aborted) throw error;
    waitsAgain = true;
    return undefined;
  } finally {
    if (claimed) staging.release(variant, index);
    queue.done(taken, waitsAgain);
  }
}

function pick({ code, message, index, variant }: Blocked) {
  return {
    code,
    message,
    ...(index === undefined ? {} : { index }),
    ...(variant === undefined ? {} : { variant }),
  };
}
