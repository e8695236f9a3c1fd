import { Problem } from '#kit/errors.ts';
import type { Connection } from './connection.ts';
import { PostgresFailure, sqlState } from './failure.ts';

export interface PoolOptions {
  open(): Promise<Connection>;
  /** Connections at once, those being opened and closed included. */
  maxOpen: number;
  /** Connections kept while nobody needs them. */
  maxIdle: number;
  /** A connection older than this is replaced; 0: never. */
  maxLifetimeMs: number;
}

interface Waiter {
  resolve(connection: Connection): void;
  reject(error: unknown): void;
  timer: NodeJS.Timeout;
  cameAtMs: number;
}

const lookAtIdleMs = 30_000;

/** Connections for one holder at a time, first come first served. A dead one is replaced when the next is needed. */
export class Pool {
  readonly #options: PoolOptions;
  readonly #idle: Connection[] = [];
  readonly #waiting: Waiter[] = [];
  readonly #look: NodeJS.Timeout;
  /** Slots taken: idle, held, being opened, being closed. */
  #taken = 0;
  #opening = 0;
  #closing: (() => void) | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#look = setInterval(() => this.#dropExpired(), lookAtIdleMs);
    this.#look.unref();
  }

  get size(): number {
    return this.#taken;
  }

  /** Throws PostgresFailure when none can be opened, metadata_unavailable when none gets free in time. */
  take(withinMs: number): Promise<Connection> {
    if (this.#closing !== undefined) return Promise.reject(new Problem('shutting_down'));
    const connection = this.#waiting.length === 0 ? this.#takeIdle() : undefined;
    if (connection !== undefined) return Promise.resolve(connection);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(new Problem('metadata_unavailable', { retryAfterSeconds: 1 }));
      }, withinMs);
      const waiter = { resolve, reject, timer, cameAtMs: performance.now() };
      this.#waiting.push(waiter);
      this.#serve();
    });
  }

  give(connection: Connection): void {
    if (!connection.usable || this.#expired(connection)) this.#retire(connection);
    else this.#keep(connection);
    this.#serve();
  }

  /** Waits for those that are held. */
  async close(): Promise<void> {
    clearInterval(this.#look);
    const closed = new Promise<void>((resolve) => {
      this.#closing = resolve;
    });
    for (const waiter of this.#waiting.splice(0)) {
      clearTimeout(waiter.timer);
      waiter.reject(new Problem('shutting_down'));
    }
    for (const connection of this.#idle.splice(0)) this.#retire(connection);
    this.#serve();
    await closed;
  }

  #takeIdle(): Connection | undefined {
    for (let connection = this.#idle.pop(); connection !== undefined; connection = this.#idle.pop()) {
      if (connection.usable && !this.#expired(connection)) return connection;
      this.#retire(connection);
    }
    return undefined;
  }

  #keep(connection: Connection): void {
    const waiter = this.#waiting.shift();
    if (waiter !== undefined) {
      clearTimeout(waiter.timer);
      waiter.resolve(connection);
    } else if (this.#closing !== undefined || this.#idle.length >= this.#options.maxIdle) this.#retire(connection);
    else this.#idle.push(connection);
  }

  /** Its slot is free only when it is gone: the limit holds on the server too. */
  #retire(connection: Connection): void {
    void connection.end().then(() => {
      this.#taken -= 1;
      this.#serve();
    });
  }

  #serve(): void {
    if (this.#closing !== undefined) {
      if (this.#taken === 0) this.#closing();
      return;
    }
    while (this.#waiting.length > this.#opening && this.#taken < this.#options.maxOpen) void this.#openOne();
  }

  async #openOne(): Promise<void> {
    this.#taken += 1;
    this.#opening += 1;
    const beganAtMs = performance.now();
    try {
      const connection = await this.#options.open();
      this.#opening -= 1;
      // One that dies while nobody holds it gives its slot back by itself.
      void connection.closed.then(() => this.#forget(connection));
      this.give(connection);
    } catch (error) {
      this.#opening -= 1;
      this.#taken -= 1;
      const others = this.#taken > 0;
      const full = error instanceof PostgresFailure && error.code === sqlState.tooManyConnections;
      // Where the server has no more to give, those that there are will come back.
      if (full && others) return;
      // Who came later is told nothing by this: the server may be back by now, and the next attempt is theirs.
      const [waiter] = this.#waiting;
      if (waiter !== undefined && waiter.cameAtMs <= beganAtMs) {
        this.#waiting.shift();
        clearTimeout(waiter.timer);
        waiter.reject(error);
      }
      this.#serve();
    }
  }

  #forget(connection: Connection): void {
    const place = this.#idle.indexOf(connection);
    if (place === -1) return;
    this.#idle.splice(place, 1);
    this.#retire(connection);
  }

  #expired(connection: Connection): boolean {
    const { maxLifetimeMs } = this.#options;
    return maxLifetimeMs > 0 && performance.now() - connection.openedAtMs > maxLifetimeMs;
  }

  #dropExpired(): void {
    for (const connection of this.#idle.splice(0)) {
      if (connection.usable && !this.#expired(connection)) this.#idle.push(connection);
      else this.#retire(connection);
    }
  }
}
