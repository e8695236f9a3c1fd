import { randomUUID } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { asProblem, hasErrno } from '#platform/blobs/local/disk-problem.ts';
import { failpoint } from '#platform/process/failpoint.ts';
import type { ServiceKey } from '../../record/names.ts';
import { replaceFile } from '../folder/durable-names.ts';
import { ServiceFolder } from '../folder/service-folder.ts';
import { Turns } from '../folder/turns.ts';

/** By day: all lines of its manifest before this offset have been copied. */
export type ServiceCursor = Map<string, number>;

/** Not an offset: the manifest was written anew, and copying begins again. */
const lost = -1;

/** How far each service has been copied, in files of their own. Losing one only repeats work. */
export class Cursors {
  readonly #dataDir: string;
  readonly #loaded = new Map<string, ServiceCursor>();
  readonly #turns = new Turns();

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  /** The one that everybody sees until it is unloaded. */
  async load(key: ServiceKey): Promise<ServiceCursor> {
    const { id } = this.#at(key);
    return await this.#turns.take(id, async () => {
      const cursor = this.#loaded.get(id) ?? (await this.#read(id));
      this.#loaded.set(id, cursor);
      return cursor;
    });
  }

  /** Where to go on in a day; after a manifest that is just being written anew. */
  async begin(key: ServiceKey, day: string): Promise<number> {
    const cursor = await this.load(key);
    const offset = Math.max(0, cursor.get(day) ?? 0);
    cursor.set(day, offset);
    return offset;
  }

  /** For the next process. After a power cut an earlier one may be found; flushing would make those wait who put runs. */
  async save(key: ServiceKey): Promise<void> {
    const { id } = this.#at(key);
    await this.#turns.take(id, () => this.#write(id, this.#loaded.get(id), 'soon'));
  }

  async unload(key: ServiceKey): Promise<void> {
    const { id } = this.#at(key);
    await this.#turns.take(id, async () => {
      await this.#write(id, this.#loaded.get(id), 'soon');
      this.#loaded.delete(id);
    });
  }

  /** Forgets the day, for good and before the change, and lets nobody begin until it is done. */
  async around(key: ServiceKey, day: string, rewrite: () => Promise<void>): Promise<void> {
    const { id } = this.#at(key);
    await this.#turns.take(id, async () => {
      const cursor = this.#loaded.get(id) ?? (await this.#read(id));
      if (cursor.has(day)) {
        cursor.set(day, lost);
        await this.#write(id, cursor, 'durable');
      }
      await rewrite();
    });
  }

  async #read(id: string): Promise<ServiceCursor> {
    try {
      return new Map(offsetsIn(await readFile(this.#path(id), 'utf8')));
    } catch (error) {
      if (hasErrno(error, 'ENOENT')) return new Map();
      throw asProblem(error);
    }
  }

  async #write(id: string, cursor: ServiceCursor | undefined, how: 'durable' | 'soon'): Promise<void> {
    if (cursor === undefined) return;
    const offsets = [...cursor].filter(([, offset]) => offset > 0);
    const path = this.#path(id);
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const aside = `${this.#dataDir}/.staging/${randomUUID()}`;
      await replaceFile(path, `${JSON.stringify(Object.fromEntries(offsets))}\n`, aside, how);
      failpoint('lineage-after-cursor');
    } catch (error) {
      throw asProblem(error);
    }
  }

  #path(id: string): string {
    return `${this.#dataDir}/.cursors/${id}.json`;
  }

  #at(key: ServiceKey): ServiceFolder {
    return new ServiceFolder(this.#dataDir, key);
  }
}

/** Nothing from a file that is none of ours: what is copied again is a replay. */
function offsetsIn(text: string): [string, number][] {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return [];
    return Object.entries(value).filter(([, offset]) => Number.isSafeInteger(offset) && offset > 0);
  } catch {
    return [];
  }
}
