import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { Problem } from '#kit/errors.ts';
import type { SecretKey, SecretKeys } from './secret-keys.ts';

const credentialsShape = z.union([
  z.object({ username: z.string(), password: z.string() }),
  z.object({ access_key_id: z.string(), secret_access_key: z.string() }),
]);

export type Credentials = z.output<typeof credentialsShape>;

/** What sealed credentials are good for. None of it can be changed without the key, so nobody who writes rows sends them elsewhere. */
export interface SealedFor {
  id: string;
  owner_account_id: string;
  kind: string;
  endpoint: string;
}

export interface Sealed {
  sealed_credentials: string;
  key_id: string;
}

const cipher = 'aes-256-gcm';
const format = 'v1';

/** As `v1.nonce.tag.bytes`, each in base64url. Throws secret_key_missing. */
export function sealCredentials(key: SecretKey | undefined, place: SealedFor, credentials: Credentials): Sealed {
  if (key === undefined) throw new Problem('secret_key_missing');
  const nonce = randomBytes(12);
  const sealing = createCipheriv(cipher, key.ofAccount(place.owner_account_id), nonce).setAAD(boundTo(place));
  const bytes = Buffer.concat([sealing.update(JSON.stringify(credentials)), sealing.final()]);
  const parts = [nonce, sealing.getAuthTag(), bytes].map((part) => part.toString('base64url'));
  return { sealed_credentials: [format, ...parts].join('.'), key_id: key.id };
}

/** Throws secret_key_missing when it is none of ours; an error without words of the row when the row was changed. */
export function openCredentials(keys: SecretKeys, place: SealedFor & Sealed): Credentials {
  const key = keys.byId(place.key_id);
  if (key === undefined) throw new Problem('secret_key_missing');
  const [version, ...parts] = place.sealed_credentials.split('.');
  const [nonce, tag, bytes] = parts.map((part) => Buffer.from(part, 'base64url'));
  if (version !== format || nonce?.length !== 12 || tag?.length !== 16 || bytes === undefined) throw unreadable();
  try {
    const opening = createDecipheriv(cipher, key.ofAccount(place.owner_account_id), nonce, { authTagLength: 16 })
      .setAAD(boundTo(place))
      .setAuthTag(tag);
    const text = Buffer.concat([opening.update(bytes), opening.final()]).toString();
    return credentialsShape.parse(JSON.parse(text));
  } catch {
    // What the parsers say may repeat what they read.
    throw unreadable();
  }
}

const unreadable = () => new Error('sealed credentials are not what was sealed for this connection');

function boundTo({ id, kind, endpoint }: SealedFor): Buffer {
  return Buffer.from(JSON.stringify([id, kind, endpoint]));
}
