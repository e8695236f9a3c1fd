import { Queue, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { ValkeyAddress } from '#platform/coordination/valkey/valkey-address.ts';
import type { Log } from '#platform/process/log.ts';
import { Hands } from '../hands.ts';
import type { JobClaims, JobQueue } from '../job-queue.ts';
import { Nap } from '../nap.ts';
import { TableQueue } from '../table-queue.ts';
import { connectFirst, queueConnection } from './queue-connection.ts';

export interface BullQueueOptions {
  address: ValkeyAddress;
  pollIntervalMs: number;
  leaseMs: number;
  log: Log;
  /** In front of every key of the queue. */
  prefix?: string;
}

const name = 'jobs';
/** Told again at every look, and each job that ends makes room for another: more is of no use. */
const toldAtOnce = 200;
/** After so many looks a job that waits is one that the queue does not hand out. */
const looksUntilOverdue = 10;
const longestLockMs = 30_000;
const closeWithinMs = 2_000;

/**
 * BullMQ carries ids and nothing else. Every process tells it, again and again, of the rows that wait: an id that it knows already changes
 * nothing, one that it has forgotten is there again. A worker claims the row of an id that it is given; when there is nothing to claim, the
 * id is dropped. What the queue does not hand out for whatever reason is taken from the table after a while.
 */
export class BullQueue implements JobQueue {
  readonly #options: BullQueueOptions;
  readonly #asking: Redis;
  readonly #queue: Queue;
  readonly #nap = new Nap();
  readonly #overdue: TableQueue;
  #worker: { bull: Worker; connection: Redis } | undefined;
  #telling: Promise<void> | undefined;
  #stopped = false;
  #stopping: Promise<void> | undefined;

  private constructor(options: BullQueueOptions, asking: Redis) {
    const { prefix = 'proofline', log, pollIntervalMs } = options;
    this.#options = { ...options, prefix };
    this.#asking = asking;
    this.#queue = new Queue(name, { connection: asking, prefix, skipVersionCheck: true });
    // Its connection's trouble is told once by connectFirst; here it would be told with every question.
    this.#queue.on('error', () => undefined);
    const overdueMs = looksUntilOverdue * pollIntervalMs;
    this.#overdue = new TableQueue({ pollIntervalMs: overdueMs / 2, overdueMs, log });
  }

  /** Throws StartupError when the server is not there. */
  static async open(options: BullQueueOptions): Promise<BullQueue> {
    const asking = queueConnection(options.address, 'asking');
    await connectFirst(asking, options.log);
    return new BullQueue(options, asking);
  }

  start(claims: JobClaims, concurrency: number): void {
    if (this.#telling !== undefined) return;
    this.#telling = this.#tell(claims);
    if (concurrency === 0) return;
    const limited = inHands(claims, new Hands(concurrency));
    this.#worker = this.#work(limited, concurrency);
    this.#overdue.start(limited, 1);
  }

  nudge(): void {
    this.#nap.wake();
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#end();
    return this.#stopping;
  }

  async #end(): Promise<void> {
    this.#stopped = true;
    this.#nap.wake();
    await Promise.all([this.#telling, this.#overdue.stop(), this.#closeWorker()]);
    await this.#queue.close();
    this.#asking.disconnect();
  }

  #work(claims: JobClaims, concurrency: number): { bull: Worker; connection: Redis } {
    const { leaseMs, log, prefix = '' } = this.#options;
    const connection = queueConnection(this.#options.address, 'waiting');
    const lockDuration = Math.min(longestLockMs, leaseMs);
    const bull = new Worker(
      name,
      async ({ id }) => {
        const run = await claims.take({ id });
        await run?.();
        // What follows from it waits already.
        if (run !== undefined) this.nudge();
      },
      {
        connection,
        prefix,
        concurrency,
        lockDuration,
        stalledInterval: lockDuration,
        maxStalledCount: Number.MAX_SAFE_INTEGER,
        runRetryDelay: 1_000,
        skipVersionCheck: true,
      },
    );
    // An id that was lost or handed out twice, a server that is away: the rows know better, and the next look mends it.
    bull.on('error', (error) => log.debug({ err: error }, 'the queue of jobs stumbled'));
    connection.on('error', () => undefined);
    return { bull, connection };
  }

  async #tell(claims: JobClaims): Promise<void> {
    const told = new Set<string>();
    let everythingAt = performance.now();
    while (!this.#stopped) {
      // After a nudge only what is new: all of it again with each nudge would be most of what the server has to do.
      if (performance.now() - everythingAt >= this.#options.pollIntervalMs) {
        told.clear();
        everythingAt = performance.now();
      }
      try {
        const ids = (await claims.due(toldAtOnce)).filter((id) => !told.has(id));
        if (ids.length > 0)
          await this.#queue.addBulk(
            ids.map((jobId) => ({ name, data: {}, opts: { jobId, removeOnComplete: true, removeOnFail: true } })),
          );
        for (const id of ids) told.add(id);
      } catch (error) {
        this.#options.log.debug({ err: error }, 'the queue could not be told of jobs; tried again');
      }
      await this.#nap.sleep(this.#options.pollIntervalMs);
    }
  }

  /** In peace where the server answers, so that the ids which were given back are free for others at once. */
  async #closeWorker(): Promise<void> {
    if (this.#worker === undefined) return;
    const { bull, connection } = this.#worker;
    const closing = bull.close();
    const timer = setTimeout(() => connection.disconnect(), closeWithinMs);
    await closing;
    clearTimeout(timer);
    connection.disconnect();
  }
}

/** The worker of BullMQ and the look into the table share what may run at once. */
function inHands(claims: JobClaims, hands: Hands): JobClaims {
  return {
    due: (limit, overdueMs) => claims.due(limit, overdueMs),
    take: async (wanted) => {
      await hands.take();
      const run = await claims.take(wanted).catch((error: unknown) => {
        hands.give();
        throw error;
      });
      if (run !== undefined) return () => run().finally(() => hands.give());
      hands.give();
      return undefined;
    },
  };
}
