import { readdir, stat } from 'node:fs/promises';
import { asProblem, hasErrno } from '#platform/blobs/local/disk-problem.ts';

import { compareLines, dayOf, formatLine, type RunLine } from '../../record/run-line.ts';
import { removeFile, replaceFile } from './durable-names.ts';
import { runLines } from './line-blocks.ts';
import { ManifestFile } from './manifest-file.ts';
import { dayOfManifest, type ServiceFolder } from './service-folder.ts';

const mostOpen = 128;

interface OpenFile {
  readonly file: Promise<ManifestFile>;
  users: number;
}

/** All manifests of a data folder. Those that were written to lately stay open. */
export class Manifests {
  /** The one that was used the longest ago comes first. */
  readonly #open = new Map<string, OpenFile>();
  /** On their way to be closed; nobody may open them again before. */
  readonly #closing = new Map<string, Promise<void>>();
  readonly #aside: () => string;
  #durable = true;

  constructor(aside: () => string) {
    this.#aside = aside;
  }

  async append(at: ServiceFolder, line: RunLine): Promise<void> {
    await this.appendText(at, dayOf(line), formatLine(line));
  }

  async appendText(at: ServiceFolder, day: string, text: string): Promise<void> {
    const path = at.manifest(day);
    const used = this.#use(path, at, day);
    used.users += 1;
    try {
      await (await used.file).append(text);
    } catch (error) {
      throw asProblem(error);
    } finally {
      used.users -= 1;
      this.#trim();
    }
  }

  /** Before its files are looked at as they are on the disk; they may have been changed behind our back. */
  async release(at: ServiceFolder): Promise<void> {
    const paths = [...this.#open.keys()].filter((path) => path.startsWith(`${at.manifests}/`));
    await Promise.all(paths.map((path) => this.#close(path)));
  }

  /** Nobody may append meanwhile. Durable when it resolves. No lines, no file. */
  async rewrite(at: ServiceFolder, day: string, text: string): Promise<void> {
    const path = at.manifest(day);
    try {
      await this.#close(path);
      if (text === '') await removeFile(path);
      else await replaceFile(path, text, this.#aside(), 'durable');
    } catch (error) {
      throw asProblem(error);
    }
  }

  /** False when something that was appended may not survive a power cut. */
  async close(): Promise<boolean> {
    await Promise.all([...this.#open.keys()].map((path) => this.#close(path)));
    await Promise.all(this.#closing.values());
    return this.#durable;
  }

  #use(path: string, at: ServiceFolder, day: string): OpenFile {
    const known = this.#open.get(path);
    const used = known ?? { file: this.#openFile(path, at, day), users: 0 };
    this.#open.delete(path);
    this.#open.set(path, used);
    return used;
  }

  async #openFile(path: string, at: ServiceFolder, day: string): Promise<ManifestFile> {
    try {
      await this.#closing.get(path);
      return await ManifestFile.open(at, day);
    } catch (error) {
      this.#open.delete(path);
      throw error;
    }
  }

  #trim(): void {
    if (this.#open.size <= mostOpen) return;
    for (const [path, { users }] of this.#open) {
      if (users > 0) continue;
      void this.#close(path);
      return;
    }
  }

  async #close(path: string): Promise<void> {
    const used = this.#open.get(path);
    if (used !== undefined) {
      this.#open.delete(path);
      const closing = used.file
        .then((file) => file.close())
        .catch(() => {
          this.#durable = false;
        })
        .finally(() => this.#closing.delete(path));
      this.#closing.set(path, closing);
    }
    await this.#closing.get(path);
  }
}

/** Ascending. */
export async function daysOf(at: ServiceFolder): Promise<string[]> {
  try {
    return (await readdir(at.manifests)).flatMap((name) => dayOfManifest(name) ?? []).sort();
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return [];
    throw asProblem(error);
  }
}

/** A manifest grows, or is another file. */
export async function versionOf(at: ServiceFolder, day: string): Promise<string> {
  const { ino, size } = await stat(at.manifest(day));
  return `${ino}-${size}`;
}

/** In order of arrival. */
export async function readDay(at: ServiceFolder, day: string): Promise<RunLine[]> {
  const lines = new Map<string, RunLine>();
  for await (const line of runLines(at.manifest(day))) lines.set(line.run_id, line);
  return [...lines.values()].sort(compareLines);
}

export async function newestOf(at: ServiceFolder): Promise<RunLine | undefined> {
  const day = (await daysOf(at)).at(-1);
  if (day === undefined) return undefined;
  let newest: RunLine | undefined;
  for await (const line of runLines(at.manifest(day)))
    if (newest === undefined || compareLines(line, newest) > 0) newest = line;
  return newest;
}
