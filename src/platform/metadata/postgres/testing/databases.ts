import { after, before } from 'node:test';
import type { AnyTransaction, Metadata } from '#platform/metadata/metadata.ts';
import { startPostgres, type TestPostgres } from '../../../../../test/support/services/postgres.ts';
import { migratePostgres } from '../migrate.ts';
import { openPostgres, type PostgresOptions } from '../open.ts';

export interface TestDatabases {
  readonly server: TestPostgres;
  /** A database with the canonical schema and nothing in it. */
  migrated(): Promise<string>;
  open(dsn: string, transactions: readonly AnyTransaction[], options?: Partial<PostgresOptions>): Promise<Metadata>;
}

const template = 'migrated';

/** One server for the tests of a file. */
export function testDatabases(settings: Record<string, string> = {}): TestDatabases {
  let server: TestPostgres | undefined;
  const running = () => {
    if (server === undefined) throw new Error('the server runs inside tests only');
    return server;
  };
  before(async () => {
    server = await startPostgres(settings);
    await server.sql('postgres', `CREATE DATABASE ${template}`);
    await migratePostgres({ dsn: server.url(template) });
  });
  after(async () => {
    await server?.stop();
  });
  return {
    get server() {
      return running();
    },
    migrated: () => running().createDatabase(template),
    open: (dsn, transactions, options) =>
      openPostgres({ dsn, transactions, maxOpen: 20, maxIdle: 10, maxLifetimeMs: 0, ...options }),
  };
}
