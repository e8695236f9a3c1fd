/** A worker in a process of its own, until it is killed: `work-forever.ts <database> <redis or -> <milliseconds a job>`. */
import { setTimeout as pause } from 'node:timers/promises';
import { BullQueue } from '#features/jobs/bullmq/bull-queue.ts';
import { contractEndings, contractTransactions, effectHandler } from '#features/jobs/contract/effects.ts';
import { contractConfig } from '#features/jobs/job-queue.contract.ts';
import { JobRunner } from '#features/jobs/job-runner.ts';
import { TableQueue } from '#features/jobs/table-queue.ts';
import { parseRedisUrl } from '#platform/coordination/valkey/valkey-address.ts';
import { openPostgres } from '#platform/metadata/postgres/open.ts';
import { openSqliteInline } from '#platform/metadata/sqlite/inline.ts';
import { createLog } from '#platform/process/log.ts';

const [database = '', redis = '', jobMs = ''] = process.argv.slice(2);
const log = createLog('silent');
const metadata = database.startsWith('postgresql:')
  ? await openPostgres({ dsn: database, transactions: contractTransactions, maxOpen: 6, maxIdle: 6, maxLifetimeMs: 0 })
  : openSqliteInline({ path: database, transactions: contractTransactions });
const handler = effectHandler(metadata, async (job) => {
  process.stdout.write(`${job.id}\n`);
  await pause(Number(jobMs));
});
const runner = new JobRunner(
  { metadata, handlers: [handler], endings: contractEndings, log, count: () => undefined },
  // Killed workers must not use up the attempts of what they ran.
  { ...contractConfig, maxAttempts: 100 },
);
const address = parseRedisUrl(redis);
const queue =
  address === undefined
    ? new TableQueue({ ...contractConfig, log })
    : await BullQueue.open({ ...contractConfig, address, log });
queue.start(runner, contractConfig.concurrency);
