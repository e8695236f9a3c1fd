import { randomBytes } from 'node:crypto';
import type { ValkeyConnection } from './valkey-connection.ts';
import { presenceKey } from './valkey-keys.ts';

/** A node that is silent for so long counts as gone, and its leases may be taken over. Milliseconds. */
export const presenceTtlMs = 6_000;
const beatMs = 2_000;

/** Says that this process lives, again and again, and knows whether another one does. */
export class Presence {
  /** A name for this process alone: after a restart the leases of the last one are a stranger's. */
  readonly node = randomBytes(12).toString('base64url');
  readonly #connection: ValkeyConnection;
  #timer: NodeJS.Timeout | undefined;

  constructor(connection: ValkeyConnection) {
    this.#connection = connection;
  }

  /** `afterBeat` runs whenever the server was there to hear it. */
  async begin(afterBeat: () => Promise<void>): Promise<void> {
    const beat = async () => {
      await this.#connection.setFor(presenceKey(this.node), '1', presenceTtlMs);
      await afterBeat();
    };
    await beat();
    const quietly = () => void beat().catch(() => undefined);
    this.#connection.onReady(quietly);
    this.#timer = setInterval(quietly, beatMs).unref();
  }

  async isThere(node: string): Promise<boolean> {
    return await this.#connection.exists(presenceKey(node));
  }

  async end(): Promise<void> {
    clearInterval(this.#timer);
    await this.#connection.remove(presenceKey(this.node)).catch(() => undefined);
  }
}
