import { createHash } from 'node:crypto';
import { auditEntry } from '#features/audit/index.ts';
import { isProblem } from '#kit/errors.ts';
import { timestamp } from '#kit/time.ts';
import type { BlobStore } from '#platform/blobs/blob-store.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { failpoint } from '#platform/process/failpoint.ts';
import { auditTableOf, type FillingMark, fillingMarkPath, markBlobs, readFillingMark } from './being-filled.ts';
import { type BlobPlace, storeBlobs } from './blob-place.ts';
import { type CopiedBlobs, copyBlobs } from './copy-blobs.ts';
import { insertRows } from './insert-rows.ts';
import { anyTables, appliedMigrations, type RowSource, type TableDigest } from './rows.ts';
import { markRowsTransaction, unmarkRowsTransaction } from './transactions.ts';
import type { Damage, Tell } from './transfer-events.ts';
import { TransferFailure } from './transfer-failure.ts';
import { type VerifiedBlobs, verifyBlobs } from './verify-blobs.ts';
import { verifyRows } from './verify-rows.ts';
import { type BlobTotals, wantedBlobs } from './wanted-blobs.ts';

/** A store as it stood at one moment: a snapshot of a backup, or one that nobody writes to. */
export interface FillSource {
  rows: RowSource;
  digests: readonly TableDigest[];
  blobs: BlobPlace;
  totals: BlobTotals;
  /** See storeIdOf. */
  store: string;
  /** The steps of the schema that the rows are of. */
  migrations: readonly string[];
}

/** What is to be filled. A half that is not moved stays where it is, and is only read. */
export interface FillTarget {
  rows: { open(upTo?: string): Promise<Metadata> } | { stay: Metadata };
  blobs: { open(): Promise<BlobStore> } | { stay: BlobStore };
}

export interface FillOptions {
  /** Go on where blobs are damaged, and leave them out. */
  acceptDamage: boolean;
  /** For the audit of the new store: `store.restored` and from where. */
  action: string;
  detail: string;
  tell: Tell;
}

export interface FillReport {
  copied: number;
  copiedBytes: number;
  present: number;
  verified: VerifiedBlobs;
  damaged: readonly Damage[];
}

/**
 * Fills an empty store from a source, and compares what it wrote with what it read. Interrupted, it goes on with the same source:
 * what is already there is told by looking, not by a journal. Until it has ended no server opens the store.
 */
export async function fillStore(source: FillSource, target: FillTarget, options: FillOptions): Promise<FillReport> {
  const opened: { close(): Promise<void> }[] = [];
  const keep = <T extends { close(): Promise<void> }>(one: T): T => {
    opened.push(one);
    return one;
  };
  try {
    let metadata = 'stay' in target.rows ? target.rows.stay : keep(await target.rows.open(source.migrations.at(-1)));
    const mark: FillingMark = { from: source.store, rows: hashOf(source.digests), state: 'copying' };
    const begun = 'stay' in target.rows ? undefined : await beginRows(metadata, source, mark);
    const blobs = 'stay' in target.blobs ? target.blobs.stay : keep(await target.blobs.open());
    if (!('stay' in target.blobs) && begun?.state !== 'verified') await beginBlobs(blobs, source.store);

    if (!('stay' in target.rows) && begun?.state === 'copying') {
      await fillRows(metadata, source, options.tell);
      await setMark(metadata, { ...mark, state: 'rows-verified' });
      failpoint('transfer-rows-verified');
    }
    const copied = await fillBlobs(blobs, source, target, options);
    if (!('stay' in target.rows)) {
      // Rows of an earlier version are in and compared: now the steps that came since.
      await metadata.close();
      opened.splice(opened.indexOf(metadata), 1);
      metadata = keep(await target.rows.open());
    }
    options.tell({ event: 'phase', phase: 'verify-blobs', blobs: source.totals.count, bytes: source.totals.bytes });
    const verified = await verifyBlobs({ metadata, blobs, damaged: copied.damaged, tell: options.tell });
    failpoint('transfer-verified');
    if (!('stay' in target.rows)) await setMark(metadata, { ...mark, state: 'verified' });
    failpoint('transfer-marked-verified');
    if (!('stay' in target.blobs)) await blobs.remove(fillingMarkPath);
    failpoint('transfer-blobs-unmarked');
    if (!('stay' in target.rows)) await metadata.write(unmarkRowsTransaction, auditOf(options));
    const { copied: count, copiedBytes, present, damaged } = copied;
    return { copied: count, copiedBytes, present, verified, damaged };
  } finally {
    for (const one of opened.reverse()) await one.close();
  }
}

function auditOf({ action, detail }: FillOptions) {
  return auditEntry({ actor: 'command_line', action, subjectType: 'store', detail });
}

function hashOf(digests: readonly TableDigest[]): string {
  return createHash('sha256').update(JSON.stringify(digests)).digest('hex');
}

async function setMark(metadata: Metadata, mark: FillingMark): Promise<void> {
  const table = await auditTableOf(metadata.read);
  await metadata.write(markRowsTransaction, { table, mark, at: timestamp(Date.now()) });
}

/** Marks the database, or finds our mark there. Throws TransferFailure where anything else is. */
async function beginRows(metadata: Metadata, source: FillSource, mark: FillingMark): Promise<FillingMark> {
  const standing = await readFillingMark(metadata.read);
  if (standing !== undefined) {
    if (standing.from === mark.from && standing.rows === mark.rows) {
      if (standing.state === 'copying') await refuseLaterTables(metadata, source);
      return standing;
    }
    throw new TransferFailure(
      'in_the_way',
      standing.from === mark.from
        ? 'The database was begun to be filled from an earlier state of this store.'
        : 'The database is being filled from another source.',
      'End that one first with the command that began it, or empty the database and begin anew. Blobs that are there can stay.',
    );
  }
  await refuseRows(metadata, source.rows);
  await refuseLaterTables(metadata, source);
  await setMark(metadata, mark);
  failpoint('transfer-rows-marked');
  return mark;
}

async function refuseLaterTables(metadata: Metadata, { migrations }: FillSource): Promise<void> {
  if ((await appliedMigrations(metadata.read)).length <= migrations.length) return;
  throw new TransferFailure(
    'in_the_way',
    'The tables of the database are of a later version than the rows.',
    'Begin anew with no database, or an empty one without tables: rows go into the tables of their time, which are migrated afterwards.',
  );
}

/** Throws TransferFailure where the database has rows already. */
export async function refuseRows(metadata: Metadata, source: Pick<RowSource, 'tables'>): Promise<void> {
  for (const { name, key } of source.tables) {
    const [column = ''] = key;
    if ((await anyTables(metadata.read).selectFrom(name).select(column).limit(1).executeTakeFirst()) === undefined)
      continue;
    throw new TransferFailure(
      'in_the_way',
      'The database is not empty.',
      'Nothing is ever written over. Point the configuration at an empty place.',
    );
  }
}

async function beginBlobs(blobs: BlobStore, from: string): Promise<void> {
  if ((await blobs.size(fillingMarkPath)) === undefined) await refuseBlobs(blobs);
  try {
    await markBlobs(blobs, from);
  } catch (cause) {
    if (!isProblem(cause, 'blob_conflict')) throw cause;
    throw new TransferFailure(
      'in_the_way',
      'The place for blobs is being filled from another source.',
      'End that one first with the command that began it, or empty the place and begin anew.',
      { cause },
    );
  }
  failpoint('transfer-blobs-marked');
}

/** Throws TransferFailure where there are blobs already. */
export async function refuseBlobs(blobs: BlobStore): Promise<void> {
  for await (const _ of blobs.list())
    throw new TransferFailure(
      'in_the_way',
      'The place for blobs is not empty.',
      'Nothing is ever written over. Point the configuration at an empty place.',
    );
}

async function fillRows(metadata: Metadata, source: FillSource, tell: Tell): Promise<void> {
  tell({ event: 'phase', phase: 'rows' });
  await insertRows(metadata, source.rows, tell);
  failpoint('transfer-rows-copied');
  tell({ event: 'phase', phase: 'verify-rows' });
  const wrong = await metadata.snapshot((db) => verifyRows(db, source));
  if (wrong.length > 0)
    throw new TransferFailure(
      'damaged',
      `The rows that were written are not those that were read: ${wrong.join('; ')}.`,
      'The source is untouched. Empty the database and begin anew; if it happens again, report it.',
    );
}

async function fillBlobs(
  blobs: BlobStore,
  source: FillSource,
  target: FillTarget,
  { acceptDamage, tell }: FillOptions,
): Promise<CopiedBlobs> {
  if ('stay' in target.blobs) return { copied: 0, copiedBytes: 0, present: 0, damaged: [], passedOver: 0 };
  tell({ event: 'phase', phase: 'blobs', blobs: source.totals.count, bytes: source.totals.bytes });
  const copied = await copyBlobs({
    from: source.blobs,
    to: storeBlobs(blobs),
    blobs: wantedBlobs(source.rows),
    skip: 'size',
    tell,
  });
  failpoint('transfer-blobs-copied');
  if (copied.damaged.length > 0 && !acceptDamage) throw damagedSource(copied.damaged.length);
  return copied;
}

export function damagedSource(count: number): TransferFailure {
  return new TransferFailure(
    'damaged',
    `${count} ${count === 1 ? 'blob has' : 'blobs have'} not the bytes that their rows say.`,
    'Take another snapshot or mend these, then run the same command again. With --accept-damage the rest goes on without them.',
  );
}
