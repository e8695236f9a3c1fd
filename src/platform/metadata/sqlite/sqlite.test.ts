import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contractTransactions } from '#platform/metadata/contract/transactions.ts';
import { metadataContract } from '#platform/metadata/metadata.contract.ts';
import { openSqliteInline } from './inline.ts';
import { openSqlite } from './open.ts';

const directories: string[] = [];
const file = () => {
  const directory = mkdtempSync(join(tmpdir(), 'proofline-metadata-'));
  directories.push(directory);
  return join(directory, 'proofline.db');
};
const clean = () => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
};
const writerModule = new URL('../contract/writer.thread.ts', import.meta.url);

metadataContract('SQLite with its writer thread', () => openSqlite({ path: file(), writerModule }), clean);
metadataContract(
  'SQLite in one thread',
  async () => openSqliteInline({ path: file(), transactions: contractTransactions }),
  clean,
);
metadataContract('SQLite in memory', async () =>
  openSqliteInline({ path: ':memory:', transactions: contractTransactions }),
);
