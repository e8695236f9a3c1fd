import { namedPaths, strayMadeAt } from '#features/documents/index.ts';
import { judgeChunkBlob } from '#features/incidents/index.ts';
import { namedParts, partMadeAt } from '#features/resumable/index.ts';
import type { BlobEntry, BlobStore } from '#platform/blobs/blob-store.ts';
import type { Db } from '#platform/metadata/metadata.ts';
import type { WantedBlob } from './transfer/blob-place.ts';
import { databaseRows } from './transfer/rows.ts';
import { isStillWanted } from './transfer/still-wanted.ts';
import { storedTables, unfinishedTables } from './transfer/stored-tables.ts';
import { wantedBlobs } from './transfer/wanted-blobs.ts';

export type BlobFinding =
  /** A row whose bytes are gone or differ. `belongsTo` is its incident, document or upload. */
  | { kind: 'missing' | 'different'; table: WantedBlob['table']; id: string; belongsTo: string }
  /** Of a chunk: committed, and never recorded, as a crash came between. Never shown; a retry of the same upload adopts it. */
  | { kind: 'ambiguous'; path: string; byteSize: number }
  /** Of a document or an upload, and named by no row: an upload is at it just now, or a crash left it. Swept by the worker. */
  | { kind: 'stray'; path: string; byteSize: number; ageSeconds: number }
  /** A file that this server does not make. */
  | { kind: 'foreign'; path: string; byteSize: number };

export interface BlobCheckProgress {
  /** Rows that name blobs, those of chunks among them. */
  rows: number;
  chunks: number;
  blobs: number;
  bytes: number;
}

export interface BlobCheckOptions {
  /** Read and hash every blob, instead of comparing sizes. */
  hash: boolean;
  onProgress?: (progress: BlobCheckProgress) => void;
}

interface Deps {
  read: Db;
  blobs: BlobStore;
}

const reportEvery = 500;
const rowsAtOnce = 8;
const blobsAtOnce = 200;

/**
 * Compares rows with blobs in both directions. Reads only; safe beside a running server, whose newest uploads may show as ambiguous or as
 * strays. What is being deleted is passed over: its blobs go before its rows.
 */
export async function* checkBlobs(deps: Deps, options: BlobCheckOptions): AsyncGenerator<BlobFinding> {
  const progress: BlobCheckProgress = { rows: 0, chunks: 0, blobs: 0, bytes: 0 };
  const report = () => options.onProgress?.({ ...progress });
  const wanted = wantedBlobs(databaseRows(deps.read, [...storedTables, ...unfinishedTables]));
  for await (const some of inBatches(wanted, rowsAtOnce)) {
    const states = await Promise.all(some.map((blob) => stateOf(deps, blob, options.hash)));
    for (const [n, { table, id, belongsTo, byteSize }] of some.entries()) {
      const state = states[n];
      progress.rows += 1;
      if (table === 'chunks') progress.chunks += 1;
      progress.bytes += byteSize;
      if (state === 'missing' || state === 'different') yield { kind: state, table, id, belongsTo };
    }
    report();
  }
  for await (const some of inBatches(deps.blobs.list(), blobsAtOnce)) {
    yield* findingsAmong(deps, some);
    const before = progress.blobs;
    progress.blobs += some.length;
    if (Math.floor(before / reportEvery) !== Math.floor(progress.blobs / reportEvery)) report();
  }
  report();
}

async function stateOf(deps: Deps, blob: WantedBlob, hash: boolean): Promise<'same' | 'missing' | 'different'> {
  const state = hash ? await deps.blobs.check(blob.path, blob) : await sizeState(deps.blobs, blob);
  // It may have gone on purpose while this was under way.
  return state === 'same' || (await isStillWanted(deps, blob)) ? state : 'same';
}

async function sizeState(blobs: BlobStore, { path, byteSize }: WantedBlob): Promise<'same' | 'missing' | 'different'> {
  const size = await blobs.size(path);
  if (size === undefined) return 'missing';
  return size === byteSize ? 'same' : 'different';
}

async function* findingsAmong({ read, blobs }: Deps, some: readonly BlobEntry[]): AsyncGenerator<BlobFinding> {
  const madeAtOf = ({ path }: BlobEntry) => strayMadeAt(path) ?? partMadeAt(path);
  const paths = some.filter((blob) => madeAtOf(blob) !== undefined).map(({ path }) => path);
  const named = new Set([...(await namedPaths(read, paths)), ...(await namedParts(read, paths))]);
  for (const blob of some) {
    const madeAt = madeAtOf(blob);
    if (madeAt === undefined) {
      const kind = await judgeChunkBlob(read, blob.path);
      if (kind !== 'accepted') yield { kind, ...blob };
    } else if (!named.has(blob.path) && (await blobs.size(blob.path)) !== undefined)
      yield { kind: 'stray', ...blob, ageSeconds: Math.max(0, Math.round((Date.now() - madeAt) / 1000)) };
  }
}

async function* inBatches<Item>(items: AsyncIterable<Item>, size: number): AsyncGenerator<Item[]> {
  let batch: Item[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
