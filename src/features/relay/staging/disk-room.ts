import { statfs } from 'node:fs/promises';
import { Problem } from '#kit/errors.ts';
import { asProblem } from '#platform/blobs/local/disk-problem.ts';

/** Left alone, so that the file system's own needs and a rounding up to blocks do not end a body half way. Bytes. */
const spareBytes = 4 * 1024 * 1024;

export interface DiskPromise {
  /** So many bytes of it are on the disk now. */
  written(bytes: number): void;
  end(): void;
}

/** What a disk has left, less what bodies that are on their way to it announced. */
export class DiskRoom {
  readonly #folder: string;
  #promised = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Throws storage_full, storage_unavailable. */
  async promise(bytes: number): Promise<DiskPromise> {
    const free = await this.free();
    if (free - this.#promised < bytes + spareBytes) throw new Problem('storage_full', { retryAfterSeconds: 30 });
    this.#promised += bytes;
    let open = bytes;
    const lessen = (by: number) => {
      open -= by;
      this.#promised -= by;
    };
    return { written: (count) => lessen(Math.min(open, count)), end: () => lessen(open) };
  }

  /** Bytes that this user may still write. Throws storage_unavailable. */
  async free(): Promise<number> {
    try {
      const { bavail, bsize } = await statfs(this.#folder);
      return bavail * bsize;
    } catch (error) {
      throw asProblem(error);
    }
  }

  async isFull(): Promise<boolean> {
    return (await this.free()) - this.#promised < spareBytes;
  }
}
