import { timestamp } from '#kit/time.ts';
import type { BlobStore } from '#platform/blobs/blob-store.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { failpoint } from '#platform/process/failpoint.ts';
import { packageVersion } from '../version.ts';
import type { BackupFolder } from './backup/backup-folder.ts';
import { flushFolder } from './backup/durable-files.ts';
import { formatVersion, type Manifest } from './backup/manifest.ts';
import { snapshotRows, type TableFile, writeTable } from './backup/snapshot-rows.ts';
import { type BlobPlace, storeBlobs } from './blob-place.ts';
import { type CopiedBlobs, copyBlobs } from './copy-blobs.ts';
import { appliedMigrations, databaseRows, emptyStore, storeIdOf } from './rows.ts';
import { isStillWanted } from './still-wanted.ts';
import { tablesToCopy } from './stored-tables.ts';
import type { Tell } from './transfer-events.ts';
import { TransferFailure } from './transfer-failure.ts';
import { totalsOf, wantedBlobs } from './wanted-blobs.ts';

export interface BackUpDeps {
  metadata: Metadata;
  blobs: BlobStore;
  folder: BackupFolder;
  tell: Tell;
}

export interface BackUpOptions {
  withSessions: boolean;
  /** Hash the blobs that the backup has already; one that is damaged there is copied again. */
  verify: boolean;
  /** Snapshots to keep, this one included; all where there is no number. */
  keep?: number | undefined;
}

export interface BackUpReport {
  snapshot: string;
  manifest: Manifest;
  copied: number;
  copiedBytes: number;
  present: number;
  removed?: { snapshots: number; blobs: number; bytes: number };
}

const mostTurns = 5;

/**
 * Rows first, from one state of the database; then the blobs that they name, which nothing can change; the manifest last. Safe beside
 * a running server, and whenever it is interrupted: what has no manifest is no snapshot, and blobs that were copied stay for the next.
 */
export async function backUp(deps: BackUpDeps, options: BackUpOptions): Promise<BackUpReport> {
  const { metadata, folder, tell } = deps;
  refuseOtherStore(folder, await storeIdOf(metadata.read));
  for (let turn = 1; turn <= mostTurns; turn++) {
    const name = snapshotName(Date.now());
    const taken = await takeRows(deps, name, options);
    failpoint('backup-rows-taken');
    const copied = await copySnapshotBlobs(deps, taken, options);
    if (copied.passedOver > 0) {
      tell({
        event: 'notice',
        message: `${copied.passedOver} blobs went meanwhile, as what they belong to is deleted: taking the rows again.`,
      });
      continue;
    }
    const manifest = { ...taken.facts, damaged: copied.damaged };
    await folder.finish(name, manifest);
    tell({ event: 'phase', phase: 'clean-up' });
    const removed = options.keep === undefined ? undefined : await folder.keepNewest(options.keep);
    const { copied: count, copiedBytes, present } = copied;
    return {
      snapshot: name,
      manifest,
      copied: count,
      copiedBytes,
      present,
      ...(removed === undefined ? {} : { removed }),
    };
  }
  throw new TransferFailure(
    'again',
    'Incidents or documents were deleted faster than their rows could be read.',
    'Run the backup again when the deletions are done; what was copied is not copied twice.',
  );
}

interface TakenRows {
  folder: string;
  facts: Omit<Manifest, 'damaged'>;
}

async function takeRows(deps: BackUpDeps, name: string, { withSessions }: BackUpOptions): Promise<TakenRows> {
  const { metadata, folder, tell } = deps;
  tell({ event: 'phase', phase: 'rows' });
  const path = await folder.begin(name);
  const takenAt = timestamp(Date.now());
  const tables: TableFile[] = [];
  const { store, migrations } = await metadata.snapshot(async (db) => {
    const rows = databaseRows(db, tablesToCopy(withSessions));
    for (const table of rows.tables) {
      const written = await writeTable(path, rows, table);
      tables.push(written);
      tell({ event: 'table', table: table.name, rows: written.rows });
    }
    return { store: await storeIdOf(db), migrations: await appliedMigrations(db) };
  });
  await flushFolder(path);
  return {
    folder: path,
    facts: {
      format: 'proofline-backup',
      format_version: formatVersion,
      proofline: packageVersion(),
      taken_at: takenAt,
      store,
      database: metadata.dialect,
      migrations,
      with_sessions: withSessions,
      tables,
      blobs: await totalsOf(wantedBlobs(snapshotRows(path, tables))),
    },
  };
}

async function copySnapshotBlobs(deps: BackUpDeps, taken: TakenRows, options: BackUpOptions): Promise<CopiedBlobs> {
  const { metadata, blobs, folder, tell } = deps;
  const { count, bytes } = taken.facts.blobs;
  tell({ event: 'phase', phase: 'blobs', blobs: count, bytes });
  const from: BlobPlace = storeBlobs(blobs);
  return await copyBlobs({
    from,
    to: folder.blobs,
    blobs: wantedBlobs(snapshotRows(taken.folder, taken.facts.tables)),
    skip: options.verify ? 'hash' : 'size',
    counts: (blob) => isStillWanted(metadata, blob),
    tell,
  });
}

/** A folder of two stores would have a retention that counts them together. */
function refuseOtherStore(folder: BackupFolder, store: string): void {
  const newest = folder.names().at(-1);
  if (newest === undefined) return;
  const known = folder.snapshot(newest).manifest.store;
  if (known === store || known === emptyStore || store === emptyStore) return;
  throw new TransferFailure(
    'in_the_way',
    'The folder holds backups of another store.',
    'Give each store a folder of its own.',
  );
}

/** Sorts by time, and is a good name on every filesystem. */
function snapshotName(ms: number): string {
  return timestamp(ms).replaceAll(':', '-');
}
