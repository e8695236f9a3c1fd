import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, opendir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Problem } from '#kit/errors.ts';
import { passedThrough } from '#platform/process/bulk-memory.ts';
import { failpoint } from '#platform/process/failpoint.ts';
import type { BlobPlace, WantedBlob } from '../blob-place.ts';
import { flushFolder, NewFile } from './durable-files.ts';

/** What a crash leaves half written begins with this, and is removed by the next backup. */
export const unfinishedPrefix = '~';

const pieceBytes = 512 * 1024;

/**
 * The blobs of all snapshots of a backup, each under its own hash: `blobs/ab/ab…`. So a name says what must be in it, the same
 * bytes are kept once, and a store that went another way after a restore can never pass for what was backed up before.
 */
export class BackupBlobs implements BlobPlace {
  readonly #root: string;
  readonly #made = new Set<string>();
  #last = 0;

  constructor(root: string) {
    this.#root = root;
  }

  async has({ sha256Hex, byteSize }: WantedBlob): Promise<boolean> {
    return (await sizeOf(this.#file(sha256Hex))) === byteSize;
  }

  async check(blob: WantedBlob): Promise<'same' | 'missing' | 'different'> {
    const size = await sizeOf(this.#file(blob.sha256Hex));
    if (size === undefined) return 'missing';
    if (size !== blob.byteSize) return 'different';
    const hash = createHash('sha256');
    for await (const piece of this.#pieces(blob)) hash.update(piece);
    return hash.digest('hex') === blob.sha256Hex ? 'same' : 'different';
  }

  async read(blob: WantedBlob): Promise<Readable> {
    if (!(await this.has(blob))) throw new Problem('evidence_corrupt');
    return Readable.from(this.#verified(blob), { objectMode: false });
  }

  async put({ sha256Hex, byteSize }: WantedBlob, content: Readable): Promise<void> {
    const folder = await this.#folder(sha256Hex);
    this.#last += 1;
    const unfinished = join(folder, `${unfinishedPrefix}${sha256Hex}.${this.#last}`);
    const file = await NewFile.create(unfinished);
    let open = true;
    try {
      // Every source of blobs gives Buffers.
      for await (const piece of content as AsyncIterable<Buffer>) {
        await file.write(piece);
        passedThrough(piece.length);
      }
      failpoint('backup-blob-written');
      open = false;
      const written = await file.finish();
      if (written.sha256 !== sha256Hex || written.bytes !== byteSize) throw new Problem('evidence_corrupt');
      await rename(unfinished, this.#file(sha256Hex));
      failpoint('backup-blob-named');
    } catch (error) {
      content.destroy();
      if (open) await file.abandon();
      await rm(unfinished, { force: true });
      throw error;
    }
  }

  /** All folders: one that an earlier backup wrote before it was killed may not have been flushed. */
  async flush(): Promise<void> {
    for (const name of await readdir(this.#root)) await flushFolder(join(this.#root, name));
    await flushFolder(this.#root);
  }

  /** The names of all that is here. */
  async *names(): AsyncGenerator<string> {
    for await (const { name } of this.#files()) if (/^[0-9a-f]{64}$/.test(name)) yield name;
  }

  /** What an interrupted backup was writing. Nothing else may be writing here. */
  async removeUnfinished(): Promise<void> {
    for await (const { folder, name } of this.#files())
      if (name.startsWith(unfinishedPrefix)) await rm(join(folder, name), { force: true });
  }

  async *#files(): AsyncGenerator<{ folder: string; name: string }> {
    for (const prefix of await readdir(this.#root)) {
      const folder = join(this.#root, prefix);
      for await (const { name } of await opendir(folder)) yield { folder, name };
    }
  }

  /** Returns the bytes that are free again. */
  async remove(sha256Hex: string): Promise<number> {
    const size = (await sizeOf(this.#file(sha256Hex))) ?? 0;
    await rm(this.#file(sha256Hex), { force: true });
    return size;
  }

  #file(sha256Hex: string): string {
    if (!/^[0-9a-f]{64}$/.test(sha256Hex)) throw new TypeError('A blob is named by a SHA-256.');
    return join(this.#root, sha256Hex.slice(0, 2), sha256Hex);
  }

  async #folder(sha256Hex: string): Promise<string> {
    const folder = join(this.#root, sha256Hex.slice(0, 2));
    if (!this.#made.has(folder)) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      this.#made.add(folder);
    }
    return folder;
  }

  #pieces({ sha256Hex }: WantedBlob): AsyncIterable<Buffer> {
    return createReadStream(this.#file(sha256Hex), { highWaterMark: pieceBytes });
  }

  async *#verified(blob: WantedBlob): AsyncGenerator<Buffer> {
    const hash = createHash('sha256');
    let held: Buffer | undefined;
    for await (const piece of this.#pieces(blob)) {
      hash.update(piece);
      passedThrough(piece.length);
      if (held !== undefined) yield held;
      held = piece;
    }
    if (hash.digest('hex') !== blob.sha256Hex) throw new Problem('evidence_corrupt');
    if (held !== undefined) yield held;
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    const found = await stat(path);
    return found.isFile() ? found.size : undefined;
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return undefined;
    throw error;
  }
}
