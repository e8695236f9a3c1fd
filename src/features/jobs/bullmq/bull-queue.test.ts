import { after } from 'node:test';
import { parseRedisUrl } from '#platform/coordination/valkey/valkey-address.ts';
import { openSqliteInline } from '#platform/metadata/sqlite/inline.ts';
import { createLog } from '#platform/process/log.ts';
import { startRedis, type TestRedis } from '../../../../test/support/services/redis.ts';
import { contractTransactions } from '../contract/effects.ts';
import { jobQueueContract } from '../job-queue.contract.ts';
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
jobQueueContract('BullMQ', async () => {
  const { url } = await server();
  const address = parseRedisUrl(url);
  if (address === undefined) throw new Error('no address');
  const metadata = openSqliteInline({ path: ':memory:', transactions: contractTransactions });
  worlds += 1;
  const prefix = `world${worlds}`;
  return {
    metadata,
    queue: async (config) => await BullQueue.open({ ...config, address, prefix, log: createLog('silent') }),
    close: () => metadata.close(),
  };
});
