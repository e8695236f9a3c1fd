import type { AuditEntry } from '#features/audit/index.ts';
import type { DocumentConfig } from '#features/documents/index.ts';
import { type JobContext, JobFailure, type JobRow } from '#features/jobs/index.ts';
import { isProblem } from '#kit/errors.ts';
import { timestamp } from '#kit/time.ts';
import type { BlobStore } from '#platform/blobs/blob-store.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { type ConnectionRow, connectionById, type ItemRow } from '../cloud.store.ts';
import { openRemote, type RemoteDeps } from '../remote/open-remote.ts';
import type { RemotePath } from '../remote/remote-path.ts';
import type { RemoteStore } from '../remote/remote-store.ts';
import { finishTransferTransaction, recordItemTransaction } from './transfer.transactions.ts';
import { TransferReport } from './transfer-report.ts';

export interface TransferDeps extends RemoteDeps {
  metadata: Metadata;
  blobs: BlobStore;
  documents: DocumentConfig;
}

/** What is wrong with all of it is not tried file by file. */
const fatal = new Set(['connection_address_refused', 'connection_unauthorized', 'quota_exceeded', 'folder_not_found']);
/** Of these only that file or folder has to do without. */
const ofOneFile = new Set(['invalid', 'forbidden', 'not_found', 'conflict', 'precondition', 'too_large', 'corrupt']);
/** So many files in a row that the other side fails at are no matter of the files. */
const patience = 3;

/** A connection at work: its two sides, and what became of each file so far. */
export class Transfer {
  readonly deps: TransferDeps;
  readonly connection: ConnectionRow;
  readonly remote: RemoteStore;
  readonly report = new TransferReport();
  readonly #context: JobContext;
  #found = 0;
  #failuresInARow = 0;

  private constructor(deps: TransferDeps, connection: ConnectionRow, remote: RemoteStore, context: JobContext) {
    this.deps = deps;
    this.connection = connection;
    this.remote = remote;
    this.#context = context;
  }

  /** Runs the work and ends the job. Throws JobFailure, Problem, and what the context's signal was aborted for. */
  static async run(
    deps: TransferDeps,
    job: JobRow,
    context: JobContext,
    work: (transfer: Transfer) => Promise<void>,
  ): Promise<void> {
    const connection = await connectionById(deps.metadata.read, job.cloud_connection_id ?? '');
    if (connection === undefined) throw new JobFailure('connection_not_found', 'The connection is gone.');
    const remote = await openRemote(deps, connection);
    const transfer = new Transfer(deps, connection, remote, context);
    try {
      await work(transfer);
    } finally {
      remote.close();
    }
    context.signal.throwIfAborted();
    const wish: object = JSON.parse(job.input ?? '{}');
    await deps.metadata.write(finishTransferTransaction, {
      connectionId: connection.id,
      claim: context.claim,
      input: JSON.stringify({ ...wish, report: transfer.report.json() }),
      mirrored: job.kind === 'mirror',
      at: timestamp(Date.now()),
    });
  }

  get signal(): AbortSignal {
    return this.#context.signal;
  }

  /** More files to deal with. */
  async foundFiles(count: number): Promise<void> {
    this.#found += count;
    await this.#showProgress();
  }

  /** Does the work for one file or folder, and takes note of its failure where the others can go on. */
  async each(path: RemotePath, work: () => Promise<'added' | 'renewed' | 'unchanged' | undefined>): Promise<void> {
    this.signal.throwIfAborted();
    try {
      const outcome = await work();
      if (outcome !== undefined) this.report.count(outcome);
      this.#failuresInARow = 0;
    } catch (error) {
      this.signal.throwIfAborted();
      this.#judge(path, error);
    }
    await this.#showProgress();
  }

  /** That the file at the path is what the document's version is. Throws JobFailure when the connection is gone. */
  async record(item: Omit<ItemRow, 'cloud_connection_id' | 'done_at'>, audit?: AuditEntry): Promise<void> {
    const recorded = await this.deps.metadata.write(recordItemTransaction, {
      item: { ...item, cloud_connection_id: this.connection.id, done_at: timestamp(Date.now()) },
      ...(audit === undefined ? {} : { audit }),
    });
    if (!recorded) throw new JobFailure('connection_not_found', 'The connection is gone.');
  }

  #judge(path: RemotePath, error: unknown): void {
    if (!isProblem(error)) throw error;
    const { code, kind } = error;
    if (fatal.has(code)) throw new JobFailure(code, error.message, { cause: error });
    const isTheirs = code === 'connection_failed';
    if (!isTheirs && !ofOneFile.has(kind)) throw error;
    this.#failuresInARow = isTheirs ? this.#failuresInARow + 1 : 0;
    if (this.#failuresInARow >= patience) throw error;
    this.report.failed(path, code);
  }

  async #showProgress(): Promise<void> {
    await this.#context.progress(this.report.done, this.#found);
  }
}
