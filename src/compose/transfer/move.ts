import type { BlobStore } from '#platform/blobs/blob-store.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { StartupError } from '#platform/process/startup-error.ts';
import { refuseFillingBlobs, refuseFillingRows } from './being-filled.ts';
import { storeBlobs } from './blob-place.ts';
import { damagedSource, type FillReport, type FillSource, fillStore } from './fill-store.ts';
import { damagedBlobs, refuseFullBlobs, refuseFullRows } from './look-ahead.ts';
import { type Places, requireStore } from './places.ts';
import { appliedMigrations, databaseRows, digestsOf, emptyStore, storeIdOf, type TableDigest } from './rows.ts';
import { tablesToCopy, unfinishedTables } from './stored-tables.ts';
import type { Damage, Tell } from './transfer-events.ts';
import { TransferFailure } from './transfer-failure.ts';
import { type BlobTotals, totalsOf, wantedBlobs } from './wanted-blobs.ts';

export interface MoveDeps {
  from: Places;
  to: Places;
  /** Which halves go; the other one stays. */
  moves: { rows: boolean; blobs: boolean };
  tell: Tell;
}

export interface MoveOptions {
  withSessions: boolean;
  acceptDamage: boolean;
  /** Words for the audit of the new store. */
  detail: string;
}

export interface MovedStore {
  tables: readonly TableDigest[];
  blobs: BlobTotals;
}

/**
 * Copies rows, blobs or both to another place and compares all of it. What there was is only read, so that going back is not
 * switching. No server may run on it meanwhile. Throws TransferFailure, StartupError.
 */
export async function move(deps: MoveDeps, options: MoveOptions): Promise<FillReport & MovedStore> {
  return await withSource(deps, options, async ({ source, metadata, blobs }) => {
    const report = await fillStore(
      source,
      {
        rows: deps.moves.rows ? deps.to.rows : { stay: metadata },
        blobs: deps.moves.blobs ? deps.to.blobs : { stay: blobs },
      },
      { acceptDamage: options.acceptDamage, action: 'store.moved', detail: options.detail, tell: deps.tell },
    );
    return { ...report, tables: source.digests, blobs: source.totals };
  });
}

/** Reads everything that a move would read, looks whether the place is empty, and writes nothing. */
export async function previewMove(deps: MoveDeps, options: MoveOptions): Promise<MovedStore & { damaged: Damage[] }> {
  const { to, moves, tell } = deps;
  return await withSource(deps, options, async ({ source }) => {
    if (moves.rows) await refuseFullRows(to, source.rows);
    if (moves.blobs) await refuseFullBlobs(to);
    tell({ event: 'phase', phase: 'check-source', blobs: source.totals.count, bytes: source.totals.bytes });
    const damaged = await damagedBlobs(source.blobs, source.rows, tell);
    if (damaged.length > 0 && !options.acceptDamage) throw damagedSource(damaged.length);
    return { tables: source.digests, blobs: source.totals, damaged };
  });
}

interface OpenSource {
  source: FillSource;
  metadata: Metadata;
  blobs: BlobStore;
}

async function withSource<T>(
  { from, moves, tell }: MoveDeps,
  { withSessions }: MoveOptions,
  work: (open: OpenSource) => Promise<T>,
): Promise<T> {
  await requireStore(from);
  const lock = lockOf(from);
  try {
    const metadata = await from.rows.open();
    try {
      await refuseFillingRows(metadata.read);
      if (metadata.shared)
        tell({
          event: 'notice',
          message: 'Servers on other machines cannot be seen from here: stop every one of them first.',
        });
      const blobs = await from.blobs.open();
      try {
        await refuseFillingBlobs(blobs);
        return await metadata.snapshot(async (db) => {
          tell({ event: 'phase', phase: 'count' });
          const staying = moves.rows ? [] : unfinishedTables;
          const rows = databaseRows(db, [...tablesToCopy(withSessions), ...staying]);
          const store = await storeIdOf(db);
          if (store === emptyStore)
            throw new TransferFailure(
              'no_input',
              'The store is empty: there is nothing to move.',
              'Switch the settings and start; accounts are made there.',
            );
          const source = {
            rows,
            digests: await digestsOf(rows),
            blobs: storeBlobs(blobs),
            totals: await totalsOf(wantedBlobs(rows)),
            store,
            migrations: await appliedMigrations(db),
          };
          return await work({ source, metadata, blobs });
        });
      } finally {
        await blobs.close();
      }
    } finally {
      await metadata.close();
    }
  } finally {
    lock.release();
  }
}

function lockOf(places: Places): { release(): void } {
  try {
    return places.lock();
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    throw new TransferFailure(
      'again',
      'A server runs on this data folder, and a store that is written to cannot be moved.',
      'Stop it (systemctl stop proofline), then run the same command again. Until you switch, starting it again is going back.',
      { cause: error },
    );
  }
}
