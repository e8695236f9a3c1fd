import { after, test } from 'node:test';
import { parseRedisUrl } from '#platform/coordination/valkey/valkey-address.ts';
import { openSqliteInline } from '#platform/metadata/sqlite/inline.ts';
import { createLog } from '#platform/process/log.ts';
import { lacks, missing } from '../../../../test/support/needs.ts';
import { startRedis, type TestRedis } from '../../../../test/support/services/redis.ts';
import { contractTransactions } from '../contract/effects.ts';
import { jobQueueContract } from '../job-queue.contract.ts';
import type { JobConfig } from '../jobs.config.ts';
import { BullQueue } from './bull-queue.ts';

let started: Promise<TestRedis> | undefined;
const server = () => {
  started ??= startRedis();
  return started;
};
after(async () => {
  await (await started)?.stop();
});

let worlds = 0;
const open = async () => {
  const { url } = await server();
  const address = parseRedisUrl(url);
  if (address === undefined) throw new Error('no address');
  const metadata = openSqliteInline({ path: ':memory:', transactions: contractTransactions });
  worlds += 1;
  const prefix = `world${worlds}`;
  return {
    metadata,
    queue: async (config: JobConfig) => await BullQueue.open({ ...config, address, prefix, log: createLog('silent') }),
    close: () => metadata.close(),
  };
};

const absent = missing('valkey').length > 0;
if (absent) test('BullMQ as the queue of jobs', (t) => void lacks(t, 'valkey'));
else jobQueueContract('BullMQ', open);
