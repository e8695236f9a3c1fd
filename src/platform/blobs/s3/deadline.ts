import { setTimeout as sleep } from 'node:timers/promises';
import { S3Failure, s3Failure } from './s3-failure.ts';

/** A request that takes longer than this is given up and asked about. Milliseconds. */
const patienceMs = 8_000;
/** A body larger than this gets more time, as much as a slow network needs. Bytes, and bytes a millisecond. */
const quickBytes = 8 * 1024 * 1024;
const slowBytesPerMs = 1024;
const firstPauseMs = 40;
const longestPauseMs = 2_000;

/** The time that one operation of the store has for all its requests, repetitions and pauses. */
export class Deadline {
  readonly #endsAt: number;
  readonly #patienceMs: number;
  #pauses = 0;

  constructor(ms: number) {
    this.#endsAt = performance.now() + ms;
    this.#patienceMs = Math.max(Math.min(patienceMs, ms / 3), 1);
  }

  get leftMs(): number {
    return this.#endsAt - performance.now();
  }

  /**
   * Runs one request, with a signal that fires when it has taken too long. Rejects then even when the request does not heed it; what it
   * sent may still be carried out. `moreMs` is for bytes that need time to travel.
   */
  async request<T>(send: (signal: AbortSignal) => Promise<T>, moreMs = 0): Promise<T> {
    const ms = Math.min(this.leftMs, this.#patienceMs + moreMs);
    if (ms <= 0) throw new S3Failure(undefined, 'TimeoutError');
    const abort = new AbortController();
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      reject(new S3Failure(undefined, 'TimeoutError'));
      abort.abort();
    }, ms);
    try {
      return await Promise.race([send(abort.signal), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** A pause that grows each time, never equal for two who began together. False when no time is left for another request. */
  async pause(): Promise<boolean> {
    const longest = Math.min(firstPauseMs * 2 ** this.#pauses, longestPauseMs);
    this.#pauses += 1;
    const ms = longest * (0.5 + Math.random() / 2);
    if (this.leftMs <= ms) return false;
    await sleep(ms);
    return true;
  }

  /** A request that may be repeated freely: tried until it works, fails for good, or the time is up. */
  async persist<T>(send: (signal: AbortSignal) => Promise<T>, moreMs = 0): Promise<T> {
    for (;;) {
      try {
        return await this.request(send, moreMs);
      } catch (error) {
        const failure = s3Failure(error);
        if (!failure.passes || !(await this.pause())) throw failure;
      }
    }
  }
}

/** What so many bytes need beyond the usual time. Milliseconds. */
export function travelMs(bytes: number): number {
  return Math.max(0, bytes - quickBytes) / slowBytesPerMs;
}
