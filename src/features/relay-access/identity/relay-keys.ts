import { createPublicKey } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { z } from 'zod';
import { StartupError } from '#platform/process/startup-error.ts';
import type { RelayKey } from './verify-assertion.ts';

/** One public key of a relay. Several with the same `relay` are how a key is changed without a pause. */
export const relayKeyShape = z.object({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  kid: z.string().min(1).max(128),
  relay: z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/),
});

export const relayKeySetShape = z.object({ keys: z.array(relayKeyShape) });

/** By `kid`. */
type KeySet = ReadonlyMap<string, RelayKey>;

export interface RelayKeyLog {
  error(fields: object, message: string): void;
  info(fields: object, message: string): void;
}

/** How long a file is trusted to be the one that was read. Milliseconds. */
const lookAgainMs = 1_000;

/**
 * The public keys of relays, from a file that is read again when it changes. While a changed file cannot be read the keys of before
 * stay: a mistake in it takes no relay away, and is on the log.
 */
export class RelayKeys {
  readonly #path: string;
  readonly #log: RelayKeyLog;
  #keys: KeySet;
  #seen: string;
  #lookedAt = 0;
  #looking: Promise<void> | undefined;

  private constructor(path: string, log: RelayKeyLog, keys: KeySet, seen: string) {
    this.#path = path;
    this.#log = log;
    this.#keys = keys;
    this.#seen = seen;
  }

  /** Throws StartupError when the file cannot be used. */
  static async open(path: string, log: RelayKeyLog): Promise<RelayKeys> {
    try {
      const seen = await fingerprint(path);
      return new RelayKeys(path, log, await read(path), seen);
    } catch (cause) {
      throw new StartupError(
        'The file that SAFE_RELAY_PUBLIC_KEYS_FILE names is not a JWK Set of Ed25519 public keys of relays.',
        'Make one with `proofline keys relay`, or check that it exists and is readable.',
        { cause },
      );
    }
  }

  async current(): Promise<KeySet> {
    if (Date.now() - this.#lookedAt >= lookAgainMs) {
      this.#looking ??= this.#look().finally(() => {
        this.#looking = undefined;
      });
      await this.#looking;
    }
    return this.#keys;
  }

  async #look(): Promise<void> {
    this.#lookedAt = Date.now();
    let seen = '';
    try {
      seen = await fingerprint(this.#path);
      if (seen === this.#seen) return;
      this.#keys = await read(this.#path);
      this.#log.info({ keys: this.#keys.size }, 'relay keys read again');
    } catch (error) {
      if (seen === this.#seen) return;
      this.#log.error({ err: error }, 'relay keys cannot be read; those of before stay');
    }
    this.#seen = seen;
  }
}

async function fingerprint(path: string): Promise<string> {
  const { mtimeMs, size, ino } = await stat(path);
  return `${mtimeMs} ${size} ${ino}`;
}

async function read(path: string): Promise<KeySet> {
  const { keys } = relayKeySetShape.parse(JSON.parse(await readFile(path, 'utf8')));
  const byKid = new Map(
    keys.map(({ kid, relay, ...jwk }) => [kid, { relay, key: createPublicKey({ key: jwk, format: 'jwk' }) }]),
  );
  if (byKid.size !== keys.length) throw new Error('two keys have the same kid');
  return byKid;
}
