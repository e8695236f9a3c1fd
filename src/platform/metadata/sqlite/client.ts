import { Problem, problemFromData } from '#kit/errors.ts';
import type { Db, Metadata, MetadataStatistics, Transaction } from '#platform/metadata/metadata.ts';
import type { ErrorDetail, Outcome, Request } from './messages.ts';
import type { Reader } from './reader.ts';

/** The part of a pino logger that is used here. */
export interface MetadataLog {
  error(detail: object, message: string): void;
}

/** The way to the writer, through a thread or not. Answers come back through `WriterEvents`, in the order of the requests. */
export interface WriterLink {
  readonly transactions: readonly string[];
  /** Throws when an input cannot be carried; then nothing of the batch was taken. */
  post(requests: readonly Request[]): void;
  close(): Promise<void>;
}

export interface WriterEvents {
  ran(outcomes: readonly Outcome[], lasting: boolean): void;
  /** The writer is gone; whether what it held was committed is unknown. */
  died(cause: unknown): void;
}

export interface ClientOptions {
  reader: Reader;
  maxQueued: number;
  log: MetadataLog | undefined;
}

/** A disk that holds one commit for so long is not working. */
const stalledAfterMs = 10_000;

interface Pending {
  readonly name: string;
  readonly resolve: (output: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** The caller's side of the writer: queues, batches, settles. */
export class SqliteMetadata implements Metadata, WriterEvents {
  readonly dialect = 'sqlite';
  readonly shared = false;
  readonly read: Db;
  readonly #options: ClientOptions;
  #link: WriterLink | undefined;
  #indexes = new Map<string, number>();
  /** Asked for in this turn, not yet sent; `#sent` waits for outcomes, oldest first. */
  #unsent: { request: Request; pending: Pending }[] = [];
  #sent: Pending[] = [];
  #groups = 0;
  #transactions = 0;
  #state: 'open' | 'readonly' | 'closing' | 'dead' = 'open';
  #idle: (() => void) | undefined;
  #closed: Promise<void> | undefined;
  /** When the writer last answered, or was given work after it had none. */
  #lastSignOfLife = 0;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.read = options.reader.db;
  }

  attach(link: WriterLink): void {
    this.#link = link;
    this.#indexes = new Map(link.transactions.map((name, index) => [name, index]));
  }

  write<Input, Output>(transaction: Transaction<Input, Output>, input: Input): Promise<Output> {
    if (this.#state === 'closing') return Promise.reject(new Problem('shutting_down'));
    if (this.#state !== 'open') return Promise.reject(new Problem('metadata_unavailable'));
    if (this.#queued >= this.#options.maxQueued) {
      return Promise.reject(new Problem('metadata_unavailable', { retryAfterSeconds: 1 }));
    }
    const index = this.#indexes.get(transaction.name);
    if (index === undefined) {
      return Promise.reject(
        new Error(`The writer does not know the transaction ${transaction.name}: register its slice.`),
      );
    }
    return new Promise((resolve, reject) => {
      const request = { transaction: index, input };
      // The registry holds this very transaction under this name, so its output is an Output.
      const settle = resolve as (output: unknown) => void;
      this.#unsent.push({ request, pending: { name: transaction.name, resolve: settle, reject } });
      // Sent together at the end of the turn: one message for all that was asked for in it. Waking a thread is the dear part.
      if (this.#unsent.length === 1) setImmediate(() => this.#flush());
    });
  }

  async snapshot<Output>(read: (db: Db) => Promise<Output>): Promise<Output> {
    if (this.#state === 'closing') throw new Problem('shutting_down');
    const still = this.#options.reader.standStill();
    try {
      return await read(still.db);
    } finally {
      still.close();
    }
  }

  get #queued(): number {
    return this.#unsent.length + this.#sent.length;
  }

  #flush(): void {
    const batch = this.#unsent;
    this.#unsent = [];
    if (this.#state === 'dead') {
      for (const { pending } of batch) pending.reject(new Problem('metadata_unavailable'));
      this.#settleIdle();
      return;
    }
    if (this.#sent.length === 0) this.#lastSignOfLife = performance.now();
    try {
      this.#link?.post(batch.map(({ request }) => request));
      for (const { pending } of batch) this.#sent.push(pending);
    } catch {
      // One of them cannot be cloned; the others must not suffer.
      for (const { request, pending } of batch) this.#postAlone(request, pending);
    }
  }

  #postAlone(request: Request, pending: Pending): void {
    try {
      this.#link?.post([request]);
      this.#sent.push(pending);
    } catch (cause) {
      pending.reject(new TypeError(`The input of ${pending.name} cannot be carried between threads.`, { cause }));
      this.#settleIdle();
    }
  }

  ran(outcomes: readonly Outcome[], lasting: boolean): void {
    this.#options.reader.seeNewest();
    const settled = this.#sent.splice(0, outcomes.length);
    this.#groups += 1;
    this.#lastSignOfLife = performance.now();
    if (lasting && this.#state === 'open') {
      this.#state = 'readonly';
      this.#options.log?.error({}, 'metadata: writing has stopped until a restart');
    }
    settled.forEach((pending, index) => {
      const outcome = outcomes[index];
      if (outcome !== undefined) this.#settle(pending, outcome);
    });
    this.#settleIdle();
  }

  #settle(pending: Pending, outcome: Outcome): void {
    if ('output' in outcome) {
      this.#transactions += 1;
      pending.resolve(outcome.output);
      return;
    }
    const { failure } = outcome;
    if (failure.kind === 'problem') {
      if (failure.detail !== undefined) this.#report(pending.name, failure.detail);
      pending.reject(problemFromData(failure.problem));
      return;
    }
    this.#report(failure.transaction, failure.detail);
    pending.reject(new Problem('internal_error'));
  }

  #report(transaction: string, error: ErrorDetail): void {
    this.#options.log?.error({ transaction, error }, 'metadata: a transaction failed');
  }

  died(cause: unknown): void {
    if (this.#state === 'dead') return;
    this.#options.reader.seeNewest();
    this.#state = 'dead';
    this.#options.log?.error({ err: cause }, 'metadata: the writer has died');
    const lost = this.#sent;
    this.#sent = [];
    for (const pending of lost) pending.reject(new Problem('metadata_unavailable'));
    this.#settleIdle();
  }

  statistics(): MetadataStatistics {
    return { queued: this.#queued, groups: this.#groups, transactions: this.#transactions };
  }

  async health(): Promise<'ok' | 'unavailable'> {
    if (this.#state !== 'open') return 'unavailable';
    if (this.#sent.length > 0 && performance.now() - this.#lastSignOfLife > stalledAfterMs) return 'unavailable';
    try {
      this.#options.reader.ping();
      return 'ok';
    } catch {
      return 'unavailable';
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#finish();
    return this.#closed;
  }

  async #finish(): Promise<void> {
    if (this.#state !== 'dead') this.#state = 'closing';
    if (this.#queued > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    }
    // First, so that the writer is the last to close and folds the WAL into the file.
    this.#options.reader.close();
    await this.#link?.close();
  }

  #settleIdle(): void {
    if (this.#queued > 0) return;
    this.#idle?.();
    this.#idle = undefined;
  }
}
