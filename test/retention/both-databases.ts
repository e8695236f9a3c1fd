import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { testDatabases, testOnPostgres } from '#platform/metadata/postgres/testing/databases.ts';
import { openSqliteInline } from '#platform/metadata/sqlite/inline.ts';
import { scratchFolder } from '../support/server.ts';
import { transactions } from './stored-incident.ts';

/** One database as two nodes see it; SQLite has one. */
export type Nodes = readonly [Metadata, Metadata];

/** The same test on a fresh database of each kind. */
export function onBothDatabases(): (name: string, body: (nodes: Nodes, t: TestContext) => Promise<void>) => void {
  const databases = testDatabases();
  const folder = scratchFolder('retention');
  after(() => folder.remove());
  let serial = 0;
  return (name, body) => {
    test(`SQLite: ${name}`, async (t) => {
      const metadata = openSqliteInline({ path: join(folder.path, `${serial++}.db`), transactions });
      await body([metadata, metadata], t);
      await metadata.close();
    });
    testOnPostgres(`PostgreSQL: ${name}`, async (t) => {
      const dsn = await databases.migrated();
      const nodes = [await databases.open(dsn, transactions), await databases.open(dsn, transactions)] as const;
      await body(nodes, t);
      await Promise.all(nodes.map((node) => node.close()));
    });
  };
}
