import { type UploadOptions, type UploadOutcome, uploadChunk } from '#client/upload/upload-chunk.ts';
import { codeOf, type Report } from '../recorder-event.ts';
import type { Staging } from '../staging/staging.ts';
import type { Inbox } from './inbox.ts';
import type { ServerSession } from './server-session.ts';

/** Why delivery stopped. `chunk`: the chunk itself can never be accepted, so neither can the stream as a whole. */
export interface Blocked {
  readonly code: string;
  readonly message: string;
  readonly index?: number;
  readonly about: 'chunk' | 'account' | 'recording';
}

export interface DeliverOptions extends Pick<UploadOptions, 'baseMs' | 'maxMs' | 'attemptTimeoutMs'> {
  /** Uploads at the same time. */
  readonly inFlight: number;
  readonly signal: AbortSignal;
  readonly random?: () => number;
}

const accountCodes = new Set(['authentication_required', 'invalid_credentials', 'forbidden', 'quota_exceeded']);
const recordingCodes = /^(incident|stream|account)_|^(not_found|unexpected_answer|method_not_allowed)$/;

/** Uploads what comes into the inbox until it ends, several at once. Stops at the first refusal and returns it. */
export async function deliver(
  session: ServerSession,
  staging: Staging,
  inbox: Inbox<number>,
  report: Report,
  options: DeliverOptions,
): Promise<Blocked | undefined> {
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  let blocked: Blocked | undefined;

  const lane = async () => {
    for (let index = await inbox.take(signal); index !== undefined; index = await inbox.take(signal)) {
      const outcome = await deliverOne(session, staging, index, report, { ...options, signal });
      if (outcome.status === 'accepted') continue;
      const [code, message] =
        outcome.status === 'refused' ? [outcome.code, outcome.message] : ['unsettled', outcome.error.message];
      blocked ??= {
        code,
        message,
        index,
        about: accountCodes.has(code) ? 'account' : recordingCodes.test(code) ? 'recording' : 'chunk',
      };
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

async function deliverOne(
  session: ServerSession,
  staging: Staging,
  index: number,
  report: Report,
  options: DeliverOptions,
): Promise<UploadOutcome> {
  const { chunk, bytes } = await staging.bytesToUpload(index);
  const { incident_id = '', stream_id = '', media_type } = staging.state;
  const { started_at, ended_at, sha256_hex, byte_size } = chunk;
  const facts = { incident_id, stream_id, chunk_index: index, media_type, started_at, ended_at, sha256_hex, byte_size };
  const outcome = await uploadChunk(
    {
      api: session.api,
      reauthenticate: session.reauthenticate,
      ...(options.random === undefined ? {} : { random: options.random }),
    },
    { facts, bytes, idempotencyKey: chunk.idempotency_key },
    {
      ...options,
      onRetry: ({ waitMs, error }) =>
        report({
          event: 'waiting',
          doing: `uploading chunk ${index}`,
          wait_ms: waitMs,
          code: codeOf(error),
          reason: error.message,
        }),
    },
  );
  if (outcome.status === 'accepted') {
    await staging.markAccepted(index);
    report({ event: 'accepted', index, byte_size, how: outcome.how, attempts: outcome.attempts });
  }
  return outcome;
}
