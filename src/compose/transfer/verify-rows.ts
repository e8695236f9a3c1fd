import { sql } from 'kysely';
import type { Db } from '#platform/metadata/metadata.ts';
import type { FillSource } from './fill-store.ts';
import { anyTables, databaseRows, digestsOf, type RowSource } from './rows.ts';
import { childTables } from './stored-tables.ts';

/**
 * What is wrong with the rows of a filled database, in words; empty when nothing is. Each table is read again, counted and hashed;
 * then the database itself counts, by incident, and looks for what may be there only once.
 */
export async function verifyRows(db: Db, source: Pick<FillSource, 'rows' | 'digests'>): Promise<string[]> {
  const wrong: string[] = [];
  const written = await digestsOf(databaseRows(db, source.rows.tables));
  for (const expected of source.digests) {
    const found = written.find(({ name }) => name === expected.name);
    if (found?.rows !== expected.rows) wrong.push(`${expected.name} has ${found?.rows} rows, not ${expected.rows}`);
    else if (found.sha256 !== expected.sha256) wrong.push(`${expected.name} has other rows`);
  }
  for (const name of childTables) wrong.push(...(await differentCounts(db, source.rows, name)));
  for (const [what, query] of Object.entries(impossible)) {
    const { rows } = await query.execute(db);
    if (rows.length > 0) wrong.push(`${what} is there twice`);
  }
  return wrong;
}

async function differentCounts(db: Db, source: RowSource, name: string): Promise<string[]> {
  const table = source.tables.find((each) => each.name === name);
  if (table === undefined) return [];
  const counts = new Map<string, number>();
  for await (const rows of source.pages(table))
    for (const { incident_id } of rows) counts.set(String(incident_id), (counts.get(String(incident_id)) ?? 0) + 1);
  const found = await anyTables(db)
    .selectFrom(name)
    .select((builder) => ['incident_id', builder.fn.countAll().as('rows')])
    .groupBy('incident_id')
    .execute();
  const wrong = found.filter(({ incident_id, rows }) => counts.get(String(incident_id)) !== Number(rows)).length;
  const missing = counts.size - found.length;
  return wrong + Math.abs(missing) === 0
    ? []
    : [`${name} differs in its rows of ${wrong + Math.abs(missing)} incidents`];
}

const twice = (table: string, columns: readonly string[], condition = sql`1 = 1`) =>
  sql`select 1 from ${sql.table(table)} where ${condition} group by ${sql.join(columns.map((column) => sql.ref(column)))} having count(*) > 1 limit 1`;

/** Unique indexes forbid these; that they were there while the rows came in is what is looked at. */
const impossible = {
  'a chunk of a stream': twice('chunks', ['incident_id', 'stream_id', 'chunk_index'], sql`stream_id is not null`),
  'a chunk without a stream': twice('chunks', ['incident_id', 'media_type', 'chunk_index'], sql`stream_id is null`),
  'the hash of a session': twice('auth_sessions', ['token_hash']),
  'the hash of a viewer link': twice('incident_tokens', ['token_hash']),
  'an idempotency key': twice('upload_operations', ['idempotency_key_hash']),
  'a deletion of one incident': twice('incident_deletion_decisions', ['incident_id']),
};
