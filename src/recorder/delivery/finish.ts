import { ProoflineApiError } from '#client/api/api-error.ts';
import type { Report } from '../recorder-event.ts';
import type { Staging } from '../staging/staging.ts';
import type { Blocked } from './deliver-chunk.ts';
import type { ServerSession } from './server-session.ts';

/** Ends the stream on the server as the recording ended: complete, or failed with the reason. Safe to repeat after a kill. */
export async function endStream(
  session: ServerSession,
  staging: Staging,
  blocked: Blocked | undefined,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  const { state, chunks } = staging;
  if (state.delivery !== 'open') return;
  const reason = failureReason(staging, blocked);
  const { incident_id: incidentId = '', stream_id: streamId = '' } = state;
  if (reason === undefined) {
    await session.persist(
      'completing the stream',
      () => completeOnServer(session, incidentId, streamId, chunks.length, signal),
      signal,
    );
    await staging.update({ delivery: 'completed' });
    report({ event: 'completed', chunk_count: chunks.length });
    await staging.stream.removeAcceptedFiles();
  } else {
    await session.persist(
      'marking the stream as failed',
      () => failOnServer(session, incidentId, streamId, reason, signal),
      signal,
    );
    await staging.update({ delivery: 'failed' });
    report({ event: 'failed', reason });
  }
}

interface Wishes {
  readonly wants_link: boolean;
  readonly wants_close: boolean;
}

/** The link that was asked for, once every stream has ended, and the closing if they are whole. */
export async function afterStreams(
  session: ServerSession,
  staging: {
    readonly state: Wishes & { readonly incident_id?: string };
    update(change: Partial<Wishes>): Promise<void>;
  },
  whole: boolean,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  const { incident_id: incidentId = '', wants_link, wants_close } = staging.state;
  if (wants_link) {
    // A link whose answer was lost is known to nobody, and expires; making another is safe.
    const link = await session.persist(
      'making the link',
      () => session.api.createViewerToken(incidentId, { label: 'proofline record' }, { signal }),
      signal,
    );
    await staging.update({ wants_link: false });
    const expires = link.expires_at === undefined ? {} : { expires_at: link.expires_at };
    report({ event: 'viewer_link', url: session.api.viewerUrl(link.token), ...expires });
  }
  if (wants_close && whole) {
    await session.persist(
      'closing the incident',
      () => allowing('incident_closed', session.api.closeIncident(incidentId, { signal })),
      signal,
    );
    await staging.update({ wants_close: false });
    report({ event: 'closed' });
  }
}

function failureReason({ state, chunks }: Staging, blocked: Blocked | undefined): string | undefined {
  if (blocked) return `Chunk ${blocked.index} was refused: ${blocked.code}.`;
  if (chunks.length === 0) return 'Nothing was recorded.';
  if (state.capture === 'failed' && !state.complete_partial) return 'The capture broke off before its end.';
  return undefined;
}

/** Throws ProoflineApiError unless the stream is complete with just so many chunks. */
export async function completeOnServer(
  session: ServerSession,
  incidentId: string,
  streamId: string,
  count: number,
  signal: AbortSignal,
): Promise<void> {
  try {
    await session.api.completeStream(incidentId, streamId, count, { signal });
  } catch (error) {
    if (!(error instanceof ProoflineApiError) || error.code !== 'stream_already_complete') throw error;
    // The answer to an earlier try was lost. It counts only if it was about the same chunks.
    const stream = await session.api.stream(incidentId, streamId, { signal });
    if (stream.expected_chunk_count !== count) throw error;
  }
}

export async function failOnServer(
  session: ServerSession,
  incidentId: string,
  streamId: string,
  reason: string,
  signal: AbortSignal,
): Promise<void> {
  await allowing('stream_failed', session.api.failStream(incidentId, streamId, reason, { signal }));
}

async function allowing(code: string, call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof ProoflineApiError) || error.code !== code) throw error;
  }
}
