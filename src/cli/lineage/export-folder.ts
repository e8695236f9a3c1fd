import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { ExportFile, ExportSource } from '#client/lineage/export/export-source.ts';
import { hasCode } from '#recorder/recorder-error.ts';
import { writeDurably } from '#recorder/staging/durable-file.ts';

/** What a kill may leave of a record that was being written. */
const partSuffix = '.part';

/** The files of an export below one folder. */
export class ExportFolder implements ExportSource {
  readonly #root: string;
  #files: readonly ExportFile[];

  private constructor(root: string, files: readonly ExportFile[]) {
    this.#root = root;
    this.#files = files;
  }

  /** A folder that is not there is an empty one. Throws ENOTDIR for a file. */
  static async open(root: string): Promise<ExportFolder> {
    return new ExportFolder(root, await filesBelow(root));
  }

  get files(): readonly ExportFile[] {
    return this.#files;
  }

  async read(path: string): Promise<Uint8Array<ArrayBuffer>> {
    return await readFile(join(this.#root, path));
  }

  /** Whole or not at all. Its bytes are judged when the export goes on or is verified, so a power cut costs time and no more. */
  async writeRecord(path: string, bytes: Uint8Array): Promise<void> {
    const target = join(this.#root, path);
    await mkdir(dirname(target), { recursive: true });
    const file = await open(target + partSuffix, 'w', 0o600);
    try {
      await file.writeFile(bytes);
    } finally {
      await file.close();
    }
    await rename(target + partSuffix, target);
  }

  /** Flushed, and in place of what had the name. */
  async writeManifest(name: string, text: string): Promise<void> {
    await mkdir(this.#root, { recursive: true });
    await writeDurably(this.#root, name, text);
  }

  async remove(path: string): Promise<void> {
    await rm(join(this.#root, path), { force: true });
  }

  /** Of an export that was killed. */
  async removeParts(): Promise<void> {
    const parts = this.#files.filter(({ path }) => path.endsWith(partSuffix) || path.endsWith('.json.tmp'));
    for (const { path } of parts) await this.remove(path);
    this.#files = this.#files.filter((file) => !parts.includes(file));
  }
}

async function filesBelow(root: string): Promise<readonly ExportFile[]> {
  let found: Awaited<ReturnType<typeof listed>>;
  try {
    found = await listed(root);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
  const files: ExportFile[] = [];
  for (const entry of found) {
    if (entry.isDirectory()) continue;
    const path = join(entry.parentPath, entry.name);
    const byteSize = entry.isFile() ? (await stat(path)).size : 0;
    files.push({ path: relative(root, path).split(sep).join('/'), byteSize });
  }
  return files;
}

async function listed(root: string) {
  return await readdir(root, { recursive: true, withFileTypes: true });
}
