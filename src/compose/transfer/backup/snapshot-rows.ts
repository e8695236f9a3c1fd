import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Row, type RowSource, TableFold } from '../rows.ts';
import type { StoredTable } from '../stored-tables.ts';
import { NewFile } from './durable-files.ts';
import type { Manifest } from './manifest.ts';

const pageSize = 500;

const fileOf = (folder: string, table: string) => join(folder, `${table}.ndjson`);

export type TableFile = Manifest['tables'][number];

/** One file a table, one line a row. Their hashes are those of the rows, whichever database they came from. */
export async function writeTable(folder: string, source: RowSource, table: StoredTable): Promise<TableFile> {
  const fold = new TableFold(table.name);
  const file = await NewFile.create(fileOf(folder, table.name));
  try {
    for await (const rows of source.pages(table)) await file.write(Buffer.from(fold.add(rows)));
  } catch (error) {
    await file.abandon();
    throw error;
  }
  const { bytes } = await file.finish();
  const { rows, sha256 } = fold.digest();
  return { name: table.name, key: [...table.key], rows, bytes, sha256 };
}

export function snapshotRows(folder: string, tables: readonly StoredTable[]): RowSource {
  return { tables, pages: ({ name }) => pagesOf(fileOf(folder, name)) };
}

async function* pagesOf(path: string): AsyncGenerator<Row[]> {
  const lines = createInterface({ input: createReadStream(path, { highWaterMark: 256 * 1024 }) });
  let rows: Row[] = [];
  for await (const line of lines) {
    // Written by lineOf, and its hash was compared before.
    rows.push(JSON.parse(line) as Row);
    if (rows.length < pageSize) continue;
    yield rows;
    rows = [];
  }
  if (rows.length > 0) yield rows;
}

export async function hashOfTable(folder: string, table: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(fileOf(folder, table))) hash.update(piece as Buffer); // a byte stream
  return hash.digest('hex');
}
