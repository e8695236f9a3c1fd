import { fromBase64, toHex } from '#kit/bytes.ts';
import { ProoflineNetworkError } from '../api/api-error.ts';

/** The record of a run: the bytes that the server keeps, judged against the hash that it states. */
export interface ReceivedRecord {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Of the bytes, lower-case hexadecimal. */
  readonly sha256: string;
  /** Path at which the record stays. */
  readonly location: string;
}

/**
 * The `ETag` and `Repr-Digest` (RFC 9530) of an answer state the SHA-256 of its bytes; one of them may have been lost on the
 * way. Throws ProoflineNetworkError when the bytes are others, or when nobody stated anything.
 */
export async function checkRecord(
  bytes: Uint8Array<ArrayBuffer>,
  answer: Response,
  location: string,
): Promise<ReceivedRecord> {
  const sha256 = toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
  const stated = [etagHash(answer.headers.get('etag')), reprHash(answer.headers.get('repr-digest'))].flatMap(
    (hash) => hash ?? [],
  );
  if (stated.length === 0)
    throw new ProoflineNetworkError('answer', 'The answer states no hash of the record, so it cannot be relied on.');
  if (stated.some((hash) => hash !== sha256))
    throw new ProoflineNetworkError('answer', 'The bytes that arrived are not those that the server announced.');
  return { bytes, sha256, location: answer.headers.get('content-location') ?? location };
}

/** Weak ones too: a proxy that compresses makes them so, and the bytes arrive uncompressed all the same. */
function etagHash(header: string | null): string | undefined {
  return /^(?:W\/)?"([0-9a-f]{64})"$/.exec(header ?? '')?.[1];
}

function reprHash(header: string | null): string | undefined {
  const encoded = /(?:^|,)\s*sha-256=:([A-Za-z0-9+/]+={0,2}):/.exec(header ?? '')?.[1];
  const hash = encoded === undefined ? undefined : fromBase64(encoded);
  return hash === undefined ? undefined : toHex(hash);
}
