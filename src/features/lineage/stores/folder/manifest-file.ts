import { constants } from 'node:fs';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { asProblem, hasErrno } from '#platform/blobs/local/disk-problem.ts';
import { syncFolder } from './durable-names.ts';
import type { ServiceFolder } from './service-folder.ts';

interface Waiting {
  readonly text: string;
  resolve(): void;
  reject(error: unknown): void;
}

const tailBytes = 64 * 1024;
const newline = 0x0a;

/**
 * The manifest of one day, open for more lines. Those that come while others are being written make the next write together. A line
 * that `append` has answered survives the process; only `close` makes it survive a power cut.
 */
export class ManifestFile {
  readonly #at: ServiceFolder;
  readonly #file: FileHandle;
  /** Of the whole lines. */
  #size: number;
  /** Behind the whole lines there may be something else. */
  #torn = false;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;

  private constructor(at: ServiceFolder, file: FileHandle, size: number) {
    this.#at = at;
    this.#file = file;
    this.#size = size;
  }

  /** Makes it when it is missing. What a crash left of a last line is cut off. */
  static async open(at: ServiceFolder, day: string): Promise<ManifestFile> {
    const file = await openOrMake(at, day);
    try {
      const { size } = await file.stat();
      const whole = await wholeLines(file, size);
      if (whole < size) await file.truncate(whole);
      return new ManifestFile(at, file, whole);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Throws storage_full, storage_unavailable; the line is not there then. */
  append(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ text, resolve, reject });
      this.#writing ??= this.#write();
    });
  }

  /** Makes lines, file and folders durable. */
  async close(): Promise<void> {
    await this.#writing;
    try {
      await this.#file.sync();
      await syncFolder(this.#at.manifests);
      await syncFolder(this.#at.path);
    } finally {
      await this.#file.close();
    }
  }

  async #write(): Promise<void> {
    // A batch of records is answered in one turn, and its lines are one write.
    await nextTurn();
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      try {
        await this.#put(Buffer.from(group.map(({ text }) => text).join(''), 'latin1'));
        for (const { resolve } of group) resolve();
      } catch (error) {
        for (const { reject } of group) reject(asProblem(error));
      }
    }
    this.#writing = undefined;
  }

  async #put(bytes: Buffer): Promise<void> {
    if (this.#torn) await this.#cut();
    this.#torn = true;
    try {
      for (let at = 0; at < bytes.length; ) {
        const { bytesWritten } = await this.#file.write(bytes, at, bytes.length - at, this.#size + at);
        if (bytesWritten === 0) throw Object.assign(new Error('short write'), { code: 'ENOSPC', syscall: 'write' });
        at += bytesWritten;
      }
    } catch (error) {
      // Where this fails too, the next write begins with it.
      await this.#cut().catch(() => undefined);
      throw error;
    }
    this.#size += bytes.length;
    this.#torn = false;
  }

  async #cut(): Promise<void> {
    await this.#file.truncate(this.#size);
    this.#torn = false;
  }
}

async function openOrMake(at: ServiceFolder, day: string): Promise<FileHandle> {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
  try {
    return await open(at.manifest(day), flags, 0o600);
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw error;
  }
  // Of records that are there already, so the folder of the service is.
  await mkdir(at.manifests, { mode: 0o700 }).catch((error: unknown) => {
    if (!hasErrno(error, 'EEXIST')) throw error;
  });
  return await open(at.manifest(day), flags, 0o600);
}

/** The bytes up to the last newline. */
async function wholeLines(file: FileHandle, size: number): Promise<number> {
  const tail = Buffer.alloc(tailBytes);
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - tailBytes);
    const { bytesRead } = await file.read(tail, 0, end - start, start);
    const found = tail.subarray(0, bytesRead).lastIndexOf(newline);
    if (found >= 0) return start + found + 1;
    end = start;
  }
  return 0;
}
