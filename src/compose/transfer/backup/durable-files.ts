import { createHash } from 'node:crypto';
import { type FileHandle, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Flushes a folder, so that the names made in it survive a power cut. */
export async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export interface WrittenFile {
  bytes: number;
  /** Lower-case hexadecimal. */
  sha256: string;
}

/** A new file, mode 0600, written from start to end and hashed meanwhile; flushed when `finish` resolves. */
export class NewFile {
  readonly #handle: FileHandle;
  readonly #hash = createHash('sha256');
  #bytes = 0;

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** Throws EEXIST. */
  static async create(path: string): Promise<NewFile> {
    return new NewFile(await open(path, 'wx', 0o600));
  }

  async write(content: Uint8Array): Promise<void> {
    this.#hash.update(content);
    this.#bytes += content.length;
    // A write may come up short; the next one says why.
    for (let at = 0; at < content.length; ) at += (await this.#handle.write(content, at)).bytesWritten;
  }

  async finish(): Promise<WrittenFile> {
    try {
      await this.#handle.sync();
    } finally {
      await this.#handle.close();
    }
    return { bytes: this.#bytes, sha256: this.#hash.digest('hex') };
  }

  async abandon(): Promise<void> {
    await this.#handle.close();
  }
}

export async function writeNewFile(path: string, content: string): Promise<WrittenFile> {
  const file = await NewFile.create(path);
  try {
    await file.write(Buffer.from(content));
  } catch (error) {
    await file.abandon();
    throw error;
  }
  return await file.finish();
}

/** Gives what was flushed under another name its own, and flushes that. */
export async function renameDurably(from: string, to: string): Promise<void> {
  await rename(from, to);
  await flushFolder(dirname(to));
}
