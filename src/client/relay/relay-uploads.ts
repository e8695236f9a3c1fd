import type { ProoflineApi, Reconciliation } from '../api/api.ts';
import { isAmbiguous, ProoflineApiError, ProoflineNetworkError } from '../api/api-error.ts';
import type { ChunkFacts } from '../api/chunk-facts.ts';
import { type Accepted, putChunk, type UploadCall } from '../api/put-chunk.ts';
import { type CallOptions, type Fetch, Transport } from '../api/transport.ts';

type Core = Pick<ProoflineApi, 'putChunk' | 'reconcile' | 'createRelayCapability'>;

export type RelayEvent =
  /** Chunks go through the relay from now on. */
  | { readonly event: 'relay_used'; readonly relayUrl: string }
  /** It does not answer: chunks go straight to the server for a while. */
  | { readonly event: 'relay_away'; readonly reason: string; readonly againInMs: number }
  /** The server gives out no relay: chunks go straight to it. */
  | { readonly event: 'relay_none' };

export interface RelayUploadsOptions {
  readonly core: Core;
  readonly incidentId: string;
  readonly streamId: string;
  readonly fetch?: Fetch;
  readonly report?: (event: RelayEvent) => void;
  /** Milliseconds; for tests. */
  readonly now?: () => number;
}

interface Route {
  readonly relayUrl: string;
  readonly transport: Transport;
  /** Milliseconds. */
  readonly renewAt: number;
}

/** How long a relay that did not answer is left alone: at first, and at most when it goes on so. Milliseconds. */
const awayMs = { first: 2_000, most: 60_000 };
/** A capability is renewed while it still has this much of its life. */
const renewWithin = 0.2;

/**
 * Sends the chunks of one stream through the relay, and past it while it does not answer: evidence does not wait for a relay. Both ways
 * end at the same server under the same idempotency key, so a chunk that went both ways is one chunk.
 */
export class RelayUploads {
  readonly #options: RelayUploadsOptions;
  readonly #now: () => number;
  #route: Promise<Route | undefined> | undefined;
  #awayUntil = 0;
  #failures = 0;
  #hasNone = false;

  constructor(options: RelayUploadsOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** Throws what ProoflineApi.putChunk throws. */
  async putChunk(facts: ChunkFacts, bytes: Uint8Array<ArrayBuffer>, options: UploadCall = {}): Promise<Accepted> {
    const { core } = this.#options;
    const route = await this.#currentRoute(options);
    if (route === undefined) return await core.putChunk(facts, bytes, options);
    try {
      const accepted = await putChunk(route.transport, '/relay/v1', facts, bytes, options);
      await this.#assertServerHas(facts, options);
      if (this.#failures > 0) this.#options.report?.({ event: 'relay_used', relayUrl: route.relayUrl });
      this.#failures = 0;
      return accepted;
    } catch (error) {
      if (error instanceof ProoflineApiError && error.status === 401) {
        // It ended early. The next try asks for another; until then this chunk need not wait.
        this.#route = undefined;
        return await core.putChunk(facts, bytes, options);
      }
      if (isAmbiguous(error)) this.#leaveAlone(error instanceof Error ? error.message : String(error));
      throw error;
    }
  }

  /**
   * A relay owns no truth: whoever throws a chunk away because it was accepted has this from the server itself. Throws
   * ProoflineNetworkError, after which an upload asks again before it sends.
   */
  async #assertServerHas(facts: ChunkFacts, { signal }: CallOptions): Promise<void> {
    let found: Reconciliation;
    try {
      found = await this.#options.core.reconcile(facts, { signal });
    } catch (cause) {
      signal?.throwIfAborted();
      if (!(cause instanceof ProoflineApiError) || cause.status !== 429) throw cause;
      throw new ProoflineNetworkError('answer', 'The server did not say yet whether it has the chunk.', { cause });
    }
    if (found.status !== 'matched')
      throw new ProoflineNetworkError('answer', 'The relay said yes to a chunk that the server does not have.');
  }

  async reconcile(facts: ChunkFacts, options?: CallOptions): Promise<Reconciliation> {
    return await this.#options.core.reconcile(facts, options);
  }

  async #currentRoute({ signal }: CallOptions): Promise<Route | undefined> {
    if (this.#hasNone || this.#now() < this.#awayUntil) return undefined;
    const seen = this.#route;
    const standing = await seen;
    if (standing !== undefined && this.#now() < standing.renewAt) return standing;
    // One asks, for all that are under way.
    if (this.#route === seen) this.#route = this.#ask(signal);
    const asking = this.#route;
    if (asking === undefined) return undefined;
    return await asking.catch((error: unknown) => {
      if (this.#route === asking) this.#route = undefined;
      throw error;
    });
  }

  async #ask(signal: AbortSignal | undefined): Promise<Route | undefined> {
    const { core, incidentId, streamId, fetch, report } = this.#options;
    try {
      const given = await core.createRelayCapability(incidentId, streamId, { kind: 'upload' }, { signal });
      const now = this.#now();
      report?.({ event: 'relay_used', relayUrl: given.relay_url });
      return {
        relayUrl: given.relay_url,
        transport: new Transport({
          baseUrl: given.relay_url,
          token: given.token,
          ...(fetch === undefined ? {} : { fetch }),
        }),
        renewAt: now + (Date.parse(given.expires_at) - now) * (1 - renewWithin),
      };
    } catch (error) {
      if (!(error instanceof ProoflineApiError) || error.code !== 'relay_not_configured') throw error;
      this.#hasNone = true;
      report?.({ event: 'relay_none' });
      return undefined;
    }
  }

  #leaveAlone(reason: string): void {
    if (this.#now() < this.#awayUntil) return;
    const againInMs = Math.min(awayMs.most, awayMs.first * 2 ** this.#failures);
    this.#failures += 1;
    this.#awayUntil = this.#now() + againInMs;
    this.#options.report?.({ event: 'relay_away', reason, againInMs });
  }
}
