import type { BackupFolder, Snapshot } from './backup/backup-folder.ts';
import type { Manifest } from './backup/manifest.ts';
import { damagedSource, type FillReport, fillStore } from './fill-store.ts';
import { damagedBlobs, refuseFullBlobs, refuseFullRows } from './look-ahead.ts';
import type { Places } from './places.ts';
import type { Damage, Tell } from './transfer-events.ts';
import { TransferFailure } from './transfer-failure.ts';

export interface RestoreDeps {
  folder: BackupFolder;
  places: Places;
  /** The steps of the schema that this version knows. */
  knownMigrations: readonly string[];
  tell: Tell;
}

export interface RestoreOptions {
  /** The newest unless named. */
  snapshot?: string | undefined;
  acceptDamage: boolean;
}

export interface RestoreReport extends FillReport {
  snapshot: string;
  manifest: Manifest;
}

/** Puts a snapshot into an empty place, in order, and compares all of it. Throws TransferFailure, StartupError. */
export async function restore(deps: RestoreDeps, options: RestoreOptions): Promise<RestoreReport> {
  const { folder, places, tell } = deps;
  const snapshot = await chosen(deps, options);
  const { name, manifest, rows } = snapshot;
  const lock = places.lock();
  try {
    const report = await fillStore(
      {
        rows,
        digests: manifest.tables.map((table) => ({ name: table.name, rows: table.rows, sha256: table.sha256 })),
        blobs: folder.blobs,
        totals: manifest.blobs,
        store: manifest.store,
        migrations: manifest.migrations,
      },
      places,
      { acceptDamage: options.acceptDamage, action: 'store.restored', detail: `snapshot ${name}`, tell },
    );
    return { ...report, snapshot: name, manifest };
  } finally {
    lock.release();
  }
}

export interface RestorePreview {
  snapshot: string;
  manifest: Manifest;
  damaged: Damage[];
}

/** Reads everything that a restore would read, looks whether the place is empty, and writes nothing. */
export async function previewRestore(deps: RestoreDeps, options: RestoreOptions): Promise<RestorePreview> {
  const { folder, places, tell } = deps;
  const { name, manifest, rows } = await chosen(deps, options);
  await refuseFullRows(places, rows);
  await refuseFullBlobs(places);
  tell({ event: 'phase', phase: 'check-source', blobs: manifest.blobs.count, bytes: manifest.blobs.bytes });
  const damaged = await damagedBlobs(folder.blobs, rows, tell);
  if (damaged.length > 0 && !options.acceptDamage) throw damagedSource(damaged.length);
  return { snapshot: name, manifest, damaged };
}

async function chosen({ folder, knownMigrations }: RestoreDeps, options: RestoreOptions): Promise<Snapshot> {
  const name = options.snapshot ?? folder.names().at(-1);
  if (name === undefined)
    throw new TransferFailure(
      'no_input',
      'This folder holds no finished backup.',
      'A backup that was interrupted is none: run `proofline backup` again while the store still lives.',
    );
  const snapshot = folder.snapshot(name);
  refuseUnknown(snapshot.manifest, knownMigrations);
  await snapshot.checkRows();
  return snapshot;
}

function refuseUnknown({ migrations, proofline }: Manifest, known: readonly string[]): void {
  if (migrations.every((id, n) => known[n] === id)) return;
  throw new TransferFailure(
    'in_the_way',
    `The snapshot was taken by version ${proofline}, whose tables this version does not know.`,
    'Restore it with that version or a later one.',
  );
}
