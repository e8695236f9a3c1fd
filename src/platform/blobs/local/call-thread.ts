import { Worker } from 'node:worker_threads';
import { Problem } from '#kit/errors.ts';

/** So many calls leave at once; fewer wait for the rest of the turn, as each message between threads has its price. */
const fullOutbox = 4;

interface Waiting<Reply> {
  resolve(reply: Reply): void;
  reject(error: Problem): void;
}

/**
 * A worker thread that answers numbered calls. Calls travel in small groups. It keeps the process alive
 * only while calls are unanswered. When the thread dies, every call fails with storage_unavailable, now and later.
 */
export class CallThread<Call extends { id: number }, Reply extends { id: number }> {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting<Reply>>();
  readonly #exited: Promise<void>;
  /** Resolves when the thread is loaded; rejects with storage_unavailable when it ended before. */
  readonly ready: Promise<void>;
  #outbox: Call[] = [];
  #lastId = 0;
  #ended = false;
  #closing: (() => void) | undefined;

  constructor(entry: URL, name: string, setup: object, onDeath: (error: unknown) => void) {
    this.#worker = new Worker(entry, { name, workerData: setup });
    let cause: unknown = new Error(`the ${name} thread ended`);
    this.ready = new Promise((resolve, reject) => {
      // The entry's own first message: it is loaded, and will answer calls.
      this.#worker.once('message', () => {
        this.#worker.on('message', (replies: Reply[]) => this.#settle(replies));
        if (this.#waiting.size === 0) this.#worker.unref();
        resolve();
      });
      this.#worker.once('exit', () => reject(new Problem('storage_unavailable', { cause })));
    });
    // Looked at by whoever opens the store; until then a failure must not end the process.
    this.ready.catch(() => undefined);
    this.#worker.on('error', (error) => {
      cause = error;
    });
    this.#exited = new Promise((resolve) => {
      this.#worker.on('exit', () => {
        if (this.#closing === undefined) onDeath(cause);
        this.#end();
        resolve();
      });
    });
  }

  get alive(): boolean {
    return !this.#ended;
  }

  call(make: (id: number) => Call): Promise<Reply> {
    if (this.#ended || this.#closing !== undefined) return Promise.reject(new Problem('storage_unavailable'));
    return new Promise((resolve, reject) => {
      this.#lastId += 1;
      if (this.#waiting.size === 0) this.#worker.ref();
      this.#waiting.set(this.#lastId, { resolve, reject });
      this.#send(make(this.#lastId));
    });
  }

  /** A call without an answer. */
  tell(call: Call): void {
    if (!this.#ended) this.#send(call);
  }

  /** Waits for the calls under way, then ends the thread. */
  async close(): Promise<void> {
    if (this.#closing === undefined && !this.#ended) {
      const idle = new Promise<void>((resolve) => {
        this.#closing = resolve;
      });
      if (this.#waiting.size > 0) await idle;
      await this.#worker.terminate();
    }
    await this.#exited;
  }

  #send(call: Call): void {
    if (this.#outbox.length === 0) setImmediate(() => this.#post());
    this.#outbox.push(call);
    if (this.#outbox.length === fullOutbox) this.#post();
  }

  #post(): void {
    const calls = this.#outbox;
    if (calls.length === 0) return;
    this.#outbox = [];
    this.#worker.postMessage(calls);
  }

  #settle(replies: readonly Reply[]): void {
    for (const reply of replies) {
      const waiting = this.#waiting.get(reply.id);
      this.#waiting.delete(reply.id);
      waiting?.resolve(reply);
    }
    if (this.#waiting.size > 0) return;
    this.#worker.unref();
    this.#closing?.();
  }

  #end(): void {
    this.#ended = true;
    for (const { reject } of this.#waiting.values()) reject(new Problem('storage_unavailable'));
    this.#waiting.clear();
    this.#closing?.();
  }
}
