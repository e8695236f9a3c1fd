import type { Cell, CellServers } from '../../test/support/cells.ts';
import { missing } from '../../test/support/needs.ts';
import { startPostgres, type TestPostgres } from '../../test/support/services/postgres.ts';
import { startRadosgw } from '../../test/support/services/radosgw.ts';
import { startRedis } from '../../test/support/services/redis.ts';
import type { TestS3 } from '../../test/support/services/s3-server.ts';
import { startVersitygw } from '../../test/support/services/versitygw.ts';

export interface StartedServers extends AsyncDisposable {
  /** For the test processes. */
  readonly reached: CellServers;
  /** Between two cells: what the last one left behind. */
  tidy(): Promise<void>;
}

/** What these suites find does not hang on a disk's flushes; other tests cut the power. */
const quick = { fsync: 'off', full_page_writes: 'off' };

/** One of each that the cells need, all started at once. What was started is ended when another one fails to start. */
export async function startCellServers(cells: readonly Cell[]): Promise<StartedServers> {
  const started: { stop(): Promise<void> }[] = [];
  const keep = async <T extends { stop(): Promise<void> }>(isNeeded: boolean, start: () => Promise<T>) => {
    if (!isNeeded) return undefined;
    const server = await start();
    started.push(server);
    return server;
  };
  const stop = async () => {
    for (const server of started.splice(0)) await server.stop();
  };
  const results = await Promise.allSettled([
    keep(
      cells.some(({ metadata }) => metadata === 'postgresql'),
      () => startPostgres(quick),
    ),
    keep(
      cells.some(({ blobs }) => blobs === 's3'),
      () => (missing('radosgw').length === 0 ? startRadosgw() : startVersitygw()),
    ),
    keep(
      cells.some(({ coordination }) => coordination === 'valkey'),
      () => startRedis(),
    ),
  ]);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) {
    await stop();
    throw failed.reason;
  }
  const [postgres, s3, valkey] = results.map((result) =>
    result.status === 'fulfilled' ? result.value : undefined,
  ) as [TestPostgres?, TestS3?, { port: number }?]; // in the order in which they were started
  return {
    reached: {
      ...(postgres === undefined ? {} : { postgres: { url: postgres.url('').replace(/\/$/, '') } }),
      ...(s3 === undefined ? {} : { s3: await reachedS3(s3) }),
      ...(valkey === undefined ? {} : { valkey: { port: valkey.port } }),
    },
    tidy: async () => {
      if (postgres !== undefined) await dropDatabases(postgres);
    },
    [Symbol.asyncDispose]: stop,
  };
}

async function reachedS3(s3: TestS3) {
  const { endpoint, accessKey, secretKey } = s3;
  return { endpoint, accessKey, secretKey, bucket: await s3.createBucket() };
}

async function dropDatabases(postgres: TestPostgres): Promise<void> {
  const rows = await postgres.sql('postgres', "SELECT datname FROM pg_database WHERE datname LIKE 'cell_%'");
  for (const { datname } of rows) await postgres.sql('postgres', `DROP DATABASE ${String(datname)} WITH (FORCE)`);
}
