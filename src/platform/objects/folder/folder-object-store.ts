import { createHash, randomUUID } from 'node:crypto';
import { access, constants, link, mkdir, open, readdir, readFile, rename, rm, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Problem } from '#kit/errors.ts';
import { asProblem, hasErrno } from '#platform/blobs/local/disk-problem.ts';
import {
  assertObjectKey,
  type CreateOutcome,
  type ListedLevel,
  type ListedObject,
  type ObjectStore,
  type StoredObject,
} from '../object-store.ts';
import { FlushedFolders, flushFolder } from './flushed-folders.ts';

/** No key has a plus, so this folder is nobody's. */
const unfinished = '+unfinished';

/**
 * Objects as files, for few and rarely written ones; a key that is the beginning of another's path cannot be kept beside it. One process
 * writes: `replace` compares under a lock of its own.
 *
 * Written in this order: the bytes under a name of no meaning, flushed; the name, by link or rename; the folder, flushed; the answer.
 * A crash leaves a file among the unfinished, which the next start removes, or a whole object that nobody was told of.
 */
export class FolderObjectStore implements ObjectStore {
  readonly #root: string;
  readonly #folders: FlushedFolders;
  #turn: Promise<unknown> = Promise.resolve();
  /** A flush failed: what a later one says is not to be believed. */
  #failed = false;

  private constructor(root: string) {
    this.#root = root;
    this.#folders = new FlushedFolders(root, (folder) => this.#flush(folder));
  }

  /** Makes the folder where it is missing. */
  static async open(root: string): Promise<FolderObjectStore> {
    try {
      await mkdir(root, { recursive: true, mode: 0o700 });
      await rm(join(root, unfinished), { recursive: true, force: true });
      await mkdir(join(root, unfinished), { mode: 0o700 });
      await flushFolder(root);
      await flushFolder(dirname(root));
    } catch (error) {
      throw asProblem(error);
    }
    return new FolderObjectStore(root);
  }

  async create(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<CreateOutcome> {
    return await this.#place(key, bytes, async (written, path) => {
      try {
        await link(written, path);
      } catch (error) {
        if (!hasErrno(error, 'EEXIST')) throw error;
        const standing = await readFile(path);
        // Whoever made it may not have flushed the folder yet, and we are about to say that it stands.
        await this.#flush(dirname(path));
        return standing.equals(bytes) ? 'same' : 'different';
      }
      await this.#flush(dirname(path));
      return 'created';
    });
  }

  async read(key: string): Promise<StoredObject | undefined> {
    const path = this.#path(key);
    try {
      const bytes = new Uint8Array(await readFile(path));
      return { bytes, tag: createHash('sha256').update(bytes).digest('hex') };
    } catch (error) {
      if (hasErrno(error, 'ENOENT', 'ENOTDIR', 'EISDIR')) return undefined;
      throw asProblem(error);
    }
  }

  async replace(key: string, bytes: Uint8Array<ArrayBuffer>, over: string | undefined): Promise<boolean> {
    return await this.#place(key, bytes, async (written, path) =>
      this.#alone(async () => {
        if ((await this.read(key))?.tag !== over) return false;
        await rename(written, path);
        await this.#flush(dirname(path));
        return true;
      }),
    );
  }

  async *list(prefix: string, after?: string): AsyncIterable<ListedObject> {
    const from = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    for await (const key of this.#walk(from)) {
      if (!key.startsWith(prefix) || (after !== undefined && key <= after)) continue;
      const byteSize = await this.#size(key);
      if (byteSize !== undefined) yield { key, byteSize };
    }
  }

  async level(prefix: string): Promise<ListedLevel> {
    const level: ListedLevel = { folders: [], objects: [] };
    for (const entry of await this.#entries(prefix)) {
      if (entry.isFile()) level.objects.push(entry.name);
      else if ((await this.#walk(`${prefix}${entry.name}/`).next()).done !== true) level.folders.push(entry.name);
    }
    return level;
  }

  /** Its folder stays; it counts for nothing while it is empty. */
  async remove(key: string): Promise<void> {
    const path = this.#path(key);
    await this.#alone(async () => {
      try {
        await unlink(path);
        await this.#flush(dirname(path));
      } catch (error) {
        if (!hasErrno(error, 'ENOENT', 'ENOTDIR')) throw asProblem(error);
      }
    });
  }

  async health(): Promise<'ok' | 'unavailable'> {
    if (this.#failed) return 'unavailable';
    return await access(this.#root, constants.W_OK).then(
      () => 'ok',
      () => 'unavailable',
    );
  }

  async close(): Promise<void> {
    await this.#turn;
  }

  /** Writes and flushes the bytes aside, lets `put` give them their name, and takes the other name away. */
  async #place<T>(key: string, bytes: Uint8Array, put: (written: string, path: string) => Promise<T>): Promise<T> {
    const path = this.#path(key);
    if (this.#failed) throw new Problem('storage_unavailable');
    const written = join(this.#root, unfinished, randomUUID());
    try {
      const handle = await open(written, 'wx', 0o600);
      try {
        await handle.writeFile(bytes);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await this.#folders.make(dirname(path));
      return await put(written, path);
    } catch (error) {
      throw asProblem(error);
    } finally {
      await rm(written, { force: true });
    }
  }

  async #flush(folder: string): Promise<void> {
    try {
      await flushFolder(folder);
    } catch (error) {
      this.#failed = true;
      throw error;
    }
  }

  /** One after the other. */
  async #alone<T>(act: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(act);
    this.#turn = mine.catch(() => undefined);
    return await mine;
  }

  async *#walk(folder: string): AsyncGenerator<string> {
    for (const entry of await this.#entries(folder)) {
      if (entry.isFile()) yield `${folder}${entry.name}`;
      else yield* this.#walk(`${folder}${entry.name}/`);
    }
  }

  /** In the order of their names. */
  async #entries(folder: string) {
    try {
      const entries = await readdir(join(this.#root, folder), { withFileTypes: true });
      return entries
        .filter(({ name }) => folder !== '' || name !== unfinished)
        .sort((a, b) => (a.name < b.name ? -1 : 1));
    } catch (error) {
      if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return [];
      throw asProblem(error);
    }
  }

  async #size(key: string): Promise<number | undefined> {
    try {
      return (await stat(join(this.#root, key))).size;
    } catch (error) {
      if (hasErrno(error, 'ENOENT')) return undefined;
      throw asProblem(error);
    }
  }

  #path(key: string): string {
    assertObjectKey(key);
    return join(this.#root, key);
  }
}
