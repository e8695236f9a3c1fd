/**
 * What the hash chain of the audit costs: entries a second with it and without it, on SQLite and on PostgreSQL, one after another and
 * 32 at once, each durable before the next. `node bench/audit.ts [directory]`; the directory picks the disk.
 *
 * One each: as an act's own transaction appends. Together: as reads are recorded. Without it: the same row with no place in the chain, which locks nothing. Rounds alternate.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { transactions } from '#compose/transactions.ts';
import { insertRowsTransaction } from '#compose/transfer/transactions.ts';
import { auditEntry, recordAudit, recordAuditTransaction } from '#features/audit/index.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { migratePostgres } from '#platform/metadata/postgres/migrate.ts';
import { openPostgres } from '#platform/metadata/postgres/open.ts';
import { migrateSqlite } from '#platform/metadata/sqlite/migrate.ts';
import { openSqlite } from '#platform/metadata/sqlite/open.ts';
import { createLog } from '#platform/process/log.ts';
import { startPostgres } from '../test/support/services/postgres.ts';

const rounds = 5;
const millisecondsARound = 2_000;
const log = createLog('error');

const entry = () =>
  auditEntry({
    actor: 'account',
    actorAccountId: 'acct_1',
    ownerAccountId: 'acct_1',
    action: 'document.read',
    subjectType: 'document',
    subjectId: 'doc_1',
  });

const sides = {
  with: (metadata: Metadata) => metadata.write(recordAuditTransaction, entry()),
  together: (metadata: Metadata) => recordAudit(metadata, entry()),
  without: async (metadata: Metadata) => {
    const { id, at, actor, action, subjectType: subject_type } = entry();
    const row = { id, at, actor, action, subject_type, outcome: 'done', actor_account_id: 'acct_1' };
    const owned = { ...row, owner_account_id: 'acct_1', subject_id: 'doc_1', seq: null, hash: null, detail: null };
    await metadata.write(insertRowsTransaction, { table: 'audit_log', rows: [owned] });
  },
} as const;

async function entriesPerSecond(side: keyof typeof sides, metadata: Metadata, atOnce: number): Promise<number> {
  const end = performance.now() + millisecondsARound;
  const since = performance.now();
  let done = 0;
  const lane = async () => {
    for (; performance.now() < end; done++) await sides[side](metadata);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return (done * 1000) / (performance.now() - since);
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

async function compare(name: string, metadata: Metadata): Promise<void> {
  for (const atOnce of [1, 32]) {
    const figures = { with: [] as number[], together: [] as number[], without: [] as number[] };
    for (let round = 0; round < rounds; round++)
      for (const side of ['with', 'together', 'without'] as const)
        figures[side].push(await entriesPerSecond(side, metadata, atOnce));
    const [chained, together, plain] = [median(figures.with), median(figures.together), median(figures.without)];
    const cells = [name, atOnce, chained.toFixed(0), together.toFixed(0), plain.toFixed(0)];
    process.stdout.write(`| ${cells.join(' | ')} |\n`);
  }
}

const folder = mkdtempSync(join(process.argv[2] ?? tmpdir(), 'proofline-bench-'));
try {
  process.stdout.write('| database | at once | one each | together | without the chain |\n|---|---|---|---|---|\n');
  const path = join(folder, 'proofline.db');
  migrateSqlite({ path });
  const writerModule = new URL('../src/compose/backends/sqlite-writer.thread.ts', import.meta.url);
  const sqlite = await openSqlite({ path, writerModule, log });
  await compare('SQLite', sqlite);
  await sqlite.close();
  const postgres = await startPostgres();
  try {
    const dsn = await postgres.createDatabase();
    await migratePostgres({ dsn });
    const metadata = await openPostgres({ dsn, transactions, maxOpen: 20, maxIdle: 20, maxLifetimeMs: 0, log });
    await compare('PostgreSQL', metadata);
    await metadata.close();
  } finally {
    await postgres.stop();
  }
} finally {
  rmSync(folder, { recursive: true });
}
