import { Readable } from 'node:stream';
import type { BlobStore } from '#platform/blobs/blob-store.ts';
import type { Db } from '#platform/metadata/metadata.ts';
import { StartupError } from '#platform/process/startup-error.ts';
import { fillingMarkId } from './filling-mark-id.ts';
import { anyTables, appliedMigrations } from './rows.ts';

/**
 * A store that is being filled carries a mark in both halves, and nothing but the command that fills it opens it. In the rows the mark is
 * an entry of the audit with an id of its own and no place in the chain, as there is an audit at every step of the schema; among the blobs
 * it is one more blob.
 */
export const fillingMarkPath = 'being-filled';

/** What the mark says, so that only the same copy may go on. */
export interface FillingMark {
  /** Which store the rows come from; see storeIdOf. */
  from: string;
  /** Which rows: a hash over the digests of all tables. */
  rows: string;
  /** rows-verified: the rows were compared, blobs go on. verified: all was compared; what is left is to take the marks away. */
  state: 'copying' | 'rows-verified' | 'verified';
}

const remedy =
  'Run the same `proofline restore` or `proofline move` again: it goes on where it stopped. Or empty the place and begin anew.';

export type AuditTable = 'audit_log' | 'admin_audit';

/** Where this database keeps its audit: the step of the schema that brought the chain renamed it. */
export async function auditTableOf(db: Db): Promise<AuditTable> {
  return (await appliedMigrations(db)).includes('0003_documents') ? 'audit_log' : 'admin_audit';
}

export async function readFillingMark(db: Db): Promise<FillingMark | undefined> {
  const row = await anyTables(db)
    .selectFrom(await auditTableOf(db))
    .select('detail')
    .where('id', '=', fillingMarkId)
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const [from = '', rows = '', state = ''] = String(row.detail).split(' ');
  return { from, rows, state: state === 'verified' || state === 'rows-verified' ? state : 'copying' };
}

export function wordsOf({ from, rows, state }: FillingMark): string {
  return `${from} ${rows} ${state}`;
}

/** Throws StartupError while the rows of this database are being filled in. */
export async function refuseFillingRows(db: Db): Promise<void> {
  if ((await readFillingMark(db)) !== undefined)
    throw new StartupError('The database is being filled by a restore or a move that has not ended.', remedy);
}

/** Throws StartupError while blobs are being copied into this store. */
export async function refuseFillingBlobs(blobs: BlobStore): Promise<void> {
  if ((await blobs.size(fillingMarkPath)) !== undefined)
    throw new StartupError('The blobs are being filled in by a restore or a move that has not ended.', remedy);
}

/** Throws blob_conflict where the mark of another source stands. */
export async function markBlobs(blobs: BlobStore, from: string): Promise<void> {
  const bytes = Buffer.from(`${from}\n`);
  const body = await blobs.staging.receive(Readable.from([bytes], { objectMode: false }), {
    maxBytes: bytes.length,
    declaredBytes: bytes.length,
  });
  try {
    await blobs.commit(fillingMarkPath, body);
  } finally {
    await body.discard();
  }
}
