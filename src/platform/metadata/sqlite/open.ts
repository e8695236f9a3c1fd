import { Worker } from 'node:worker_threads';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { StartupError } from '#platform/process/startup-error.ts';
import { type MetadataLog, SqliteMetadata, type WriterEvents, type WriterLink } from './client.ts';
import type { FromWriter, ToWriter, WriterData } from './messages.ts';
import { migrateSqlite } from './migrate.ts';
import { openReader } from './reader.ts';

export interface SqliteOptions {
  path: string;
  /** The thread's entry, which calls runWriter with the transactions of every slice. */
  writerModule: URL;
  log?: MetadataLog;
  /** Transactions waiting at once; beyond that `write` answers metadata_unavailable. */
  maxQueued?: number;
  /** Transactions that share one commit. */
  maxGroup?: number;
  /** Take no migration after this one, for rows of an earlier version. */
  upTo?: string | undefined;
  /** Where the steps are, for tests; the shipped ones by default. */
  directory?: URL;
}

/** Brings the database up to this version and opens it, its writer in a thread of its own. Throws StartupError. */
export async function openSqlite(options: SqliteOptions): Promise<Metadata> {
  const { path, writerModule, log, maxQueued = 10_000, maxGroup = 256, upTo, directory } = options;
  migrateSqlite({ path, upTo, ...(directory === undefined ? {} : { directory }) });
  const reader = openReader(path);
  const metadata = new SqliteMetadata({ reader, maxQueued, log });
  try {
    metadata.attach(await startThread(writerModule, { path, maxGroup }, metadata));
  } catch (error) {
    reader.close();
    throw error;
  }
  return metadata;
}

function startThread(writerModule: URL, data: WriterData, events: WriterEvents): Promise<WriterLink> {
  const worker = new Worker(writerModule, { workerData: data, name: 'sqlite-writer' });
  return new Promise((resolve, reject) => {
    const ended = new Promise<void>((done) => {
      worker.once('exit', () => done());
    });
    let closing = false;
    const fail = (cause: unknown) => {
      reject(cause);
      if (!closing) events.died(cause);
    };
    worker.on('error', fail);
    worker.on('messageerror', fail);
    worker.once('exit', (code) => fail(new Error(`The writer thread ended with code ${code}.`)));
    worker.on('message', (message: FromWriter) => {
      if (message.kind === 'ran') events.ran(message.outcomes, message.lasting);
      else if (message.kind === 'refused') reject(new StartupError(message.message, message.remedy));
      else {
        resolve({
          transactions: message.transactions,
          post: (requests) => worker.postMessage({ kind: 'run', requests } satisfies ToWriter),
          close: () => {
            closing = true;
            worker.postMessage({ kind: 'close' } satisfies ToWriter);
            return ended;
          },
        });
      }
    });
  });
}
