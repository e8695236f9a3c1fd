import { randomUUID } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { type CryptoKey, importPKCS8, SignJWT } from 'jose';
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

export interface KeyFile {
  relayId: string;
  path: string;
  /** A key that came in its place cannot be used; the one before still is. */
  onUnusable: () => void;
}

/** Assertions with the key in a file. A new key counts within a second of its appearing. Throws StartupError. */
export async function keyCredentials({ relayId, path, onUnusable }: KeyFile): Promise<CoreCredentials> {
  let key: CryptoKey;
  let version: string;
  try {
    version = await versionOf(path);
    key = await readKey(path);
  } catch (cause) {
    throw new StartupError(
      'The key in SAFE_RELAY_PRIVATE_KEY_FILE cannot be read, or is no Ed25519 key.',
      'Make one with `openssl genpkey -algorithm ed25519`, readable for this user alone; its public half goes to the core.',
      { cause },
    );
  }
  let lookedAt = performance.now();
  const renew = async () => {
    const found = await versionOf(path);
    if (found === version) return;
    version = found;
    key = await readKey(path);
  };
  return {
    async token() {
      if (performance.now() - lookedAt > lookAgainMs) {
        lookedAt = performance.now();
        await renew().catch(onUnusable);
      }
      return await new SignJWT({ jti: randomUUID() })
        .setProtectedHeader({ alg: algorithm })
        .setIssuer(relayId)
        .setAudience('proofline-core')
        .setIssuedAt()
        .setExpirationTime(`${assertionSeconds}s`)
        .sign(key);
    },
  };
}

async function readKey(path: string): Promise<CryptoKey> {
  return await importPKCS8(await readFile(path, 'utf8'), algorithm);
}

/** Another one after every way of putting a new file there. */
async function versionOf(path: string): Promise<string> {
  const { ctimeMs, ino, size } = await stat(path);
  return `${ino} ${size} ${ctimeMs}`;
}
