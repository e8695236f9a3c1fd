import { after, type TestContext, test } from 'node:test';
import { metadataContract } from '#platform/metadata/metadata.contract.ts';
import type { AnyTransaction, Metadata } from '#platform/metadata/metadata.ts';
import { lacks } from '../../../../../test/support/needs.ts';
import { postgresBinaries, startPostgres, type TestPostgres } from '../../../../../test/support/services/postgres.ts';
import { migratePostgres } from '../migrate.ts';
import { openPostgres, type PostgresOptions } from '../open.ts';

export interface TestDatabases {
  server(): Promise<TestPostgres>;
  /** The DSN of a database with the canonical schema and nothing in it. */
  migrated(): Promise<string>;
  open(dsn: string, transactions: readonly AnyTransaction[], options?: Partial<PostgresOptions>): Promise<Metadata>;
}

const template = 'migrated';

/** One server for the tests of a file, started when the first of them asks. */
export function testDatabases(settings: Record<string, string> = {}): TestDatabases {
  let started: Promise<TestPostgres> | undefined;
  const start = async () => {
    const server = await startPostgres(settings);
    await server.sql('postgres', `CREATE DATABASE ${template}`);
    await migratePostgres({ dsn: server.url(template) });
    return server;
  };
  const server = () => {
    started ??= start();
    return started;
  };
  after(async () => {
    await (await started)?.stop();
  });
  return {
    server,
    migrated: async () => await (await server()).createDatabase(template),
    open: async (dsn, transactions, options) =>
      await openPostgres({ dsn, transactions, maxOpen: 20, maxIdle: 10, maxLifetimeMs: 0, ...options }),
  };
}

/** A test that needs a server, and says so where there is none. */
export function testOnPostgres(name: string, body: (t: TestContext) => Promise<void>): void {
  test(name, async (t) => {
    if (!lacks(t, 'postgres')) await body(t);
  });
}

/** The contract of every metadata database, or word of why it cannot be held here. */
export function postgresContract(name: string, open: () => Promise<Metadata>): void {
  if (postgresBinaries() === undefined) testOnPostgres(`${name} as the metadata database`, async () => undefined);
  else metadataContract(name, open);
}

/** The name of the database in a DSN. */
export function databaseOf(dsn: string): string {
  return new URL(dsn).pathname.slice(1);
}

/** The same database by another way: through a proxy, or as another role. */
export function elsewhere(dsn: string, to: { port?: number; user?: string; password?: string }): string {
  const url = new URL(dsn);
  if (to.port !== undefined) url.port = String(to.port);
  if (to.user !== undefined) url.username = to.user;
  if (to.password !== undefined) url.password = to.password;
  return url.href;
}
