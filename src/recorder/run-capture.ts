import { setTimeout as wait } from 'node:timers/promises';
import { ProoflineApiError } from '#client/api/api-error.ts';
import type { NewCheckin } from '#client/api/requests.ts';
import { type Moment, momentContext } from './capture/moment-context.ts';
import { type VariantName, variantTraits } from './capture/variants.ts';
import { CaptureQueue } from './delivery/capture/capture-queue.ts';
import { captureStreams, connectCapture } from './delivery/capture/connect-capture.ts';
import { type DeliveryEnd, deliverCapture } from './delivery/capture/deliver-capture.ts';
import { endCapture, tellWhatIsConfirmed } from './delivery/capture/finish-capture.ts';
import { checkInRegularly } from './delivery/check-ins.ts';
import { afterStreams } from './delivery/finish.ts';
import { makeLiveLink } from './delivery/live-link.ts';
import type { ServerSession } from './delivery/server-session.ts';
import { RecorderError } from './recorder-error.ts';
import type { Report } from './recorder-event.ts';
import type { RecordingOptions, RecordingOutcome } from './run-recording.ts';
import type { ContextFeed } from './sources/context/context-feed.ts';
import type { CapturePart, VariantSource } from './sources/variants/variant-source.ts';
import type { CaptureStaging } from './staging/capture-staging.ts';

export interface CaptureDeps {
  readonly staging: CaptureStaging;
  /** Absent: nothing is captured any more, and only what is staged is delivered. */
  readonly source: VariantSource | undefined;
  readonly context: ContextFeed | undefined;
  /** Absent: everything stays in the state folder, and no network is touched. */
  readonly session: ServerSession | undefined;
  readonly report: Report;
  readonly checkinFacts: () => Promise<NewCheckin>;
  /** Aborted to end the capture and deliver what there is. */
  readonly stopCapture: AbortSignal;
  /** Aborted to stop at once, leaving the rest for a later resume. */
  readonly stopAll: AbortSignal;
}

export interface CaptureOptions extends RecordingOptions {
  /** How long what is to be near-live may wait before bandwidth counts as short. */
  readonly lateMs: number;
}

/**
 * Records one source as several variants: captures into the staging and, at the same time, delivers from there by what is wanted first.
 * Capture never waits for the network, and goes on when the server refuses.
 */
export async function runCapture(deps: CaptureDeps, options: CaptureOptions): Promise<RecordingOutcome> {
  const { staging, session, report, stopAll } = deps;
  const queue = new CaptureQueue({ lateMs: options.lateMs, lanes: options.inFlight });
  for (const variant of staging.variants) {
    // An ended stream takes nothing more; what was refused stays here.
    if (staging.variantState(variant).delivery !== 'open') continue;
    for (const { index, fate, sequence = 0 } of staging.stream(variant).chunks)
      if (fate === 'waiting') queue.put({ variant, index, sequence });
  }
  staging.onDropped = (variant, { index, byte_size }) => report({ event: 'dropped', variant, index, byte_size });
  const delivery = { goesOn: session !== undefined };
  const capturing = capture(deps, queue, delivery);
  // Looked at below; until then a failure must not end the process while the other half still works.
  capturing.catch(() => undefined);
  try {
    const end = session
      ? await deliverAll(deps, session, queue, options).finally(() => {
          delivery.goesOn = false;
        })
      : undefined;
    await capturing;
    if (stopAll.aborted) return { status: 'stopped' };
    if (!session || !end) return { status: 'staged' };
    if (end.blocked) return { status: 'blocked', blocked: end.blocked };
    await endCapture(session, staging, end.refused, report, stopAll);
    await tellWhatIsConfirmed(session, staging, report, stopAll);
    const failed = staging.state.variants.some(({ delivery }) => delivery === 'failed');
    const empty = staging.variants.every((variant) => staging.stream(variant).chunks.length === 0);
    await afterStreams(session, staging, !failed && !empty, report, stopAll);
    const [refusal] = end.refused.values();
    if (refusal) return { status: 'blocked', blocked: refusal };
    if (empty) return { status: 'failed', reason: staging.state.capture_error ?? 'Nothing was recorded.' };
    return failed ? { status: 'failed', reason: 'A stream is not whole.' } : { status: 'delivered' };
  } catch (error) {
    await capturing.catch(() => undefined);
    if (stopAll.aborted) return { status: 'stopped' };
    if (error instanceof ProoflineApiError) {
      const blocked = { code: error.code, message: error.message, about: 'recording' } as const;
      report({ event: 'blocked', code: error.code, message: error.message });
      return { status: 'blocked', blocked };
    }
    throw error;
  }
}

async function deliverAll(
  deps: CaptureDeps,
  session: ServerSession,
  queue: CaptureQueue,
  options: CaptureOptions,
): Promise<DeliveryEnd> {
  const { staging, report, stopAll } = deps;
  await connectCapture(session, staging, options.resumed, stopAll);
  const { incident_id = '', capture_group_id = '', checkin_ms } = staging.state;
  report({ event: 'capture_connected', incident_id, capture_group_id });
  const over = new AbortController();
  const signal = AbortSignal.any([stopAll, over.signal]);
  const checkins =
    checkin_ms > 0 ? checkInRegularly(session, incident_id, deps.checkinFacts, checkin_ms, report, signal) : undefined;
  const streamOf = captureStreams(session, staging, options.resumed, stopAll);
  const near = staging.variants.filter((variant) => variantTraits[variant].priority === 'near_live');
  const streamIds = async () => {
    const streams = await Promise.all(near.map((variant) => streamOf(variant)));
    return streams.map(({ place }) => place.stream_id);
  };
  const link = options.liveLink ? makeLiveLink(session, incident_id, streamIds, report, signal) : undefined;
  try {
    return await deliverCapture(
      { staging, queue, streamOf, report },
      { ...options.backoff, inFlight: options.inFlight, signal: stopAll },
    );
  } finally {
    over.abort();
    await checkins;
    await link;
  }
}

async function capture(deps: CaptureDeps, queue: CaptureQueue, delivery: { goesOn: boolean }): Promise<void> {
  const { staging, source, context, report, stopCapture, stopAll } = deps;
  try {
    if (!source || staging.state.capture !== 'running') {
      // Asked to capture no more: that is how the recording ended, and it can be completed.
      if (staging.state.capture === 'running') await staging.update({ capture: 'ended' });
      return;
    }
    let problem: string | undefined;
    try {
      const signal = AbortSignal.any([stopCapture, stopAll]);
      const last = Math.max(0, ...staging.variants.map((variant) => staging.lastSequence(variant)));
      const lastEnd = staging.chunkOf(last)?.ended_at;
      const notBeforeMs = lastEnd === undefined ? 0 : Date.parse(lastEnd);
      const contextOf = context
        ? momentContext(staging, context, (index) => staged(deps, queue, 'location_context', index))
        : async () => undefined;
      const parts = source.parts({ staged: (variant) => staging.lastSequence(variant), notBeforeMs, signal });
      for await (const part of parts) {
        if (stopAll.aborted) return;
        await keep(deps, queue, part, contextOf, delivery);
      }
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
    // Stopped at once: the recording has not ended, and a resume goes on with it.
    if (stopAll.aborted) return;
    await staging.update(problem === undefined ? { capture: 'ended' } : { capture: 'failed', capture_error: problem });
    const chunks = Math.max(...staging.variants.map((variant) => staging.lastSequence(variant)));
    report({ event: 'capture_ended', chunks, ...(problem === undefined ? {} : { error: problem }) });
    if (context && context.linesBefore > 0)
      report({
        event: 'notice',
        message: `Lines of context left out, because they are from before the recording: ${context.linesBefore}.`,
      });
  } finally {
    queue.end();
    await context?.close();
  }
}

/** Stages one part with the context of its moment. Where there is no room for it, a source that can wait does. */
async function keep(
  deps: CaptureDeps,
  queue: CaptureQueue,
  part: CapturePart,
  contextOf: (moment: Moment) => Promise<number | undefined>,
  delivery: { readonly goesOn: boolean },
): Promise<void> {
  const { staging, source, report, stopAll } = deps;
  const { variant, sequence, bytes } = part;
  const known = staging.chunkOf(sequence);
  // A moment that was staged in part before a kill keeps the range that its chunks have on the server.
  const startedAt = known?.started_at ?? part.startedAt;
  const endedAt = known?.ended_at ?? part.endedAt;
  for (;;) {
    try {
      const contextIndex = await contextOf({ sequence, startedAt, endedAt });
      const chunk = await staging.stage(variant, { bytes, sequence, startedAt, endedAt, contextIndex });
      if (chunk.fate === 'waiting') staged(deps, queue, variant, chunk.index);
      return;
    } catch (error) {
      if (!(error instanceof RecorderError) || error.code !== 'disk_full') throw error;
      if (source?.live) {
        // Its number is taken, so that the stream does not pass for a whole one.
        await staging.stream(variant).giveUp({ bytes, sequence, startedAt, endedAt });
        report({ event: 'lost', variant, sequence, started_at: startedAt, ended_at: endedAt });
        return;
      }
      // Only what waits and is delivered makes room.
      if (!delivery.goesOn || staging.waitingBytes === 0) throw error;
      await wait(250, undefined, { signal: stopAll });
    }
  }
}

function staged({ staging, report }: CaptureDeps, queue: CaptureQueue, variant: VariantName, index: number): void {
  const { byte_size, sequence = 0 } = staging.stream(variant).chunk(index);
  report({ event: 'staged', variant, index, byte_size });
  queue.put({ variant, index, sequence });
}
