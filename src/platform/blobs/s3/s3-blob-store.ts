import { mkdirSync } from 'node:fs';
import { isProblem, Problem } from '#kit/errors.ts';
import { requireBlobPath, requireRange } from '../blob-range.ts';
import type { BlobPath, BlobStore } from '../blob-store.ts';
import { Arena } from '../local/arena.ts';
import type { BlobLog } from '../local/local-blob-store.ts';
import type { LocalStagedBody } from '../local/local-staged-body.ts';
import { LocalStaging } from '../local/local-staging.ts';
import { StagedNames } from '../local/staged-names.ts';
import { sweepStaging } from '../local/sweep-staging.ts';
import { piecesOf } from '../pieces.ts';
import { commitMs, commitObject } from './commit-object.ts';
import { Deadline, travelMs } from './deadline.ts';
import { listObjects } from './list-objects.ts';
import type { ObjectBody } from './put-object.ts';
import { hashObject, openObject } from './read-object.ts';
import { s3Failure, s3Problem } from './s3-failure.ts';
import type { S3Objects } from './s3-objects.ts';
import { maxObjectBytes } from './s3-settings.ts';
import { StoreUsable } from './store-usable.ts';
import { UncertainRemovals } from './uncertain-removals.ts';

export interface S3BlobStoreOptions {
  objects: S3Objects;
  /** Before every key, without a slash at its ends; empty for none. */
  prefix: string;
  /** Bodies that wait for their commit lie under its folder `staging`. */
  dataDir: string;
  stagingQuotaBytes: number;
  maxBodyBytes: number;
  stagingMaxAgeMs?: number;
  log?: BlobLog;
  /** For tests that wait for the end of it. Milliseconds. */
  commitTimeMs?: number;
}

const silent: BlobLog = { warn: () => undefined, error: () => undefined };
const askMs = 25_000;
const healthMs = 2_500;

/**
 * Blobs as objects of a bucket. The caller has probed the store: nothing here would notice one that replaces objects. Durable is what
 * the store calls durable. Closes `objects` when it is closed.
 */
export async function openS3BlobStore(options: S3BlobStoreOptions): Promise<BlobStore> {
  const {
    commitTimeMs = commitMs,
    dataDir,
    log = silent,
    maxBodyBytes,
    objects,
    stagingMaxAgeMs = 3_600_000,
  } = options;
  const root = options.prefix === '' ? '' : `${options.prefix}/`;
  const stagingDir = `${dataDir}/staging`;
  mkdirSync(stagingDir, { recursive: true, mode: 0o700 });
  const names = new StagedNames();
  const swept = await sweepStaging(stagingDir, names, stagingMaxAgeMs);
  if (swept.removed > 0) log.warn(swept, 'removed staged files that an earlier process left behind');

  let closed = false;
  const answers = () =>
    new Deadline(healthMs)
      .request((signal) => objects.assertBucket(signal))
      .then(
        () => true,
        () => false,
      );
  const store = new StoreUsable(answers);
  const removals = new UncertainRemovals();

  function assertOpen(): void {
    if (closed) throw new Problem('storage_unavailable');
  }
  function assertWritable(): void {
    assertOpen();
    store.assert();
  }
  const staging = new LocalStaging({
    arena: new Arena(),
    names,
    stagingDir,
    quotaBytes: options.stagingQuotaBytes,
    maxBodyBytes: Math.min(maxBodyBytes, maxObjectBytes),
    assertWritable,
  });

  function bytesOf({ byteSize, held: { file, slot } }: LocalStagedBody): ObjectBody {
    if (file !== undefined) return { file: `${stagingDir}/${file.name}`, byteSize };
    if (slot === undefined) throw new Problem('internal_error');
    return { bytes: slot.bytes.subarray(0, byteSize) };
  }
  async function place(path: BlobPath, body: LocalStagedBody): Promise<'created' | 'adopted'> {
    const { byteSize, sha256Hex } = body;
    const began = performance.now();
    try {
      return await commitObject(objects, { key: root + path, body: bytesOf(body), byteSize, sha256Hex }, commitTimeMs);
    } catch (error) {
      const waited = performance.now() - began > commitTimeMs / 2;
      if (waited && isProblem(error, 'storage_unavailable') && store.usable) {
        log.error(
          { reason: s3Failure(error.cause).message },
          'the store does not answer; uploads are refused until it does',
        );
        store.failed();
      }
      throw error;
    }
  }
  async function ask<T>(send: (signal: AbortSignal) => Promise<T>, moreMs = 0): Promise<T> {
    assertOpen();
    try {
      return await new Deadline(askMs + moreMs).persist(send, moreMs);
    } catch (error) {
      throw s3Problem(error);
    }
  }
  /** A HEAD says of a lost bucket that the object is missing, and that would be a false alarm about evidence. */
  async function assertBucket(): Promise<void> {
    await ask((signal) => objects.assertBucket(signal));
  }

  return {
    staging,
    async commit(path, body) {
      requireBlobPath(path);
      assertWritable();
      const own = staging.own(body);
      removals.assertSettled(path);
      return own.during(async () => ({ result: await place(path, own), nameGone: false }));
    },
    async open(path, range) {
      requireBlobPath(path);
      requireRange(range);
      assertOpen();
      return openObject(objects, root + path, range === undefined ? {} : { range });
    },
    async openVerified(path, record) {
      requireBlobPath(path);
      assertOpen();
      const { byteSize, stream } = await openObject(objects, root + path, { record });
      return { byteSize, pieces: piecesOf(stream) };
    },
    async size(path) {
      requireBlobPath(path);
      const facts = await ask((signal) => objects.facts(root + path, signal));
      if (facts === undefined) await assertBucket();
      return facts?.byteSize;
    },
    async check(path, expected) {
      requireBlobPath(path);
      const found = await ask((signal) => hashObject(objects, root + path, signal), travelMs(expected.byteSize));
      if (found === undefined) return 'missing';
      return found.byteSize === expected.byteSize && found.sha256Hex === expected.sha256Hex ? 'same' : 'different';
    },
    async remove(path) {
      requireBlobPath(path);
      let attempts = 0;
      try {
        await ask((signal) => {
          attempts += 1;
          return objects.remove(root + path, signal);
        });
      } catch (error) {
        attempts = Number.POSITIVE_INFINITY;
        throw error;
      } finally {
        // All but a first attempt that succeeded leave one behind whose end is not known.
        if (attempts > 1) removals.add(path);
      }
    },
    async *list(prefix) {
      if (prefix !== undefined) requireBlobPath(prefix);
      assertOpen();
      yield* listObjects(objects, root, prefix);
    },
    async health() {
      return !closed && store.usable && (await answers()) ? 'ok' : 'unavailable';
    },
    async close() {
      closed = true;
      store.close();
      objects.close();
    },
  };
}
