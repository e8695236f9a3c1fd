import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { failpoint } from '#platform/process/failpoint.ts';
import { lockFile } from '#platform/process/lock-file.ts';
import type { RowSource } from '../rows.ts';
import { TransferFailure } from '../transfer-failure.ts';
import { wantedBlobs } from '../wanted-blobs.ts';
import { BackupBlobs, unfinishedPrefix } from './backup-blobs.ts';
import { flushFolder, renameDurably, writeNewFile } from './durable-files.ts';
import { type Manifest, manifestShape } from './manifest.ts';
import { hashOfTable, snapshotRows } from './snapshot-rows.ts';

const label = 'proofline-backup.json';
const labelText = `${JSON.stringify({ format: 'proofline-backup' })}\n`;

export interface Snapshot {
  /** When it was taken: its name in the folder. */
  readonly name: string;
  readonly manifest: Manifest;
  readonly rows: RowSource;
  /** Reads the files of all rows. Throws TransferFailure when one is not what the manifest says. */
  checkRows(): Promise<void>;
}

/** The folder of all backups of one store: `snapshots/<time>/` with rows and manifest, `blobs/` with the bytes of all of them. */
export class BackupFolder {
  readonly blobs: BackupBlobs;
  readonly #path: string;
  readonly #release: () => void;

  private constructor(path: string, release: () => void) {
    this.#path = path;
    this.#release = release;
    this.blobs = new BackupBlobs(join(path, 'blobs'));
  }

  /** For reading. Throws TransferFailure when there is no backup. */
  static open(path: string): BackupFolder {
    if (!existsSync(join(path, label)))
      throw new TransferFailure(
        'no_input',
        'This is not the folder of a backup.',
        'Name the folder that `proofline backup` wrote, with its proofline-backup.json.',
      );
    return new BackupFolder(path, () => undefined);
  }

  /** For writing: made when it is not there, locked, and rid of what an interrupted backup left. Throws TransferFailure. */
  static async openToWrite(path: string): Promise<BackupFolder> {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const isOurs = existsSync(join(path, label));
    const strange = readdirSync(path).filter((name) => !name.startsWith(`${label}.`) && name !== 'backup.lock');
    if (!isOurs && strange.length > 0)
      throw new TransferFailure(
        'in_the_way',
        'The folder holds something that is no backup.',
        'Name an empty folder, or one that does not exist yet.',
      );
    const lock = lockFile(join(path, 'backup.lock'));
    if (lock === undefined)
      throw new TransferFailure('again', 'Another backup writes into this folder.', 'Wait until it has ended.');
    if (!isOurs) {
      rmSync(join(path, `${label}.tmp`), { force: true });
      await writeNewFile(join(path, `${label}.tmp`), labelText);
      await renameDurably(join(path, `${label}.tmp`), join(path, label));
    }
    for (const name of ['snapshots', 'blobs']) mkdirSync(join(path, name), { recursive: true, mode: 0o700 });
    await flushFolder(path);
    await flushFolder(join(path, '..'));
    for (const name of readdirSync(join(path, 'snapshots')))
      if (name.startsWith(unfinishedPrefix)) rmSync(join(path, 'snapshots', name), { recursive: true });
    const folder = new BackupFolder(path, () => lock.release());
    await folder.blobs.removeUnfinished();
    return folder;
  }

  close(): void {
    this.#release();
  }

  /** Oldest first. What has no manifest is none. */
  names(): string[] {
    const folder = join(this.#path, 'snapshots');
    if (!existsSync(folder)) return [];
    return readdirSync(folder)
      .filter((name) => !name.startsWith(unfinishedPrefix) && existsSync(join(folder, name, 'manifest.json')))
      .sort();
  }

  /** Throws TransferFailure when its manifest is not whole or not of a format that is known here. */
  snapshot(name: string): Snapshot {
    const folder = join(this.#path, 'snapshots', name);
    if (!this.names().includes(name))
      throw new TransferFailure(
        'no_input',
        'There is no such snapshot.',
        `Choose one of: ${this.names().join(', ') || '(there is none)'}.`,
      );
    const manifest = readManifest(folder);
    return {
      name,
      manifest,
      rows: snapshotRows(folder, manifest.tables),
      checkRows: async () => {
        for (const table of manifest.tables)
          if (
            !existsSync(join(folder, `${table.name}.ndjson`)) ||
            (await hashOfTable(folder, table.name)) !== table.sha256
          )
            throw damagedSnapshot(`The rows of ${table.name} are`);
      },
    };
  }

  /** An empty folder for a snapshot that is being made; nobody takes it for one. */
  async begin(name: string): Promise<string> {
    const folder = join(this.#path, 'snapshots', `${unfinishedPrefix}${name}`);
    rmSync(folder, { recursive: true, force: true });
    await mkdir(folder, { mode: 0o700 });
    return folder;
  }

  /** With this a snapshot is one: all of it is on the disk before it has its name. */
  async finish(name: string, manifest: Manifest): Promise<void> {
    const folder = join(this.#path, 'snapshots', `${unfinishedPrefix}${name}`);
    const written = await writeNewFile(join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    const sums = [
      ...manifest.tables.map((table) => `${table.sha256}  ${table.name}.ndjson\n`),
      `${written.sha256}  manifest.json\n`,
    ];
    await writeNewFile(join(folder, 'SHA256SUMS'), sums.join(''));
    await flushFolder(folder);
    failpoint('backup-before-name');
    await renameDurably(folder, join(this.#path, 'snapshots', name));
    failpoint('backup-named');
  }

  /** Removes all but the newest, then the blobs that none of those names. Returns what went. */
  async keepNewest(count: number): Promise<{ snapshots: number; blobs: number; bytes: number }> {
    const names = this.names();
    const old = names.slice(0, Math.max(0, names.length - count));
    const kept = names.slice(old.length);
    const removed = { snapshots: old.length, blobs: 0, bytes: 0 };
    // Before anything goes: a snapshot that cannot say what it needs must not lose it.
    const needed = await this.#neededBy(kept);
    const snapshots = join(this.#path, 'snapshots');
    for (const name of old) {
      await rename(join(snapshots, name), join(snapshots, `${unfinishedPrefix}${name}`));
      failpoint('backup-old-unnamed');
      await rm(join(snapshots, `${unfinishedPrefix}${name}`), { recursive: true });
    }
    await flushFolder(snapshots);
    for await (const name of this.blobs.names()) {
      if (needed.has(packed(name))) continue;
      removed.bytes += await this.blobs.remove(name);
      removed.blobs += 1;
      failpoint('backup-blob-removed');
    }
    return removed;
  }

  async #neededBy(names: readonly string[]): Promise<Set<string>> {
    const needed = new Set<string>();
    for (const name of names) {
      const { rows, checkRows } = this.snapshot(name);
      await checkRows();
      for await (const { sha256Hex } of wantedBlobs(rows)) needed.add(packed(sha256Hex));
    }
    return needed;
  }
}

/** Half as long: there may be millions. */
function packed(sha256Hex: string): string {
  return Buffer.from(sha256Hex, 'hex').toString('latin1');
}

function readManifest(folder: string): Manifest {
  const text = readFileSync(join(folder, 'manifest.json'));
  const sums = existsSync(join(folder, 'SHA256SUMS')) ? readFileSync(join(folder, 'SHA256SUMS'), 'utf8') : '';
  if (!sums.split('\n').includes(`${createHash('sha256').update(text).digest('hex')}  manifest.json`))
    throw damagedSnapshot('The manifest is');
  const found = manifestShape.safeParse(JSON.parse(text.toString('utf8')));
  if (found.success) return found.data;
  throw new TransferFailure(
    'damaged',
    'The manifest of this snapshot is of a format that this version does not know.',
    'Restore it with the version that wrote it, or a later one.',
  );
}

function damagedSnapshot(what: string): TransferFailure {
  return new TransferFailure(
    'damaged',
    `${what} not as it was written for this snapshot.`,
    'Restore another snapshot (--snapshot), and suspect the disk that this backup is on.',
  );
}
