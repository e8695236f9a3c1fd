import { ProoflineApiError } from '#client/api/api-error.ts';
import type { NewCheckin } from '#client/api/requests.ts';
import { checkInRegularly } from './delivery/check-ins.ts';
import { connect } from './delivery/connect.ts';
import { deliver } from './delivery/deliver.ts';
import type { Blocked } from './delivery/deliver-chunk.ts';
import { afterStreams, endStream } from './delivery/finish.ts';
import { Inbox } from './delivery/inbox.ts';
import { makeLiveLink } from './delivery/live-link.ts';
import type { ServerSession } from './delivery/server-session.ts';
import type { Report } from './recorder-event.ts';
import type { Source } from './sources/source.ts';
import type { Staging } from './staging/staging.ts';

export interface RecordingDeps {
  readonly staging: Staging;
  /** Absent: nothing is captured any more, and only what is staged is delivered. */
  readonly source: Source | undefined;
  /** Absent: everything stays in the state folder, and no network is touched. */
  readonly session: ServerSession | undefined;
  readonly report: Report;
  readonly checkinFacts: () => Promise<NewCheckin>;
  /** Aborted to end the capture and deliver what there is. */
  readonly stopCapture: AbortSignal;
  /** Aborted to stop at once, leaving the rest for a later resume. */
  readonly stopAll: AbortSignal;
}

export interface RecordingOptions {
  readonly inFlight: number;
  readonly resumed: boolean;
  /** A link for whoever reads along is made and told at the beginning. */
  readonly liveLink?: boolean;
  readonly backoff?: { readonly baseMs?: number; readonly maxMs?: number };
}

export type RecordingOutcome =
  | { readonly status: 'delivered' | 'staged' | 'stopped' }
  | { readonly status: 'failed'; readonly reason: string }
  | { readonly status: 'blocked'; readonly blocked: Blocked };

/**
 * Records: captures into the staging and, at the same time, delivers from there. Capture never waits for the network, and
 * goes on when the server refuses: what is recorded is safe in the state folder first.
 */
export async function runRecording(deps: RecordingDeps, options: RecordingOptions): Promise<RecordingOutcome> {
  const { staging, session, stopAll } = deps;
  const inbox = new Inbox<number>();
  for (const { index, fate } of staging.chunks) if (fate === 'waiting') inbox.put(index);
  const capturing = capture(deps, inbox);
  // Looked at below; until then a failure must not end the process while the other half still works.
  capturing.catch(() => undefined);
  try {
    const blocked =
      session && staging.state.delivery === 'open' ? await deliverAll(deps, session, inbox, options) : undefined;
    await capturing;
    if (stopAll.aborted) return { status: 'stopped' };
    if (!session) return { status: 'staged' };
    if (blocked && blocked.about !== 'chunk') return { status: 'blocked', blocked };
    await endStream(session, staging, blocked, deps.report, stopAll);
    await afterStreams(session, staging, staging.state.delivery === 'completed', deps.report, stopAll);
    if (blocked) return { status: 'blocked', blocked };
    if (staging.state.delivery === 'failed')
      return { status: 'failed', reason: staging.state.capture_error ?? 'Nothing was recorded.' };
    return { status: 'delivered' };
  } catch (error) {
    await capturing.catch(() => undefined);
    if (stopAll.aborted) return { status: 'stopped' };
    if (error instanceof ProoflineApiError) {
      const blocked = { code: error.code, message: error.message, about: 'recording' } as const;
      deps.report({ event: 'blocked', code: error.code, message: error.message });
      return { status: 'blocked', blocked };
    }
    throw error;
  }
}

async function deliverAll(
  deps: RecordingDeps,
  session: ServerSession,
  inbox: Inbox<number>,
  options: RecordingOptions,
): Promise<Blocked | undefined> {
  const { staging, report, stopAll } = deps;
  await connect(session, staging, options.resumed, stopAll);
  const { incident_id = '', stream_id = '', media_type, checkin_ms } = staging.state;
  report({ event: 'connected', incident_id, stream_id });
  const over = new AbortController();
  const signal = AbortSignal.any([stopAll, over.signal]);
  const checkins =
    checkin_ms > 0 ? checkInRegularly(session, incident_id, deps.checkinFacts, checkin_ms, report, signal) : undefined;
  const link = options.liveLink
    ? makeLiveLink(session, incident_id, async () => [stream_id], report, signal)
    : undefined;
  try {
    const stream = {
      staged: staging.stream,
      destination: session.destination(incident_id, stream_id),
      place: { incident_id, stream_id, media_type },
    };
    const blocked = await deliver(stream, inbox, report, {
      ...options.backoff,
      inFlight: options.inFlight,
      signal: stopAll,
    });
    if (blocked)
      report({
        event: 'blocked',
        code: blocked.code,
        message: blocked.message,
        ...(blocked.index === undefined ? {} : { index: blocked.index }),
      });
    return blocked;
  } finally {
    over.abort();
    await checkins;
    await link;
  }
}

async function capture(
  { staging, source, report, stopCapture, stopAll }: RecordingDeps,
  inbox: Inbox<number>,
): Promise<void> {
  try {
    if (!source || staging.state.capture !== 'running') {
      // Asked to capture no more: that is how the recording ended, and it can be completed.
      if (staging.state.capture === 'running') await staging.update({ capture: 'ended' });
      return;
    }
    let problem: string | undefined;
    try {
      const signal = AbortSignal.any([stopCapture, stopAll]);
      for await (const segment of source.segments({ after: staging.lastCursor, signal })) {
        if (stopAll.aborted) return;
        const chunk = await staging.stage(segment);
        report({ event: 'staged', index: chunk.index, byte_size: chunk.byte_size });
        inbox.put(chunk.index);
      }
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
    // Stopped at once: the recording has not ended, and a resume goes on with it.
    if (stopAll.aborted) return;
    await staging.update(problem === undefined ? { capture: 'ended' } : { capture: 'failed', capture_error: problem });
    report({
      event: 'capture_ended',
      chunks: staging.chunks.length,
      ...(problem === undefined ? {} : { error: problem }),
    });
  } finally {
    inbox.end();
  }
}
