import { createPrivateKey, type KeyObject, randomUUID, sign } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { z } from 'zod';
import { StartupError } from '#platform/process/startup-error.ts';

/** What a relay shows the core of itself, made anew for each request. */
export interface CoreCredentials {
  token(): Promise<string>;
}

/** For development: one secret that both sides know. */
export function staticCredentials(token: string): CoreCredentials {
  return { token: async () => token };
}

const algorithm = 'EdDSA';
const assertionSeconds = 60;
const lookAgainMs = 1_000;

/** A private JWK. Its public half is in the core's set, under the same `kid` and `relay`. */
const keyShape = z.object({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: z.string(),
  d: z.string(),
  kid: z.string().min(1).max(128),
  relay: z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/),
});

interface RelayKey {
  kid: string;
  relay: string;
  key: KeyObject;
}

export interface KeyFile {
  path: string;
  /** A key that came in its place cannot be used; the one before still is. */
  onUnusable: () => void;
}

/** Assertions with the key in a file. A new key counts within a second of its appearing. Throws StartupError. */
export async function keyCredentials({ path, onUnusable }: KeyFile): Promise<CoreCredentials> {
  let current: RelayKey;
  let version: string;
  try {
    version = await versionOf(path);
    current = await readKey(path);
  } catch (cause) {
    throw new StartupError(
      'The file in SAFE_RELAY_PRIVATE_KEY_FILE cannot be read, or is no Ed25519 key of a relay.',
      'Make one with `proofline keys relay`, readable for this user alone; its public half goes to the server.',
      { cause },
    );
  }
  let lookedAt = performance.now();
  const renew = async () => {
    const found = await versionOf(path);
    if (found === version) return;
    version = found;
    current = await readKey(path);
  };
  return {
    async token() {
      if (performance.now() - lookedAt > lookAgainMs) {
        lookedAt = performance.now();
        await renew().catch(onUnusable);
      }
      return assertion(current);
    },
  };
}

/**
 * A compact JWS (RFC 7515). By hand, because it is made twice a chunk: one from a library signs in another thread, and that way there and
 * back costs four times the signature.
 */
function assertion({ key, kid, relay }: RelayKey): string {
  const iat = Math.floor(Date.now() / 1000);
  const claims = { iss: relay, aud: 'proofline-core', iat, exp: iat + assertionSeconds, jti: randomUUID() };
  const signed = `${part({ alg: algorithm, kid })}.${part(claims)}`;
  return `${signed}.${sign(null, Buffer.from(signed), key).toString('base64url')}`;
}

function part(words: object): string {
  return Buffer.from(JSON.stringify(words)).toString('base64url');
}

async function readKey(path: string): Promise<RelayKey> {
  const { kid, relay, ...jwk } = keyShape.parse(JSON.parse(await readFile(path, 'utf8')));
  return { kid, relay, key: createPrivateKey({ key: jwk, format: 'jwk' }) };
}

/** Another one after every way of putting a new file there. */
async function versionOf(path: string): Promise<string> {
  const { ctimeMs, ino, size } = await stat(path);
  return `${ino} ${size} ${ctimeMs}`;
}
