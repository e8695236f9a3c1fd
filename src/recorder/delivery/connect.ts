import { ProoflineApiError } from '#client/api/api-error.ts';
import type { Staging } from '../staging/staging.ts';
import type { ServerSession } from './server-session.ts';

/**
 * Makes sure that the recording has an incident and a stream on the server, and keeps their ids in the state folder.
 * Creating has no idempotency key, so after a lost answer, or a kill, what was created is looked for by its label first.
 */
export async function connect(
  session: ServerSession,
  staging: Staging,
  resumed: boolean,
  signal: AbortSignal,
): Promise<void> {
  if (!session.api.hasToken) await session.persist('signing in', () => session.reauthenticate(signal), signal);
  if (staging.state.incident_id === undefined) {
    const id = await session.persist(
      'creating the incident',
      (attempt) => incidentFor(session, staging.state.client_label, resumed || attempt > 1, signal),
      signal,
    );
    await staging.update({ incident_id: id });
  }
  if (staging.state.stream_id === undefined) {
    const id = await session.persist(
      'creating the stream',
      (attempt) => streamFor(session, staging, resumed || attempt > 1, signal),
      signal,
    );
    await staging.update({ stream_id: id });
  } else {
    await session.persist('looking at the stream', () => checkStream(session, staging, signal), signal);
  }
}

/** The open incident with this label, or a new one. */
export async function incidentFor(
  session: ServerSession,
  label: string,
  lookFirst: boolean,
  signal: AbortSignal,
): Promise<string> {
  if (lookFirst) {
    let cursor: string | undefined;
    // Newest first: what was created moments ago, or in an earlier run, is not far down.
    for (let pages = 0; pages < 10; pages++) {
      const page = await session.api.incidents(cursor === undefined ? {} : { cursor }, { signal });
      const found = page.incidents.find((incident) => incident.client_label === label && incident.status === 'open');
      if (found) return found.id;
      cursor = page.next_cursor;
      if (cursor === undefined) break;
    }
  }
  const created = await session.api.createIncident(
    { client_label: label, incident_mode: 'evidence_note', capture_profile: 'custom' },
    { signal },
  );
  return created.incident_id;
}

async function streamFor(
  session: ServerSession,
  staging: Staging,
  lookFirst: boolean,
  signal: AbortSignal,
): Promise<string> {
  const { incident_id: incidentId = '', media_type, recording_id, stream_label } = staging.state;
  const label = stream_label === undefined ? recording_id : `${stream_label} (${recording_id})`;
  if (lookFirst) {
    const found = (await session.api.streams(incidentId, { signal })).streams.find((stream) => stream.label === label);
    if (found) return found.id;
  }
  return (await session.api.createStream(incidentId, { media_type, label }, { signal })).id;
}

async function checkStream(session: ServerSession, staging: Staging, signal: AbortSignal): Promise<void> {
  const { incident_id: incidentId = '', stream_id: streamId = '', media_type } = staging.state;
  const stream = await session.api.stream(incidentId, streamId, { signal });
  if (stream.media_type !== media_type) {
    throw new ProoflineApiError(
      409,
      'stream_media_type_mismatch',
      `The stream is for ${stream.media_type}, and this recording is ${media_type}.`,
    );
  }
}
