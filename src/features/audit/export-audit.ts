import type { Db } from '#platform/metadata/metadata.ts';
import { auditEntryJson, columnsFor, headLine } from './audit.json.ts';
import type { ChainHead } from './check-chain.ts';
import { csvLine } from './csv-line.ts';
import { type AuditFilter, auditPages } from './read-audit.store.ts';

export type ExportFormat = 'jsonl' | 'csv';

/** Every entry that the filter asks for, up to a head, as text a page at a time. */
export async function* exportAudit(
  db: Db,
  filter: AuditFilter,
  head: ChainHead,
  format: ExportFormat,
): AsyncGenerator<Buffer> {
  const withChain = filter.readableBy === undefined;
  const columns = columnsFor(withChain);
  if (format === 'csv') yield Buffer.from(csvLine(columns));
  for await (const rows of auditPages(db, filter, head.seq)) {
    if (rows.length === 0) continue;
    const lines = rows.map((row) =>
      format === 'csv'
        ? csvLine(columns.map((column) => row[column]))
        : `${JSON.stringify(auditEntryJson(row, withChain))}\n`,
    );
    yield Buffer.from(lines.join(''));
  }
  if (format === 'jsonl' && withChain) yield Buffer.from(`${JSON.stringify(headLine(head, isNarrowed(filter)))}\n`);
}

/** Whether some entries are left out, so that the chain of the export has gaps. */
export function isNarrowed({ readableBy: _, ...narrowing }: AuditFilter): boolean {
  return Object.values(narrowing).some((value) => value !== undefined);
}
