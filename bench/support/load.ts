import { connect, type Socket } from 'node:net';

export interface Load {
  port: number;
  connections: number;
  requests: number;
  /** Whole request, headers and body, for the n-th request. */
  request: (n: number) => readonly Buffer[];
  expectedStatus: number;
  /** Begun at most so often; without it as soon as a connection is free. */
  perSecond?: number;
}

export interface LoadResult {
  seconds: number;
  /** Milliseconds, sorted. */
  latencies: number[];
}

/**
 * Sends requests over raw keep-alive sockets, one at a time on each. Parses of an answer only status and Content-Length, so that on a
 * machine with two cores the client takes as little as it can from the server it measures.
 */
export async function applyLoad(load: Load): Promise<LoadResult> {
  let next = 0;
  const latencies: number[] = [];
  const started = performance.now();
  await Promise.all(
    Array.from({ length: load.connections }, async () => {
      const line = await Line.open(load.port);
      while (next < load.requests) {
        const n = next++;
        if (load.perSecond !== undefined) await untilTime(started + (n * 1000) / load.perSecond);
        const sentAt = performance.now();
        const status = await line.exchange(load.request(n));
        if (status !== load.expectedStatus) throw new Error(`request ${n} was answered ${status}: ${line.lastAnswer}`);
        latencies.push(performance.now() - sentAt);
      }
      line.close();
    }),
  );
  return { seconds: (performance.now() - started) / 1000, latencies: latencies.sort((a, b) => a - b) };
}

function untilTime(at: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, at - performance.now())));
}

export function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

class Line {
  readonly #socket: Socket;
  #received = '';
  #settle: ((status: number) => void) | undefined;
  #fail: ((error: Error) => void) | undefined;
  lastAnswer = '';

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setEncoding('latin1');
    socket.on('data', (data: string) => {
      this.#received += data;
      this.#read();
    });
    socket.on('error', (error) => this.#fail?.(error));
    socket.on('close', () => this.#fail?.(new Error('the server closed the connection')));
  }

  static open(port: number): Promise<Line> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => resolve(new Line(socket)));
      socket.once('error', reject);
    });
  }

  exchange(pieces: readonly Buffer[]): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#settle = resolve;
      this.#fail = reject;
      this.#socket.cork();
      for (const piece of pieces) this.#socket.write(piece);
      this.#socket.uncork();
    });
  }

  #read(): void {
    const end = this.#received.indexOf('\r\n\r\n');
    if (end < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(this.#received.slice(0, end))?.[1] ?? 0);
    if (this.#received.length < end + 4 + length) return;
    this.lastAnswer = this.#received.slice(0, end + 4 + length);
    const status = Number(this.#received.slice(9, 12));
    this.#received = this.#received.slice(end + 4 + length);
    this.#settle?.(status);
  }

  close(): void {
    this.#fail = undefined;
    this.#socket.destroy();
  }
}
