import { isSha256Hex } from '#kit/bytes.ts';
import { ProoflineNetworkError } from '../api/api-error.ts';
import { type Infer, object, oneOf, optional, type Reader, read, text, textWhere, whole } from '../shape.ts';

export const liveStates = ['unconfirmed', 'confirmed', 'rejected', 'failed'] as const;
/** Only a confirmed chunk is evidence. `rejected` and `failed` are withdrawn: their bytes must not be shown any more. */
export type LiveState = (typeof liveStates)[number];

const sha256 = textWhere('a SHA-256', isSha256Hex);

const liveChunk = object({
  chunk_index: whole(0),
  sha256_hex: sha256,
  byte_size: whole(0),
  started_at: text,
  ended_at: text,
  /** Of a stream in a capture group. */
  variant_role: optional(text),
  state: oneOf(...liveStates),
});
export type LiveChunk = Infer<typeof liveChunk>;

/** Of a chunk that is perhaps not known: it left the relay's window before. */
const liveStateChange = object({ chunk_index: whole(0), sha256_hex: sha256, state: oneOf(...liveStates) });
export type LiveStateChange = Infer<typeof liveStateChange>;

const endReason = object({ reason: text });

export type LiveEvent =
  /** A connection stands. What is in the window or was missed comes first. */
  | { readonly kind: 'connected' }
  /** The relay does not know what was heard before: forget it. All that is in its window follows. */
  | { readonly kind: 'reset' }
  | { readonly kind: 'chunk'; readonly chunk: LiveChunk }
  | { readonly kind: 'state'; readonly change: LiveStateChange }
  /** Nothing is heard at the moment. The next try comes after so many milliseconds. */
  | { readonly kind: 'disconnected'; readonly reason: string; readonly retryAfterMs: number }
  /** It is over: `revoked`, `expired`, `closed`, or a word that this client does not know. */
  | { readonly kind: 'end'; readonly reason: string };

export function chunkOf(data: string): LiveChunk {
  return parsed(liveChunk, data);
}

export function stateChangeOf(data: string): LiveStateChange {
  return parsed(liveStateChange, data);
}

export function endReasonOf(data: string): string {
  return parsed(endReason, data).reason;
}

function parsed<T>(reader: Reader<T>, data: string): T {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch (error) {
    throw new ProoflineNetworkError('answer', 'An event of the relay is not JSON.', { cause: error });
  }
  const result = read(reader, value);
  if ('value' in result) return result.value;
  throw new ProoflineNetworkError(
    'answer',
    `An event of the relay is not what the contract says: ${result.problems[0]}.`,
  );
}
