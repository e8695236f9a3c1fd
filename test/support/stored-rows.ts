import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import pg from 'pg';
import { currentCell, databaseUrl } from './cells.ts';

export type Row = Record<string, unknown>;

/** One statement, `?` for each value; the rows that it gives. */
export type Query = (statement: string, ...values: (string | number | null)[]) => Promise<Row[]>;

/** The rows behind a server, looked at and changed beside it, in one transaction. For what no request can bring about. */
export async function withRows(dataDir: string, work: (query: Query) => Promise<void>): Promise<void> {
  if (currentCell.metadata === 'sqlite') await withSqlite(dataDir, work);
  else await withPostgres(databaseUrl(dataDir), work);
}

export async function tableNames(query: Query): Promise<string[]> {
  const rows = await query(
    currentCell.metadata === 'sqlite'
      ? "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
      : "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'",
  );
  return rows.map(({ name }) => String(name));
}

export async function withSqlite(dataDir: string, work: (query: Query) => Promise<void>): Promise<void> {
  const database = new DatabaseSync(join(dataDir, 'proofline.db'), { timeout: 5_000 });
  try {
    database.exec('BEGIN IMMEDIATE');
    await work(async (statement, ...values) => database.prepare(statement).all(...(values as SQLInputValue[])));
    database.exec('COMMIT');
  } finally {
    database.close();
  }
}

export async function withPostgres(url: string, work: (query: Query) => Promise<void>): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    await client.query('BEGIN');
    await work(async (statement, ...values) => {
      let n = 0;
      const numbered = statement.replace(/\?/g, () => `$${++n}`);
      return (await client.query<Row>(numbered, values)).rows;
    });
    await client.query('COMMIT');
  } finally {
    await client.end();
  }
}
