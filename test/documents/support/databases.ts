import { test } from 'node:test';
import { insertRows, type Row, updateRow } from '#platform/metadata/contract/transactions.ts';
import type { AnyTransaction, Metadata } from '#platform/metadata/metadata.ts';
import { testDatabases, testOnPostgres } from '#platform/metadata/postgres/testing/databases.ts';
import { openSqliteInline } from '#platform/metadata/sqlite/inline.ts';

const databases = testDatabases();

/** The same test on both databases, each empty and with these transactions. */
export function testOnBoth(
  name: string,
  transactions: readonly AnyTransaction[],
  body: (metadata: Metadata) => Promise<void>,
): void {
  const all = [...transactions, insertRows, updateRow];
  const around = async (metadata: Metadata) => {
    try {
      await body(metadata);
    } finally {
      await metadata.close();
    }
  };
  test(`${name} (SQLite)`, () => around(openSqliteInline({ path: ':memory:', transactions: all })));
  testOnPostgres(`${name} (PostgreSQL)`, async () =>
    around(await databases.open(await databases.migrated(), all, { maxOpen: 10 })),
  );
}

export const at = '2026-01-02T03:04:05.678Z';

export async function insert(metadata: Metadata, ...rows: Row[]): Promise<void> {
  await metadata.write(insertRows, rows);
}

const named =
  (table: string, defaults: Record<string, unknown>) =>
  (id: string, values: Record<string, unknown> = {}): Row => ({ table, values: { id, ...defaults, ...values } });

export const rowOf = {
  account: (id: string): Row => ({
    table: 'accounts',
    values: {
      id,
      username: id,
      password_hash: 'x',
      role: 'user',
      created_at: at,
      updated_at: at,
      password_changed_at: at,
    },
  }),
  group: (id: string): Row => ({ table: 'groups', values: { id, name: id, created_at: at } }),
  member: (group_id: string, account_id: string): Row => ({
    table: 'group_members',
    values: { group_id, account_id, created_at: at },
  }),
  folder: named('folders', { parent_id: null, created_at: at, updated_at: at, trashed_at: null }),
  document: named('documents', {
    folder_id: null,
    version: 1,
    media_type: 'text/plain',
    byte_size: 1,
    sha256_hex: 'a'.repeat(64),
    status: 'ready',
    created_at: at,
    updated_at: at,
    trashed_at: null,
  }),
  share: named('shares', { access: 'view', created_at: at, expires_at: null, revoked_at: null }),
};
