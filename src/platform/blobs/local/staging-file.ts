import { constants } from 'node:fs';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { passedThrough } from '#platform/process/bulk-memory.ts';
import type { StagedNames } from './staged-names.ts';

/** How much one body may hold in memory before its stream must wait, once in writing and once gathered behind it. Bytes. */
const blockBytes = 128 * 1024;
const readBytes = 64 * 1024;

/** A body too large for memory, on its way to the disk. Nothing about it is durable before `sync`. */
export class StagingFile {
  readonly name: string;
  readonly #path: string;
  readonly #names: StagedNames;
  readonly #handle: FileHandle;
  #gathered: Buffer[] = [];
  #gatheredBytes = 0;
  #writing: Promise<void> | undefined;
  #synced = false;
  #closed: Promise<void> | undefined;

  private constructor(folder: string, name: string, names: StagedNames, handle: FileHandle) {
    this.name = name;
    this.#path = `${folder}/${name}`;
    this.#names = names;
    this.#handle = handle;
  }

  static async create(folder: string, names: StagedNames): Promise<StagingFile> {
    const name = names.take();
    try {
      const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
      return new StagingFile(folder, name, names, await open(`${folder}/${name}`, flags, 0o600));
    } catch (error) {
      names.done(name);
      throw error;
    }
  }

  /** A promise when the stream must wait. The bytes are kept by reference until they are written. */
  append(bytes: Buffer): Promise<void> | undefined {
    this.#gathered.push(bytes);
    this.#gatheredBytes += bytes.length;
    passedThrough(bytes.length);
    if (this.#gatheredBytes < blockBytes) return undefined;
    if (this.#writing !== undefined) return this.#writing.then(() => this.#startWriting());
    this.#startWriting();
    return undefined;
  }

  /** Resolves when everything that was appended is with the operating system. */
  async finish(): Promise<void> {
    await this.#writing;
    this.#startWriting();
    await this.#writing;
  }

  /** What was appended, from the first byte to the last, for any number of readers at once; after `finish` and before `close`. */
  async *pieces(): AsyncGenerator<Buffer> {
    for (let at = 0; ; ) {
      const piece = Buffer.allocUnsafeSlow(readBytes);
      const { bytesRead } = await this.#handle.read(piece, 0, readBytes, at);
      if (bytesRead === 0) return;
      at += bytesRead;
      passedThrough(bytesRead);
      yield piece.subarray(0, bytesRead);
    }
  }

  /** Once: a flush that failed says nothing true when it is repeated, so the caller must never come back after an error. */
  async sync(): Promise<void> {
    if (this.#synced) return;
    await this.#handle.sync();
    this.#synced = true;
  }

  /** Closes it; with `remove` takes the name away too. Never throws: what stays behind is the sweep's. */
  close(remove: boolean): Promise<void> {
    this.#closed ??= this.#close(remove);
    return this.#closed;
  }

  async #close(remove: boolean): Promise<void> {
    await Promise.allSettled([this.#writing]);
    await Promise.allSettled([this.#handle.close(), remove ? unlink(this.#path) : undefined]);
    this.#names.done(this.name);
  }

  #startWriting(): void {
    const block = this.#gathered;
    if (block.length === 0) return;
    this.#gathered = [];
    this.#gatheredBytes = 0;
    const writing = this.#write(block);
    // Whoever awaits it next sees the failure; until then it must not count as unhandled.
    writing.catch(() => undefined);
    this.#writing = writing;
  }

  async #write(block: Buffer[]): Promise<void> {
    const wanted = block.reduce((sum, { length }) => sum + length, 0);
    let { bytesWritten } = await this.#handle.writev(block);
    if (bytesWritten === wanted) return;
    // A write comes up short before the disk is full; the next one says why.
    const whole = Buffer.concat(block);
    while (bytesWritten < wanted) {
      const more = await this.#handle.write(whole, bytesWritten, wanted - bytesWritten);
      if (more.bytesWritten === 0) throw Object.assign(new Error('short write'), { code: 'ENOSPC', syscall: 'write' });
      bytesWritten += more.bytesWritten;
    }
  }
}
