import { Problem } from '#kit/errors.ts';
import { threadModule } from '#platform/process/thread-module.ts';
import type { BlobPath } from '../blob-store.ts';
import { CallThread } from './call-thread.ts';
import { type DiskFault, diskFault, diskProblem } from './disk-problem.ts';
import type { HeldBytes } from './held-bytes.ts';
import type { StagedNames } from './staged-names.ts';
import type { WriteCall, WriteOutcome, WriteReply, WriterSetup } from './writer-calls.ts';

export interface BlobWriterEvents {
  /** A flush failed: nothing is accepted until restart. */
  onHalt(fault: DiskFault): void;
  onDeath(error: unknown): void;
}

/** The main thread's side of the one writer thread. */
export class BlobWriter {
  readonly #thread: CallThread<WriteCall, WriteReply>;
  readonly #names: StagedNames;
  readonly #events: BlobWriterEvents;
  #halted = false;

  constructor(setup: WriterSetup, names: StagedNames, events: BlobWriterEvents) {
    this.#names = names;
    this.#events = events;
    this.#thread = new CallThread(threadModule(import.meta.url, 'writer.thread'), 'blob-writer', setup, events.onDeath);
  }

  get ready(): Promise<void> {
    return this.#thread.ready;
  }

  get alive(): boolean {
    return this.#thread.alive;
  }

  get halted(): boolean {
    return this.#halted;
  }

  /** Durable under the name when "done"; "exists" changed nothing. */
  async put(path: BlobPath, held: HeldBytes, byteSize: number): Promise<WriteOutcome> {
    this.#assertWritable();
    const { file, slot } = held;
    if (file !== undefined) {
      await this.#flush(() => file.sync());
      return this.#ask((id) => ({ id, op: 'link', path, staged: file.name }));
    }
    if (slot === undefined) throw new Problem('internal_error');
    const staged = this.#names.take();
    try {
      return await this.#ask((id) => ({ id, op: 'store', path, staged, offset: slot.offset, byteSize }));
    } finally {
      this.#names.done(staged);
    }
  }

  settle(path: BlobPath): Promise<WriteOutcome> {
    this.#assertWritable();
    return this.#ask((id) => ({ id, op: 'settle', path }));
  }

  async remove(path: BlobPath): Promise<void> {
    this.#assertWritable();
    await this.#ask((id) => ({ id, op: 'remove', path }));
  }

  close(): Promise<void> {
    return this.#thread.close();
  }

  #assertWritable(): void {
    if (this.#halted || !this.#thread.alive) throw new Problem('storage_unavailable');
  }

  async #ask(make: (id: number) => WriteCall): Promise<WriteOutcome> {
    const reply = await this.#thread.call(make);
    if ('outcome' in reply) return reply.outcome;
    if (reply.halted) this.#halt(reply.fault);
    throw reply.halted ? new Problem('storage_unavailable') : diskProblem(reply.fault);
  }

  /** A large body is flushed from here, so that the small ones of a batch need not wait for it. */
  async #flush(flush: () => Promise<void>): Promise<void> {
    try {
      await flush();
    } catch (error) {
      this.#halt(diskFault(error));
      this.#thread.tell({ id: 0, op: 'halt' });
      throw new Problem('storage_unavailable');
    }
  }

  #halt(fault: DiskFault): void {
    if (this.#halted) return;
    this.#halted = true;
    this.#events.onHalt(fault);
  }
}
