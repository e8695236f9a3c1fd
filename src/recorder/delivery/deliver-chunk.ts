import type { ChunkFacts, ChunkSource } from '#client/api/chunk-facts.ts';
import { type UploadDeps, type UploadOptions, type UploadOutcome, uploadChunk } from '#client/upload/upload-chunk.ts';
import { codeOf, type Report } from '../recorder-event.ts';
import type { StagedChunk, StagedStream } from '../staging/staged-stream.ts';

/** Where the chunks of a stream are sent, and how its sender proves who it is: the core by its session, or a relay by a capability. */
export type Destination = Pick<UploadDeps, 'api' | 'reauthenticate'>;

/** A stream on its way from the state folder to the server. */
export interface OutgoingStream {
  readonly staged: StagedStream;
  readonly destination: Destination;
  readonly place: Pick<ChunkFacts, 'incident_id' | 'stream_id' | 'media_type'>;
  /** In a capture: which of its streams it is, for events. */
  readonly variant?: string;
  /** In a capture: where the chunk stands on the timeline. */
  readonly sourceOf?: (chunk: StagedChunk) => Promise<ChunkSource>;
}

/** Why delivery stopped. `chunk`: the chunk itself can never be accepted, so neither can the stream as a whole. */
export interface Blocked {
  readonly code: string;
  readonly message: string;
  readonly index?: number;
  readonly variant?: string;
  readonly about: 'chunk' | 'account' | 'recording';
}

export interface ChunkOptions extends Pick<UploadOptions, 'baseMs' | 'maxMs' | 'attemptTimeoutMs'> {
  readonly signal: AbortSignal;
  readonly random?: () => number;
}

const accountCodes = new Set(['authentication_required', 'invalid_credentials', 'forbidden', 'quota_exceeded']);
const recordingCodes = /^(incident|stream|account|capture_group)_|^(not_found|unexpected_answer|method_not_allowed)$/;

/** Uploads one staged chunk until it is settled, and notes that it is accepted. Undefined when it was; else why it never will be. */
export async function deliverChunk(
  { staged, destination, place, variant, sourceOf }: OutgoingStream,
  index: number,
  report: Report,
  options: ChunkOptions,
): Promise<Blocked | undefined> {
  const { chunk, bytes } = await staged.bytesToUpload(index);
  const { started_at, ended_at, sha256_hex, byte_size } = chunk;
  const facts: ChunkFacts = {
    ...place,
    chunk_index: index,
    started_at,
    ended_at,
    sha256_hex,
    byte_size,
    ...(sourceOf === undefined ? {} : { source: await sourceOf(chunk) }),
  };
  const named = variant === undefined ? {} : { variant };
  const outcome = await uploadChunk(
    { ...destination, ...(options.random === undefined ? {} : { random: options.random }) },
    { facts, bytes, idempotencyKey: chunk.idempotency_key },
    {
      ...options,
      onRetry: ({ waitMs, error }) =>
        report({
          event: 'waiting',
          doing: `uploading ${variant === undefined ? '' : `${variant} `}chunk ${index}`,
          wait_ms: waitMs,
          code: codeOf(error),
          reason: error.message,
        }),
    },
  );
  if (outcome.status !== 'accepted') return { ...blockedBy(outcome, index), ...named };
  await staged.markAccepted(index);
  report({ event: 'accepted', ...named, index, byte_size, how: outcome.how, attempts: outcome.attempts });
  return undefined;
}

function blockedBy(outcome: Exclude<UploadOutcome, { status: 'accepted' }>, index: number): Blocked {
  const [code, message] =
    outcome.status === 'refused' ? [outcome.code, outcome.message] : ['unsettled', outcome.error.message];
  const about = accountCodes.has(code) ? 'account' : recordingCodes.test(code) ? 'recording' : 'chunk';
  return { code, message, index, about };
}
