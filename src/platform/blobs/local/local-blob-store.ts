import { stat } from 'node:fs/promises';
import { Problem } from '#kit/errors.ts';
import { requireBlobPath, requireRange } from '../blob-range.ts';
import type { BlobPath, BlobStore } from '../blob-store.ts';
import { Arena } from './arena.ts';
import { BlobReader } from './blob-reader.ts';
import { BlobWriter } from './blob-writer.ts';
import { diskFault } from './disk-problem.ts';
import { listBlobs } from './list-blobs.ts';
import type { LocalStagedBody } from './local-staged-body.ts';
import { LocalStaging } from './local-staging.ts';
import { StagedNames } from './staged-names.ts';
import { sweepStaging } from './sweep-staging.ts';
import { openVolume } from './volume.ts';

/** Part of what pino offers; nothing logged here holds a path. */
export interface BlobLog {
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface LocalBlobStoreOptions {
  /** Made when missing, with the two folders in it. */
  dataDir: string;
  /** Where blobs lie; the folder `blobs` of the data folder unless told, and it may be the data folder itself. */
  blobsDir?: string;
  /** Where bodies wait for their commit; the folder `staging` of the data folder unless told. */
  stagingDir?: string;
  stagingQuotaBytes: number;
  /** No body may be larger, whatever the caller of `receive` allows. */
  maxBodyBytes: number;
  /** Staged files older than this are swept at start. Milliseconds; an hour unless told. */
  stagingMaxAgeMs?: number;
  log?: BlobLog;
}

const silent: BlobLog = { warn: () => undefined, error: () => undefined };
const commitAttempts = 8;

/** Blobs as plain files on a local disk. Throws storage_unavailable, in words for the operator, when the disk cannot do that. */
export async function openLocalBlobStore(options: LocalBlobStoreOptions): Promise<BlobStore> {
  const { dataDir, log = silent, maxBodyBytes, stagingMaxAgeMs = 3_600_000, stagingQuotaBytes } = options;
  const arena = new Arena();
  const { blobsDir = `${dataDir}/blobs`, stagingDir = `${dataDir}/staging` } = options;
  const volume = openVolume({ dataDir, blobsDir, stagingDir }, arena);
  const names = new StagedNames();
  const swept = await sweepStaging(stagingDir, names, stagingMaxAgeMs);
  if (swept.removed > 0) log.warn(swept, 'removed staged files that an earlier process left behind');

  let closed = false;
  const onDeath = (error: unknown): void => {
    log.error(
      { error: diskFault(error).errno, reason: error instanceof Error ? error.name : 'unknown' },
      'a storage thread ended',
    );
  };
  const writer = new BlobWriter({ ...volume, memory: arena.memory }, names, {
    onHalt: (fault) => log.error(fault, 'a flush to disk failed; blobs are read-only until restart'),
    onDeath,
  });
  const reader = new BlobReader(blobsDir, onDeath);
  try {
    await Promise.all([writer.ready, reader.ready]);
  } catch (error) {
    await Promise.all([writer.close(), reader.close()]);
    throw error;
  }

  function assertOpen(): void {
    if (closed) throw new Problem('storage_unavailable');
  }
  function assertWritable(): void {
    if (closed || writer.halted || !writer.alive) throw new Problem('storage_unavailable');
  }
  const staging = new LocalStaging({
    arena,
    names,
    stagingDir,
    quotaBytes: stagingQuotaBytes,
    maxBodyBytes,
    assertWritable,
  });

  async function place(
    path: BlobPath,
    body: LocalStagedBody,
  ): Promise<{ result: 'created' | 'adopted'; nameGone: boolean }> {
    for (let attempt = 1; attempt <= commitAttempts; attempt++) {
      if ((await writer.put(path, body.held, body.byteSize)) === 'done') return { result: 'created', nameGone: true };
      const standing = await reader.check(path, body);
      if (standing === 'different') throw new Problem('blob_conflict');
      if (standing === 'same' && (await writer.settle(path)) === 'done') return { result: 'adopted', nameGone: false };
      // Removed between two looks: the name is free again.
    }
    throw new Problem('storage_unavailable');
  }

  return {
    staging,
    async commit(path, body) {
      requireBlobPath(path);
      assertWritable();
      const own = staging.own(body);
      return own.during(() => place(path, own));
    },
    async open(path, range) {
      requireBlobPath(path);
      requireRange(range);
      assertOpen();
      return reader.open(path, range);
    },
    async openVerified(path, record) {
      requireBlobPath(path);
      assertOpen();
      return reader.openVerified(path, record);
    },
    async size(path) {
      requireBlobPath(path);
      assertOpen();
      return reader.size(path);
    },
    async check(path, expected) {
      requireBlobPath(path);
      assertOpen();
      return reader.check(path, expected);
    },
    async remove(path) {
      requireBlobPath(path);
      assertWritable();
      await writer.remove(path);
    },
    async *list(prefix) {
      if (prefix !== undefined) requireBlobPath(prefix);
      assertOpen();
      yield* listBlobs(blobsDir, prefix);
    },
    async health() {
      if (closed || !writer.alive || !reader.alive) return 'unavailable';
      if (writer.halted) return 'read_only';
      const found = await Promise.allSettled([stat(blobsDir), stat(stagingDir)]);
      return found.every(({ status }) => status === 'fulfilled') ? 'ok' : 'unavailable';
    },
    async close() {
      closed = true;
      await Promise.all([writer.close(), reader.close()]);
    },
  };
}
