import { toBase64, toHex } from '#kit/bytes.ts';
import { ProoflineApiError, ProoflineNetworkError } from '../api/api-error.ts';
import { type Fetch, pathOf, Transport } from '../api/transport.ts';
import { backoffMs, sleep } from '../upload/backoff.ts';
import { serverEvents } from './event-stream.ts';
import { chunkOf, endReasonOf, type LiveEvent, type LiveState, stateChangeOf } from './live-events.ts';

export interface LiveClientOptions {
  /** The `relay_url` that came with the capability. */
  readonly relayUrl: string;
  /** A fanout capability. Kept in memory only, and sent to the relay alone. */
  readonly token: string;
  readonly incidentId: string;
  readonly streamId: string;
  readonly fetch?: Fetch;
}

export interface FollowOptions {
  readonly signal?: AbortSignal;
  /** For tests; whole milliseconds. */
  readonly wait?: (ms: number, signal?: AbortSignal) => Promise<void>;
  readonly random?: () => number;
}

export interface LiveBytes {
  /** Sealed, and just as they were uploaded: their digest was checked. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly state: LiveState;
}

/** Three signs of life of the relay, which come every 15 seconds. */
const idleMs = 45_000;
/** Ends that another connection does not change. */
const lasting = ['revoked', 'expired', 'closed'];

/** Reads along with one stream at a relay. What it shows is not evidence before the server has confirmed it. */
export class LiveClient {
  readonly #transport: Transport;
  readonly #path: string;

  constructor({ relayUrl, token, incidentId, streamId, fetch }: LiveClientOptions) {
    this.#transport = new Transport({ baseUrl: relayUrl, token, ...(fetch === undefined ? {} : { fetch }) });
    this.#path = `/relay/v1${pathOf('incidents', incidentId, 'streams', streamId, 'live')}`;
  }

  /**
   * What happens, until it is over for good (`end` is the last event then) or the signal is aborted. Connections that break are made again
   * and go on where they were. Throws ProoflineApiError where the relay refuses the capability, and the signal's reason.
   */
  async *follow({ signal, wait = sleep, random = Math.random }: FollowOptions = {}): AsyncGenerator<LiveEvent> {
    let lastEventId: string | undefined;
    for (let attempt = 1; ; attempt++) {
      let retryAfter: number | undefined;
      let reason = 'connection';
      try {
        const answer = await this.#transport.download({
          method: 'GET',
          path: this.#path,
          signal,
          headers: {
            accept: 'text/event-stream',
            ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
          },
        });
        if (answer.body === null) throw new ProoflineNetworkError('answer', 'The relay answered without a body.');
        yield { kind: 'connected' };
        for await (const { event, data, id } of serverEvents(answer.body, idleMs)) {
          lastEventId = id ?? lastEventId;
          attempt = 1;
          if (event === 'chunk') yield { kind: 'chunk', chunk: chunkOf(data) };
          else if (event === 'state') yield { kind: 'state', change: stateChangeOf(data) };
          else if (event === 'reset') yield { kind: 'reset' };
          else if (event === 'end') {
            reason = endReasonOf(data);
            break;
          }
        }
        if (lasting.includes(reason)) {
          yield { kind: 'end', reason };
          return;
        }
      } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof ProoflineApiError && !mayPass(error)) throw error;
        if (!(error instanceof Error)) throw error;
        retryAfter = error instanceof ProoflineApiError ? error.retryAfterSeconds : undefined;
        reason = error instanceof ProoflineApiError ? error.code : 'connection';
      }
      const retryAfterMs = backoffMs(attempt, { maxMs: 10_000 }, random, retryAfter);
      yield { kind: 'disconnected', reason, retryAfterMs };
      await wait(retryAfterMs, signal);
    }
  }

  /**
   * The sealed bytes of a chunk that is in the relay's window. `chunk_not_live` (404) where it is not or not any more, `chunk_withdrawn`
   * (410) where the server did not confirm it. Throws ProoflineNetworkError where the bytes are not those that were asked for.
   */
  async chunk(chunkIndex: number, sha256Hex: string, signal?: AbortSignal): Promise<LiveBytes> {
    const { bytes, answer } = await this.#transport.bytes({
      method: 'GET',
      path: `${this.#path}/${chunkIndex}?sha256_hex=${sha256Hex}`,
      signal,
    });
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
    const isThat = toHex(digest) === sha256Hex && answer.headers.get('repr-digest') === `sha-256=:${toBase64(digest)}:`;
    if (!isThat) throw new ProoflineNetworkError('answer', 'The relay sent other bytes than it had announced.');
    return { bytes, state: answer.headers.get('proofline-chunk-state') === 'confirmed' ? 'confirmed' : 'unconfirmed' };
  }
}

function mayPass({ status }: ProoflineApiError): boolean {
  return status === 408 || status === 429 || status >= 500;
}
