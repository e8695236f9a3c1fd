import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hasErrno } from '#platform/blobs/local/disk-problem.ts';

/** Folders that a power cut does not take: each is flushed into the one above it before anything is put in. */
export class FlushedFolders {
  readonly #root: string;
  readonly #flush: (folder: string) => Promise<void>;
  readonly #flushed = new Set<string>();

  /** The root stands already, and so does everything above it. */
  constructor(root: string, flush: (folder: string) => Promise<void>) {
    this.#root = root;
    this.#flush = flush;
  }

  async make(path: string): Promise<void> {
    if (path === this.#root || this.#flushed.has(path)) return;
    await this.make(dirname(path));
    await mkdir(path, { mode: 0o700 }).catch((error: unknown) => {
      if (!hasErrno(error, 'EEXIST')) throw error;
    });
    // Also where another made it: it may not have come as far as this.
    await this.#flush(dirname(path));
    this.#flushed.add(path);
  }
}

export async function flushFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
