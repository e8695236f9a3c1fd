import { setTimeout as pause } from 'node:timers/promises';
import { BullQueue } from '#features/jobs/bullmq/bull-queue.ts';
import { contractEndings, contractTransactions, states } from '#features/jobs/contract/effects.ts';
import type { JobHandler } from '#features/jobs/job-handler.ts';
import { contractConfig } from '#features/jobs/job-queue.contract.ts';
import { JobRunner } from '#features/jobs/job-runner.ts';
import { parseRedisUrl } from '#platform/coordination/valkey/valkey-address.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { openSqliteInline } from '#platform/metadata/sqlite/inline.ts';
import { createLog } from '#platform/process/log.ts';
import { startRedis, type TestRedis } from '../support/services/redis.ts';

export interface BullWorld {
  redis: TestRedis;
  metadata: Metadata;
  work(handler: JobHandler, changed?: Partial<typeof contractConfig>): Promise<BullQueue>;
  settled(done: number, withinMs?: number): Promise<void>;
  stopWorkers(): Promise<void>;
  close(): Promise<void>;
}

/** A server of its own, rows in memory, and workers beside one another. */
export async function openBullWorld(): Promise<BullWorld> {
  const redis = await startRedis();
  const address = parseRedisUrl(redis.url);
  if (address === undefined) throw new Error('no address');
  const metadata = openSqliteInline({ path: ':memory:', transactions: contractTransactions });
  const workers: { runner: JobRunner; queue: BullQueue }[] = [];
  const log = createLog('silent');
  const stopWorkers = async () => {
    await Promise.all(
      workers.splice(0).map(async ({ runner, queue }) => {
        await runner.stop();
        await queue.stop();
      }),
    );
  };
  return {
    redis,
    metadata,
    work: async (handler, changed = {}) => {
      const config = { ...contractConfig, ...changed };
      const count = () => undefined;
      const runner = new JobRunner({ metadata, handlers: [handler], endings: contractEndings, log, count }, config);
      const queue = await BullQueue.open({ ...config, address, log });
      queue.start(runner, config.concurrency);
      workers.push({ runner, queue });
      return queue;
    },
    settled: async (done, withinMs = 40_000) => {
      const end = Date.now() + withinMs;
      for (;;) {
        const found = await states(metadata.read);
        if (found.done === done) return;
        if (Date.now() > end) throw new Error(`${JSON.stringify(found)} after ${withinMs} ms, not ${done} done`);
        await pause(10);
      }
    },
    stopWorkers,
    close: async () => {
      await stopWorkers();
      await metadata.close();
      await redis.stop();
    },
  };
}
