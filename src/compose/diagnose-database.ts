import { existsSync, statSync } from 'node:fs';
import type { PostgresFacts } from '#platform/metadata/postgres/inspect.ts';
import { quickCheckSqlite } from '#platform/metadata/sqlite/check.ts';
import { pendingSqliteMigrations } from '#platform/metadata/sqlite/migrate.ts';
import { StartupError } from '#platform/process/startup-error.ts';
import { type Config, dataPaths, postgresDsns } from './config.ts';
import { type Diagnosis, fine } from './diagnosis.ts';
import { pendingMigrationsOf } from './migrate.ts';

/** The rows' database, as far as it can be judged without opening it for work. */
export async function* diagnoseDatabase(config: Config): AsyncGenerator<Diagnosis> {
  if (config.metadata.backend === 'postgresql') yield* diagnosePostgres(config);
  else yield* diagnoseSqlite(dataPaths(config).dbPath);
}

/** Whether opening it would find a schema of this version, and so change nothing. */
export async function isMigrated(config: Config): Promise<boolean> {
  try {
    return (await pendingMigrationsOf(config)).length === 0;
  } catch (error) {
    // Told by diagnoseDatabase already.
    if (config.metadata.backend === 'postgresql' && error instanceof StartupError) return false;
    throw error;
  }
}

function* diagnoseSqlite(dbPath: string): Generator<Diagnosis> {
  if (!existsSync(dbPath)) {
    yield { check: 'database', state: 'note', found: 'there is none yet', remedy: 'The first start makes it.' };
    return;
  }
  const pending = pendingSqliteMigrations({ path: dbPath });
  yield pending.length === 0
    ? fine('migrations', 'all applied, none changed')
    : {
        check: 'migrations',
        state: 'note',
        found: `${pending.length} not applied yet`,
        remedy: 'The next start of the server applies them. Back up before.',
      };
  const faults = quickCheckSqlite(dbPath);
  yield faults.length === 0
    ? fine('database', `sound, ${(statSync(dbPath).size / 1024 ** 2).toFixed(1)} MiB`)
    : {
        check: 'database',
        state: 'bad',
        found: `damaged: ${faults.length} faults`,
        remedy: 'Stop the server, keep a copy of the files, restore the last good backup.',
      };
}

async function* diagnosePostgres(config: Config): AsyncGenerator<Diagnosis> {
  const [{ inspectPostgres }, { pendingPostgresMigrations }] = await Promise.all([
    import('#platform/metadata/postgres/inspect.ts'),
    import('#platform/metadata/postgres/migrate.ts'),
  ]);
  const dsns = postgresDsns(config);
  try {
    const facts = await inspectPostgres(dsns);
    yield server(facts);
    yield flushes(facts);
    yield clock(facts);
    yield connections(facts, config.metadata.postgresMaxOpen);
    if (dsns.migrateDsn !== undefined) yield roles(facts);
    const pending = await pendingPostgresMigrations(dsns);
    yield pending.length === 0
      ? fine('migrations', 'all applied, none changed')
      : {
          check: 'migrations',
          state: 'note',
          found: `${pending.length} not applied yet`,
          remedy: 'The next start of a server applies them, or `proofline migrate` does. Back up before.',
        };
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    yield { check: 'database', state: 'bad', found: error.message, remedy: error.remedy };
  }
}

const oldestVersion = 150_000;

function server({ version, roundTripMs, encoding, inRecovery }: PostgresFacts): Diagnosis {
  const found = `PostgreSQL ${Math.floor(version / 10_000)}.${version % 10_000}, answers in ${roundTripMs.toFixed(1)} ms`;
  if (version < oldestVersion)
    return { check: 'database', state: 'bad', found, remedy: 'Upgrade the server: 15 or later is needed.' };
  if (encoding !== 'UTF8')
    return {
      check: 'database',
      state: 'bad',
      found: `${found}, not in UTF-8`,
      remedy: "Create it with ENCODING 'UTF8'.",
    };
  return inRecovery
    ? {
        check: 'database',
        state: 'bad',
        found: `${found}, a standby`,
        remedy: 'Point SAFE_POSTGRES_DSN at the primary.',
      }
    : fine('database', found);
}

function flushes({ synchronousCommit, fsync, fullPageWrites }: PostgresFacts): Diagnosis {
  const off = [fsync ? '' : 'fsync', fullPageWrites ? '' : 'full_page_writes'].filter((name) => name !== '');
  return off.length === 0
    ? fine('durability', `synchronous_commit ${synchronousCommit} in our sessions, fsync on, full_page_writes on`)
    : {
        check: 'durability',
        state: 'bad',
        found: `${off.join(' and ')} off: a power cut may lose or damage what was acknowledged`,
        remedy: 'Turn them on in postgresql.conf of the server, then restart it.',
      };
}

const clocksMayDifferMs = 2000;

function clock({ clockAheadMs }: PostgresFacts): Diagnosis {
  const seconds = (Math.abs(clockAheadMs) / 1000).toFixed(1);
  return Math.abs(clockAheadMs) <= clocksMayDifferMs
    ? fine('database clock', `${seconds} s from ours`)
    : {
        check: 'database clock',
        state: 'bad',
        found: `${seconds} s ${clockAheadMs > 0 ? 'ahead of' : 'behind'} ours`,
        remedy: 'Let one time service set the clocks of all nodes and of the database.',
      };
}

function connections({ maxConnections }: PostgresFacts, maxOpen: number): Diagnosis {
  return maxOpen < maxConnections
    ? fine('connections', `at most ${maxOpen} of this node, of ${maxConnections} that the server takes`)
    : {
        check: 'connections',
        state: 'bad',
        found: `this node may open ${maxOpen}, the server takes ${maxConnections} of all nodes together`,
        remedy: 'Lower SAFE_POSTGRES_MAX_OPEN_CONNS, or raise max_connections of the server.',
      };
}

function roles({ mayChangeSchema }: PostgresFacts): Diagnosis {
  return mayChangeSchema
    ? {
        check: 'roles',
        state: 'bad',
        found: 'the role of SAFE_POSTGRES_DSN may change the schema, although another one migrates',
        remedy: 'Give the two settings the two roles of deploy/postgres/roles.sql.',
      }
    : fine('roles', 'the role that serves requests cannot change the schema');
}
