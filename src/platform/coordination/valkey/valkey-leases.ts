import { randomBytes } from 'node:crypto';
import type { Lease } from '../coordinator.ts';
import type { ValkeyConnection } from './valkey-connection.ts';
import { keyOf } from './valkey-keys.ts';
import type { Presence } from './valkey-presence.ts';
import { releaseScript, takeOverScript, takeScript } from './valkey-scripts.ts';

interface Owed {
  readonly key: string;
  /** By performance.now(): from then on it has ended by itself. */
  readonly endsAt: number;
  /** Of a question that was not answered: it may still be under way, so that nothing was there to give back proves nothing. */
  readonly pauseMs?: number;
  readonly notBefore?: number;
}

const firstPauseMs = 2_000;
/** More than that are left to end by themselves. */
const maxOwed = 10_000;

/**
 * A lease is a key whose value names the node and this very taking. Only that value can end it; another node may replace it when the
 * node it names has gone. What could not be given back, or may have been taken by a question whose answer was lost, is owed: it is
 * given back when the server answers again, so that nobody waits for its whole time.
 */
export class ValkeyLeases {
  readonly #connection: Pick<ValkeyConnection, 'run'>;
  readonly #presence: Presence;
  readonly #owed = new Map<string, Owed>();
  #takeovers = 0;

  constructor(connection: Pick<ValkeyConnection, 'run'>, presence: Presence) {
    this.#connection = connection;
    this.#presence = presence;
  }

  get takeovers(): number {
    return this.#takeovers;
  }

  async take(name: string, ttlMs: number): Promise<Lease | undefined> {
    const key = keyOf('lease', name);
    const owner = `${this.#presence.node}:${randomBytes(12).toString('base64url')}`;
    const endsAt = performance.now() + ttlMs;
    try {
      const holder = await this.#connection.run(takeScript, key, owner, ttlMs);
      if (holder !== null && !(await this.#takeOver(key, String(holder), owner, ttlMs))) return undefined;
    } catch (error) {
      this.#owe(owner, { key, endsAt, pauseMs: firstPauseMs });
      throw error;
    }
    return { release: () => this.#release(owner, { key, endsAt }) };
  }

  /** Gives back what is owed, as far as the server answers. */
  async settle(): Promise<void> {
    for (const [owner, owed] of [...this.#owed]) {
      if ((owed.notBefore ?? 0) > performance.now()) continue;
      this.#owed.delete(owner);
      if (owed.endsAt > performance.now()) await this.#release(owner, owed);
    }
  }

  async #takeOver(key: string, holder: string, owner: string, ttlMs: number): Promise<boolean> {
    const node = holder.split(':')[0] ?? '';
    if (node === this.#presence.node || (await this.#presence.isThere(node))) return false;
    const taken = (await this.#connection.run(takeOverScript, key, holder, owner, ttlMs)) === 1;
    if (taken) this.#takeovers += 1;
    return taken;
  }

  async #release(owner: string, owed: Owed): Promise<void> {
    try {
      const released = (await this.#connection.run(releaseScript, owed.key, owner)) === 1;
      // Looked for again at growing intervals: a question that comes late is undone about as late as it came.
      if (!released && owed.pauseMs !== undefined)
        this.#owe(owner, { ...owed, pauseMs: owed.pauseMs * 2, notBefore: performance.now() + owed.pauseMs });
    } catch {
      this.#owe(owner, owed);
    }
  }

  #owe(owner: string, owed: Owed): void {
    if (this.#owed.size < maxOwed && owed.endsAt > performance.now()) this.#owed.set(owner, owed);
  }
}
