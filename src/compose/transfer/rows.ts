import { createHash, type Hash } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import type { Db } from '#platform/metadata/metadata.ts';
import { fillingMarkId } from './filling-mark-id.ts';
import { internalColumns, type StoredTable } from './stored-tables.ts';

/** A row as both databases give it: the same values, whatever their columns are made of. */
export type Row = Readonly<Record<string, string | number | null>>;

/** Where rows come from: a database, or the files of a backup. */
export interface RowSource {
  readonly tables: readonly StoredTable[];
  /** All rows of a table in the order of its key, some at a time. */
  pages(table: StoredTable): AsyncIterable<readonly Row[]>;
}

/** The rows of one table by its name. */
export function pagesNamed(source: RowSource, name: string): AsyncIterable<readonly Row[]> {
  const table = source.tables.find((each) => each.name === name);
  if (table === undefined) throw new Error(`There are no rows of ${name} here.`);
  return source.pages(table);
}

/** Any table, any column: what is copied must not depend on what the slices of this version declare. */
type AnyTables = Record<string, Record<string, unknown>>;

export function anyTables(db: Db): Kysely<AnyTables> {
  return db.withTables<AnyTables>();
}

const pageSize = 500;

export function databaseRows(db: Db, tables: readonly StoredTable[]): RowSource {
  return { tables, pages: (table) => pagesOf(db, table) };
}

async function* pagesOf(db: Db, { name, key }: StoredTable): AsyncGenerator<Row[]> {
  const columns = sql.join(key.map((column) => sql.ref(column)));
  const internal = internalColumns[name];
  let last: Row | undefined;
  for (;;) {
    let query = anyTables(db).selectFrom(name).selectAll();
    if (last !== undefined) {
      const after = last;
      query = query.where(sql<boolean>`(${columns}) > (${sql.join(key.map((column) => after[column]))})`);
    }
    for (const column of key) query = query.orderBy(column);
    // The databases give strings, numbers and NULL for every column there is; lineOf refuses anything else.
    const found = (await query.limit(pageSize).execute()) as Row[];
    const rows = internal === undefined ? found : found.map(({ [internal]: _, ...row }) => row);
    last = rows.at(-1);
    if (last === undefined) return;
    yield name === 'audit_log' || name === 'admin_audit' ? rows.filter(({ id }) => id !== fillingMarkId) : rows;
    if (rows.length < pageSize) return;
  }
}

/** A row as one line: JSON with its columns in alphabetical order. The same row is the same line, from whichever database. */
export function lineOf(row: Row): string {
  const entries = Object.keys(row)
    .sort()
    .map((column) => [column, row[column]] as const);
  for (const [column, value] of entries) {
    const plain = value === null || typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value));
    if (!plain) throw new TypeError(`The column ${column} holds a value that cannot be written as a line.`);
  }
  return `${JSON.stringify(Object.fromEntries(entries))}\n`;
}

export interface TableDigest {
  readonly name: string;
  readonly rows: number;
  /** Over all lines. Lower-case hexadecimal. */
  readonly sha256: string;
}

/** Counts and hashes the rows of one table while they pass. */
export class TableFold {
  readonly #name: string;
  readonly #hash: Hash = createHash('sha256');
  #rows = 0;

  constructor(name: string) {
    this.#name = name;
  }

  add(rows: readonly Row[]): string {
    const lines = rows.map(lineOf).join('');
    this.#hash.update(lines);
    this.#rows += rows.length;
    return lines;
  }

  digest(): TableDigest {
    return { name: this.#name, rows: this.#rows, sha256: this.#hash.digest('hex') };
  }
}

export async function digestsOf(source: RowSource): Promise<TableDigest[]> {
  const digests: TableDigest[] = [];
  for (const table of source.tables) {
    const fold = new TableFold(table.name);
    for await (const rows of source.pages(table)) fold.add(rows);
    digests.push(fold.digest());
  }
  return digests;
}

/** The steps that a database has taken, in order. */
export async function appliedMigrations(db: Db): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`select id from schema_migrations order by id`.execute(db);
  return rows.map(({ id }) => id);
}

/** In place of its id, of a store without accounts. */
export const emptyStore = 'empty';

/** Tells one store from another, also after it was moved or restored: its first account. Ids begin with their time. */
export async function storeIdOf(db: Db): Promise<string> {
  const first = await db.selectFrom('accounts').select('id').orderBy('id').limit(1).executeTakeFirst();
  return first === undefined ? emptyStore : createHash('sha256').update(first.id).digest('hex').slice(0, 16);
}
