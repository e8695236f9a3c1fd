import { type BigIntStats, closeSync, constants, fstatSync, mkdirSync, openSync, rmdirSync, statSync } from 'node:fs';
import { hasErrno } from './disk-problem.ts';

/** A folder under the root, held open for its fsync. */
export interface Directory {
  /** Relative to the root; the root itself is ''. */
  readonly name: string;
  readonly fd: number;
  readonly dev: bigint;
  readonly ino: bigint;
}

const mostOpen = 512;
const attempts = 8;

/**
 * The folders of the blob tree. One that is open here has its own name durable, or its parent stands in `unflushed`: a folder
 * that this process has not opened before may be left from a crash between mkdir and fsync, so its parent is flushed again.
 */
export class Directories {
  readonly #root: string;
  readonly #open = new Map<string, Directory>();
  #unflushed = new Set<Directory>();
  /** No longer reachable by name; closed once nothing may want to flush them. */
  #stale: Directory[] = [];

  constructor(root: string) {
    this.#root = root;
    this.#open.set('', this.#openHandle(''));
  }

  pathOf(name: string): string {
    return name === '' ? this.#root : `${this.#root}/${name}`;
  }

  /** Opens a folder, making it and its parents where they are missing. */
  ensure(name: string): Directory {
    for (let attempt = 1; ; attempt++) {
      try {
        return this.#ensureOnce(name);
      } catch (error) {
        // Somebody removed a parent between our look and our mkdir.
        if (attempt === attempts || !hasErrno(error, 'ENOENT')) throw error;
        this.forgetStale(name);
      }
    }
  }

  /** After a name in it was refused: forgets the folder and its parents where they are no longer what is open here. */
  forgetStale(name: string): void {
    for (let at = name; at !== ''; at = parentName(at)) {
      const open = this.#open.get(at);
      if (open !== undefined && !this.isCurrent(open)) this.forget(open);
    }
  }

  /** The folder itself, or the nearest parent that exists. */
  nearest(name: string): Directory {
    for (let at = name; at !== ''; at = parentName(at)) {
      const open = this.#open.get(at);
      if (open !== undefined && this.isCurrent(open)) return open;
      try {
        return this.#remember(this.#openHandle(at));
      } catch (error) {
        if (!hasErrno(error, 'ENOENT', 'ENOTDIR')) throw error;
      }
    }
    return this.#currentRoot();
  }

  /** False when the name now leads elsewhere, as another process may remove a folder and make it again. */
  isCurrent(directory: Directory): boolean {
    const found = statSync(this.pathOf(directory.name), { bigint: true, throwIfNoEntry: false });
    return found !== undefined && found.ino === directory.ino && found.dev === directory.dev;
  }

  forget(directory: Directory): void {
    if (directory.name === '' || this.#open.get(directory.name) !== directory) return;
    this.#open.delete(directory.name);
    this.#stale.push(directory);
  }

  markUnflushed(directory: Directory): void {
    this.#unflushed.add(directory);
  }

  /** Hands over what must be flushed before anything is answered. */
  takeUnflushed(): Directory[] {
    const taken = [...this.#unflushed];
    this.#unflushed = new Set();
    return taken;
  }

  /** Removes the folder and its parents as far as they are empty; the last one that stays is to be flushed. */
  removeEmpty(directory: Directory): void {
    let at = directory;
    while (at.name !== '') {
      try {
        rmdirSync(this.pathOf(at.name));
      } catch {
        break; // Not empty, or no longer there: either way not ours to remove.
      }
      this.forget(at);
      this.#unflushed.delete(at);
      at = this.nearest(parentName(at.name));
    }
    this.markUnflushed(at);
  }

  /** After a batch: closes what is stale and what is too much. */
  trim(): void {
    for (const { fd } of this.#stale) closeSync(fd);
    this.#stale = [];
    for (const [name, { fd }] of this.#open) {
      if (this.#open.size <= mostOpen) break;
      if (name === '') continue;
      this.#open.delete(name);
      closeSync(fd);
    }
  }

  #ensureOnce(name: string): Directory {
    const known = this.#open.get(name);
    if (known !== undefined) {
      // Back to the end: the map's order is what trim goes by.
      this.#open.delete(name);
      this.#open.set(name, known);
      return known;
    }
    const parent = parentName(name) === '' ? this.#currentRoot() : this.#ensureOnce(parentName(name));
    this.markUnflushed(parent);
    try {
      return this.#remember(this.#openHandle(name));
    } catch (error) {
      if (!hasErrno(error, 'ENOENT')) throw error;
    }
    try {
      mkdirSync(this.pathOf(name), 0o700);
    } catch (error) {
      if (!hasErrno(error, 'EEXIST')) throw error;
    }
    return this.#remember(this.#openHandle(name));
  }

  /** The root is never made again: where it has gone, so has its disk, and writing under the empty mount point would lose data. */
  #currentRoot(): Directory {
    const root = this.#open.get('');
    if (root !== undefined && this.isCurrent(root)) return root;
    throw Object.assign(new Error('the blob folder is gone'), { code: 'ENODEV', syscall: 'stat' });
  }

  #remember(directory: Directory): Directory {
    const before = this.#open.get(directory.name);
    if (before !== undefined) this.forget(before);
    this.#open.set(directory.name, directory);
    return directory;
  }

  #openHandle(name: string): Directory {
    const fd = openSync(this.pathOf(name), constants.O_RDONLY | constants.O_DIRECTORY);
    let stats: BigIntStats;
    try {
      stats = fstatSync(fd, { bigint: true });
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    return { name, fd, dev: stats.dev, ino: stats.ino };
  }
}

/** Of a folder or of a blob path. */
export function parentName(name: string): string {
  const slash = name.lastIndexOf('/');
  return slash === -1 ? '' : name.slice(0, slash);
}
