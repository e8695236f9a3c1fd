import { ProoflineApiError } from '#client/api/api-error.ts';
import type { Report } from '../recorder-event.ts';
import type { ServerSession } from './server-session.ts';

/** The server has no relay, or lets nobody read along with such a stream: the link shows what is confirmed. */
const withoutRelay = ['relay_not_configured', 'relay_role_not_eligible'];

/**
 * A link by which a contact follows the recording from its beginning: the viewer's, and behind the `#`, which no server sees, a capability to
 * read along at the relay for each of the streams. Delivery need not wait for it: whatever is in the way is told, and costs the link alone.
 */
export async function makeLiveLink(
  session: ServerSession,
  incidentId: string,
  openStreams: () => Promise<readonly string[]>,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  try {
    const invitations: string[] = [];
    for (const streamId of await openStreams()) {
      const capability = await session.persist(
        'asking to read along',
        () => readAlong(session, incidentId, streamId, signal),
        signal,
      );
      if (capability !== undefined) invitations.push(`${streamId}.${capability}`);
    }
    const link = await session.persist(
      'making the live link',
      () => session.api.createViewerToken(incidentId, { label: 'proofline record, live' }, { signal }),
      signal,
    );
    const live = invitations.length === 0 ? '' : `#live=${invitations.join(',')}`;
    const expires = link.expires_at === undefined ? {} : { expires_at: link.expires_at };
    report({ event: 'live_link', url: session.api.viewerUrl(link.token) + live, ...expires });
    if (live === '')
      report({
        event: 'notice',
        message: 'Nobody can read along at a relay here; the live link shows what is confirmed.',
      });
  } catch (error) {
    if (signal.aborted) return;
    const reason = error instanceof Error ? error.message : String(error);
    report({ event: 'notice', message: `No live link could be made: ${reason}` });
  }
}

async function readAlong(
  { api }: ServerSession,
  incidentId: string,
  streamId: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    return (await api.createRelayCapability(incidentId, streamId, { kind: 'fanout' }, { signal })).token;
  } catch (error) {
    if (error instanceof ProoflineApiError && withoutRelay.includes(error.code)) return undefined;
    throw error;
  }
}
