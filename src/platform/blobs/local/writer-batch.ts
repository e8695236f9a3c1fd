import { closeSync, constants, linkSync, openSync, unlinkSync } from 'node:fs';
import { failpoint } from '#platform/process/failpoint.ts';
import { Directories, type Directory, parentName } from './directories.ts';
import { type DiskFault, diskFault, hasErrno } from './disk-problem.ts';
import { Flusher } from './flush.ts';
import { writeStaged } from './write-staged.ts';
import type { WriteCall, WriteOutcome, WriteReply, WriterSetup } from './writer-calls.ts';

/** What the batch needs of a Flusher; its failures are what tests bring in here. */
export type BatchFlusher = Pick<Flusher, 'flush' | 'quick'>;

interface Item {
  readonly call: WriteCall;
  outcome?: WriteOutcome;
  fault?: DiskFault;
}

const linkAttempts = 8;
/** On a slow disk the flushes are what a batch shares: as many as bound how long the first waits for the last. */
const largestBatch = 64;
/** On a quick one small batches keep the receiving thread busy while this one writes. */
const quickBatch = 16;

/**
 * Makes batches of blobs durable. The order within a batch is the promise: bytes flushed, then names given, then folders
 * flushed, then answers. A crash before the link leaves only staging, for the sweep; one after it leaves a blob that nobody
 * was told of, which a retry adopts.
 */
export class BatchWriter {
  readonly #setup: WriterSetup;
  readonly #arena: Buffer;
  readonly #directories: Directories;
  readonly #flusher: BatchFlusher;
  #halted: DiskFault | undefined;

  constructor(setup: WriterSetup, flusher: BatchFlusher = new Flusher(setup.flushMs)) {
    this.#setup = setup;
    this.#arena = Buffer.from(setup.memory);
    this.#directories = new Directories(setup.blobsDir);
    this.#flusher = flusher;
  }

  /** How many calls to take at once, as the disk behaves now. */
  get batchSize(): number {
    return this.#flusher.quick ? quickBatch : largestBatch;
  }

  async run(calls: readonly WriteCall[]): Promise<WriteReply[]> {
    const items: Item[] = calls.map((call) => ({ call }));
    if (this.#halted === undefined) {
      try {
        await this.#flushFiles(this.#writeFiles(items));
        const touched = this.#link(items);
        for (const item of items) this.#remove(item);
        this.#verify(touched);
        await this.#flushDirectories();
        this.#directories.trim();
      } catch (error) {
        // Only flushes get here: every other failure belongs to one item. What of this batch is durable cannot be known.
        this.#halted = diskFault(error);
        this.#dropStaged(items);
      }
    }
    return items.map((item) => this.#reply(item));
  }

  /** Creates and fills the staged files; returns the descriptors to flush. */
  #writeFiles(items: readonly Item[]): number[] {
    const fds: number[] = [];
    for (const item of items) {
      const { call } = item;
      try {
        if (call.op === 'store') {
          const bytes = this.#arena.subarray(call.offset, call.offset + call.byteSize);
          // Writing past the page cache waits for the disk once for each file; a slow one takes them better all at the flush.
          fds.push(writeStaged(this.#staged(call.staged), bytes, this.#setup.direct && this.#flusher.quick));
        } else if (call.op === 'settle') {
          fds.push(openSync(this.#directories.pathOf(call.path), constants.O_RDONLY | constants.O_NOFOLLOW));
        } else if (call.op === 'halt') {
          this.#halted ??= { errno: 'EIO', syscall: 'fsync' };
        }
      } catch (error) {
        if (call.op === 'settle' && hasErrno(error, 'ENOENT')) item.outcome = 'gone';
        else item.fault = diskFault(error);
      }
    }
    return fds;
  }

  async #flushFiles(fds: readonly number[]): Promise<void> {
    try {
      await this.#flusher.flush(fds, () => failpoint('after-file-fsync'));
    } finally {
      for (const fd of fds) closeSync(fd);
    }
  }

  /** Gives the names. `link` refuses a name that exists, whoever made it; nothing is looked up before. */
  #link(items: readonly Item[]): Map<Directory, Item[]> {
    const touched = new Map<Directory, Item[]>();
    for (const item of items) {
      const { call } = item;
      if (item.fault !== undefined || item.outcome !== undefined) continue;
      if (call.op !== 'store' && call.op !== 'link' && call.op !== 'settle') continue;
      try {
        const directory = call.op === 'settle' ? this.#directories.ensure(parentName(call.path)) : this.#linkOne(call);
        if (directory === undefined) {
          item.outcome = 'exists';
        } else {
          this.#directories.markUnflushed(directory);
          const beside = touched.get(directory);
          if (beside === undefined) touched.set(directory, [item]);
          else beside.push(item);
          item.outcome = 'done';
        }
      } catch (error) {
        item.fault = diskFault(error);
      }
      // A body in a file stays until it is linked or discarded; one in memory is written anew when its holder tries again.
      if (call.op === 'store' || (call.op === 'link' && item.outcome === 'done')) this.#unlinkStaged(call.staged);
    }
    return touched;
  }

  /** The folder that now has the name, or undefined when it was taken. */
  #linkOne(call: { path: string; staged: string }): Directory | undefined {
    const name = parentName(call.path);
    for (let attempt = 1; ; attempt++) {
      // Open before the link, so that running out of descriptors cannot leave a name that is never flushed.
      const directory = this.#directories.ensure(name);
      try {
        linkSync(this.#staged(call.staged), this.#directories.pathOf(call.path));
        failpoint('after-link');
        return directory;
      } catch (error) {
        if (hasErrno(error, 'EEXIST')) return undefined;
        if (!hasErrno(error, 'ENOENT') || attempt === linkAttempts) throw error;
        this.#directories.forgetStale(name);
      }
    }
  }

  #remove(item: Item): void {
    const { call } = item;
    if (call.op !== 'remove') return;
    try {
      try {
        unlinkSync(this.#directories.pathOf(call.path));
      } catch (error) {
        if (!hasErrno(error, 'ENOENT', 'ENOTDIR')) throw error;
      }
      // Also when it was missing: an earlier removal may have been cut off before its flush.
      this.#directories.removeEmpty(this.#directories.nearest(parentName(call.path)));
      item.outcome = 'done';
    } catch (error) {
      item.fault = diskFault(error);
    }
  }

  /** The folder that took a name must be the one whose handle is flushed, even when another process remade it meanwhile. */
  #verify(touched: ReadonlyMap<Directory, Item[]>): void {
    for (const [directory, items] of touched) {
      try {
        if (this.#directories.isCurrent(directory)) continue;
        this.#directories.forgetStale(directory.name);
        this.#directories.markUnflushed(this.#directories.ensure(directory.name));
      } catch (error) {
        for (const item of items) item.fault = diskFault(error);
      }
    }
  }

  async #flushDirectories(): Promise<void> {
    const fds = this.#directories.takeUnflushed().map(({ fd }) => fd);
    await this.#flusher.flush(fds, () => failpoint('after-dir-fsync'));
  }

  #dropStaged(items: readonly Item[]): void {
    for (const { call, outcome } of items) {
      if (call.op === 'store' && outcome === undefined) this.#unlinkStaged(call.staged);
    }
  }

  /** Failing changes nothing about the blob: the sweep takes the spare name later. */
  #unlinkStaged(name: string): void {
    try {
      unlinkSync(this.#staged(name));
      failpoint('after-unlink');
    } catch {
      return;
    }
  }

  #staged(name: string): string {
    return `${this.#setup.stagingDir}/${name}`;
  }

  #reply({ call: { id }, fault, outcome }: Item): WriteReply {
    if (this.#halted !== undefined) return { id, fault: this.#halted, halted: true };
    if (fault !== undefined) return { id, fault, halted: false };
    return { id, outcome: outcome ?? 'done' };
  }
}
