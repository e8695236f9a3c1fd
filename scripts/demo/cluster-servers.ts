import { missing } from '../../test/support/needs.ts';
import { startPostgres } from '../../test/support/services/postgres.ts';
import { startRadosgw } from '../../test/support/services/radosgw.ts';
import { startRedis } from '../../test/support/services/redis.ts';
import { s3Environment } from '../../test/support/services/s3-server.ts';
import { startVersitygw } from '../../test/support/services/versitygw.ts';

type Environment = Readonly<Record<string, string | undefined>>;

interface Kind {
  name: string;
  /** Any of them says that there is one already. */
  settings: readonly string[];
  /** Undefined when it can be started here, else how to get it. */
  lacking(): string | undefined;
  start(): Promise<{ settings: Record<string, string>; stop(): Promise<void> }>;
}

const hasVersitygw = () => missing('versitygw').length === 0;

const kinds: readonly Kind[] = [
  {
    name: 'PostgreSQL',
    settings: ['SAFE_POSTGRES_DSN', 'SAFE_POSTGRES_DSN_FILE', 'DATABASE_URL', 'DATABASE_URL_FILE'],
    lacking: () => missing('postgres')[0],
    async start() {
      const postgres = await startPostgres();
      const settings = { SAFE_METADATA_BACKEND: 'postgresql', SAFE_POSTGRES_DSN: await postgres.createDatabase() };
      return { settings, stop: postgres.stop };
    },
  },
  {
    name: 'an S3 store',
    settings: ['SAFE_S3_BUCKET', 'MINIO_BUCKET'],
    lacking: () =>
      hasVersitygw() || missing('radosgw').length === 0 ? undefined : missing('versitygw', 'radosgw').join(' or '),
    async start() {
      const s3 = await (hasVersitygw() ? startVersitygw() : startRadosgw());
      return { settings: s3Environment(s3, await s3.createBucket()), stop: s3.stop };
    },
  },
  {
    name: 'Valkey or Redis',
    settings: ['SAFE_VALKEY_ADDR', 'REDIS_URL', 'REDIS_URL_FILE'],
    lacking: () => missing('valkey')[0],
    async start() {
      const redis = await startRedis();
      const settings = { SAFE_COORDINATION_BACKEND: 'valkey', SAFE_VALKEY_ADDR: `127.0.0.1:${redis.port}` };
      return { settings, stop: redis.stop };
    },
  },
];

const wanted = (environment: Environment) =>
  kinds.filter(({ settings }) => settings.every((name) => (environment[name] ?? '') === ''));

/** What can neither be started here nor is named in the environment, each with how to get it. */
export function lackingServers(environment: Environment): string[] {
  return wanted(environment).flatMap(({ lacking, name, settings: [setting] }) => {
    const how = lacking();
    return how === undefined ? [] : [`${name}: ${how}, or set ${setting} to one of yours`];
  });
}

export interface ClusterServers extends AsyncDisposable {
  readonly settings: Record<string, string>;
}

/** Those that the environment does not name, on free ports of 127.0.0.1 and in temporary folders; gone when it is disposed of. */
export async function startClusterServers(
  environment: Environment,
  say: (line: string) => void,
): Promise<ClusterServers> {
  const chosen = wanted(environment);
  if (chosen.length > 0) say(`Starting  ${chosen.map(({ name }) => name).join(', ')}`);
  const results = await Promise.allSettled(chosen.map((kind) => kind.start()));
  const started = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const stop = async () => {
    for (const server of started) await server.stop();
  };
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) {
    await stop();
    throw failed.reason;
  }
  return {
    settings: Object.assign({}, ...started.map(({ settings }) => settings)),
    [Symbol.asyncDispose]: stop,
  };
}
