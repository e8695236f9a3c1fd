import { isSha256Hex } from '#kit/bytes.ts';
import { Problem } from '#kit/errors.ts';
import type { Timestamp } from '#kit/time.ts';
import type { ObjectStore } from '#platform/objects/object-store.ts';
import { sha256Hex } from '../record/seal-run.ts';

/** What an object says of itself, as JSON in its first line; its payload follows, byte for byte. */
export interface Seal {
  readonly received_at: Timestamp;
  /** Of the payload, lower-case hexadecimal. */
  readonly sha256: string;
  readonly bytes: number;
  /** Of what was said, whenever it came. Two payloads with the same are the same to their sender. */
  readonly content_sha256: string;
}

export interface Sealed {
  readonly seal: Seal;
  readonly payload: Uint8Array<ArrayBuffer>;
}

export interface Kept {
  readonly outcome: 'created' | 'replayed' | 'conflict';
  /** What has the key. */
  readonly kept: Sealed;
}

const newline = 0x0a;
const encoder = new TextEncoder();

export async function seal(
  payload: Uint8Array<ArrayBuffer>,
  receivedAt: Timestamp,
  contentSha256?: string,
): Promise<Sealed> {
  const sha256 = await sha256Hex(payload);
  return {
    seal: { received_at: receivedAt, sha256, bytes: payload.length, content_sha256: contentSha256 ?? sha256 },
    payload,
  };
}

/**
 * Keeps it under its key for ever, or says what stands there. Seal and payload are one object, so that no crash parts them, and what
 * was kept can be judged from itself.
 */
export async function keepSealed(objects: ObjectStore, key: string, sealed: Sealed): Promise<Kept> {
  const bytes = formatSealed(sealed);
  if ((await objects.create(key, bytes, await sha256Hex(bytes))) === 'created')
    return { outcome: 'created', kept: sealed };
  const kept = await readSealed(objects, key);
  // It stood there a moment ago, and nothing here removes any.
  if (kept === undefined) throw new Problem('storage_unavailable');
  const same = kept.seal.content_sha256 === sealed.seal.content_sha256;
  return { outcome: same ? 'replayed' : 'conflict', kept };
}

/** Throws evidence_corrupt when the payload is not the one that was sealed. */
export async function readSealed(objects: ObjectStore, key: string): Promise<Sealed | undefined> {
  const found = await objects.read(key);
  if (found === undefined) return undefined;
  const end = found.bytes.indexOf(newline);
  const known = parseSeal(found.bytes.subarray(0, Math.max(end, 0)));
  const payload = found.bytes.slice(end + 1);
  if (known?.bytes !== payload.length || known.sha256 !== (await sha256Hex(payload)))
    throw new Problem('evidence_corrupt');
  return { seal: known, payload };
}

function formatSealed({
  payload,
  seal: { bytes, content_sha256, received_at, sha256 },
}: Sealed): Uint8Array<ArrayBuffer> {
  const line = encoder.encode(`${JSON.stringify({ received_at, sha256, bytes, content_sha256 })}\n`);
  const whole = new Uint8Array(line.length + payload.length);
  whole.set(line);
  whole.set(payload, line.length);
  return whole;
}

function parseSeal(line: Uint8Array): Seal | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(line));
    return isSeal(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isSeal(value: unknown): value is Seal {
  if (typeof value !== 'object' || value === null) return false;
  const { bytes, content_sha256, received_at, sha256 } = value as Record<keyof Seal, unknown>;
  const isHash = (hash: unknown) => typeof hash === 'string' && isSha256Hex(hash);
  return typeof received_at === 'string' && typeof bytes === 'number' && isHash(sha256) && isHash(content_sha256);
}
