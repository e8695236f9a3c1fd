import type { Fetch } from '#client/api/transport.ts';
import { sleep } from '#client/upload/backoff.ts';
import { seededRandom } from './random.ts';

export interface PoorNetworkOptions {
  /** Added before each request, in milliseconds, and as much again at random up to `jitterMs`. */
  readonly latencyMs?: number;
  readonly jitterMs?: number;
  /** Of all request bodies together, in bytes per second. */
  readonly bytesPerSecond?: number;
  /** From and to, in milliseconds since the network was made; nothing gets through between them. */
  readonly offline?: readonly (readonly [from: number, to: number])[];
  /** Share of requests that fail, 0 to 1: before sending, in the middle of the body, or after the server had it all. */
  readonly failureRate?: number;
  /** Longest time for one request, in milliseconds, after which the connection is cut. */
  readonly timeoutMs?: number;
  /** The same seed fails the same requests in the same ways. */
  readonly seed?: number;
}

export interface PoorNetworkDeps {
  readonly fetch?: Fetch;
  readonly now?: () => number;
  readonly sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
}

type Fate = 'arrives' | 'never sent' | 'cut in the body' | 'answer lost';

/**
 * A fetch over a network made bad on purpose. The bytes really pass at the chosen rate, in small pieces, and a cut really
 * breaks the connection, so that both ends meet what they would meet outdoors.
 */
export function poorNetwork(options: PoorNetworkOptions, deps: PoorNetworkDeps = {}): Fetch {
  const random = seededRandom(options.seed ?? 1);
  const now = deps.now ?? Date.now;
  const pause = deps.sleep ?? sleep;
  const send: Fetch = deps.fetch ?? ((input, init) => fetch(input, init));
  const madeAt = now();
  const isOffline = () => (options.offline ?? []).some(([from, to]) => now() - madeAt >= from && now() - madeAt < to);
  const line = new Line(options.bytesPerSecond ?? Number.POSITIVE_INFINITY, now, pause);

  return async (input, init) => {
    const fate = decide(random, options.failureRate ?? 0);
    const delay = (options.latencyMs ?? 0) + random() * (options.jitterMs ?? 0);
    const cutAfter = random();
    const limit = options.timeoutMs === undefined ? [] : [AbortSignal.timeout(options.timeoutMs)];
    const signal = AbortSignal.any([...(init.signal ? [init.signal] : []), ...limit]);
    if (delay > 0) await pause(delay, signal);
    if (isOffline() || fate === 'never sent') throw new TypeError('The network is down.');
    const { body, headers } = await bytesOf(input, init);
    const cutAt = fate === 'cut in the body' ? Math.floor(body.length * cutAfter) : Number.POSITIVE_INFINITY;
    const plain =
      body.length === 0 ||
      (cutAt === Number.POSITIVE_INFINITY && options.bytesPerSecond === undefined && !options.offline);
    if (body.length === 0 && fate === 'cut in the body') throw new TypeError('The network was cut.');
    const request = { ...init, signal, headers };
    const answer = await send(
      input,
      plain
        ? { ...request, ...(body.length > 0 ? { body } : {}) }
        : streamed(request, line.carry(body, cutAt, isOffline, signal)),
    );
    if (fate !== 'answer lost' && !isOffline()) return answer;
    // Read to the end first: the server has done its work, and only the answer is lost.
    await answer.arrayBuffer().catch(() => undefined);
    throw new TypeError('The network was cut before the answer came.');
  };
}

function decide(random: () => number, failureRate: number): Fate {
  const roll = random();
  const kind = Math.floor(random() * 3);
  if (roll >= failureRate) return 'arrives';
  return kind === 0 ? 'never sent' : kind === 1 ? 'cut in the body' : 'answer lost';
}

/** One shared line: parallel uploads get the rate together, not each. */
class Line {
  readonly #bytesPerSecond: number;
  readonly #now: () => number;
  readonly #pause: (ms: number, signal?: AbortSignal) => Promise<void>;
  #freeAt = 0;

  constructor(bytesPerSecond: number, now: () => number, pause: (ms: number, signal?: AbortSignal) => Promise<void>) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#now = now;
    this.#pause = pause;
  }

  carry(
    body: Uint8Array<ArrayBuffer>,
    cutAt: number,
    isOffline: () => boolean,
    signal: AbortSignal,
  ): ReadableStream<Uint8Array> {
    // Some twenty pieces a second, so that the rate is smooth, and whole packets where the line is fast.
    const piece = Math.max(512, Math.min(64 * 1024, Math.floor(this.#bytesPerSecond / 20)));
    let at = 0;
    return new ReadableStream({
      pull: async (controller) => {
        const bytes = body.subarray(at, Math.min(at + piece, cutAt));
        await this.#turn(bytes.length, signal);
        if (isOffline() || at + bytes.length >= cutAt) return controller.error(new TypeError('The network was cut.'));
        if (bytes.length > 0) controller.enqueue(bytes);
        at += bytes.length;
        if (at >= body.length) controller.close();
      },
    });
  }

  async #turn(bytes: number, signal: AbortSignal): Promise<void> {
    if (this.#bytesPerSecond === Number.POSITIVE_INFINITY) return;
    const start = Math.max(this.#now(), this.#freeAt);
    this.#freeAt = start + (bytes / this.#bytesPerSecond) * 1000;
    const wait = this.#freeAt - this.#now();
    if (wait > 0) await this.#pause(wait, signal);
  }
}

/** The body as bytes, with the content type that its form gave it. */
async function bytesOf(input: string, init: RequestInit): Promise<{ body: Uint8Array<ArrayBuffer>; headers: Headers }> {
  if (init.body === undefined || init.body === null)
    return { body: new Uint8Array(), headers: new Headers(init.headers) };
  const { signal: _, ...rest } = init;
  const request = new Request(input, rest);
  return { body: new Uint8Array(await request.arrayBuffer()), headers: new Headers(request.headers) };
}

/** `duplex` is what fetch asks for with a streamed body; the DOM's type of RequestInit does not know it everywhere. */
function streamed(init: RequestInit, body: ReadableStream<Uint8Array>): RequestInit & { duplex: 'half' } {
  return { ...init, body, duplex: 'half' };
}
