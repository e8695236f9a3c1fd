import { createHash } from 'node:crypto';
import { isProblem, Problem } from '#kit/errors.ts';
import { commitObject } from '#platform/blobs/s3/commit-object.ts';
import { Deadline, travelMs } from '#platform/blobs/s3/deadline.ts';
import { s3Failure, s3Problem } from '#platform/blobs/s3/s3-failure.ts';
import type { S3Objects } from '#platform/blobs/s3/s3-objects.ts';
import { StoreUsable } from '#platform/blobs/s3/store-usable.ts';
import {
  assertObjectKey,
  type CreateOutcome,
  type ListedLevel,
  type ListedObject,
  type ObjectStore,
  type StoredObject,
} from '../object-store.ts';
import { fetchObject, hashName } from './fetch-object.ts';
import { listPages } from './list-pages.ts';
import { formTag, type TagForm } from './probe-replace.ts';

/** A record takes several requests, and its sender waits for all of them. Milliseconds. */
const commitMs = 10_000;
const askMs = 10_000;
const healthMs = 2_500;
/** Bytes that are not what they were may have been harmed on their way only. */
const readings = 3;
/** A reader does not know how much will come. Bytes. */
const largeRecord = 10 * 1024 * 1024;

export interface S3ObjectStoreOptions {
  objects: S3Objects;
  /** As the probe found it. Undefined: the store cannot compare, so there are no pointers in it, and `replace` is always false. */
  tagForm: TagForm | undefined;
  /** For tests that wait for the end of it. Milliseconds. */
  commitTimeMs?: number;
}

/**
 * Small objects in a bucket. The caller has probed it: nothing here would notice a store that replaces what it should only create. Closes
 * `objects` when it is closed.
 */
export class S3ObjectStore implements ObjectStore {
  readonly #objects: S3Objects;
  readonly #tagForm: TagForm | undefined;
  readonly #commitMs: number;
  readonly #usable: StoreUsable;
  #closed = false;

  constructor({ commitTimeMs = commitMs, objects, tagForm }: S3ObjectStoreOptions) {
    this.#objects = objects;
    this.#tagForm = tagForm;
    this.#commitMs = commitTimeMs;
    this.#usable = new StoreUsable(() => this.#answers());
  }

  async create(key: string, bytes: Uint8Array<ArrayBuffer>, sha256Hex: string): Promise<CreateOutcome> {
    assertObjectKey(key);
    this.#assertOpen();
    this.#usable.assert();
    const began = performance.now();
    try {
      const made = await commitObject(
        this.#objects,
        {
          key,
          body: { bytes: bufferOf(bytes) },
          byteSize: bytes.length,
          sha256Hex,
          metadata: { [hashName]: sha256Hex },
        },
        this.#commitMs,
      );
      return made === 'created' ? 'created' : 'same';
    } catch (error) {
      if (isProblem(error, 'blob_conflict')) return 'different';
      // Whoever comes next would wait as long, and the others behind it longer.
      if (isProblem(error, 'storage_unavailable') && performance.now() - began > this.#commitMs / 2)
        this.#usable.failed();
      throw error;
    }
  }

  async read(key: string): Promise<StoredObject | undefined> {
    assertObjectKey(key);
    for (let attempt = 1; attempt <= readings; attempt++) {
      const found = await this.#ask((signal) => fetchObject(this.#objects, key, signal), travelMs(largeRecord));
      if (found === undefined) return undefined;
      if (!found.harmed) return { bytes: found.bytes, tag: found.tag };
    }
    throw new Problem('evidence_corrupt');
  }

  /** One answer is enough: a request that was lost and is carried out late still meets the tag it was meant for, or nothing. */
  async replace(key: string, bytes: Uint8Array<ArrayBuffer>, over: string | undefined): Promise<boolean> {
    assertObjectKey(key);
    this.#assertOpen();
    if (this.#tagForm === undefined) return false;
    this.#usable.assert();
    const sha256Hex = createHash('sha256').update(bytes).digest('hex');
    const put = {
      body: { bytes: bufferOf(bytes) },
      sha256Hex,
      nonce: 'pointer',
      metadata: { [hashName]: sha256Hex },
      ...(over === undefined ? {} : { over: formTag(over, this.#tagForm) }),
    };
    const deadline = new Deadline(askMs);
    for (;;) {
      const failure = await deadline
        .request((signal) => this.#objects.put(key, put, signal), travelMs(bytes.length))
        .then(() => undefined, s3Failure);
      if (failure === undefined) return true;
      const { status } = failure;
      // 404: what it should take the place of is gone.
      if (status === undefined || status === 412 || status === 409 || failure.missing) return false;
      if (!failure.passes || !(await deadline.pause())) throw s3Problem(failure);
    }
  }

  async *list(prefix: string, after?: string): AsyncIterable<ListedObject> {
    this.#assertOpen();
    try {
      for await (const page of listPages(this.#objects, { prefix, after }))
        for (const { byteSize, key } of page.objects)
          if (key.startsWith(prefix) && (after === undefined || key > after)) yield { key, byteSize };
    } catch (error) {
      throw s3Problem(error);
    }
  }

  async level(prefix: string): Promise<ListedLevel> {
    this.#assertOpen();
    const folders = new Set<string>();
    const objects = new Set<string>();
    try {
      for await (const page of listPages(this.#objects, { prefix, level: true })) {
        for (const folder of page.folders) folders.add(folder.slice(prefix.length, -1));
        for (const { key } of page.objects) objects.add(key.slice(prefix.length));
      }
    } catch (error) {
      throw s3Problem(error);
    }
    return { folders: [...folders].sort(), objects: [...objects].sort() };
  }

  /**
   * A removal that was lost may be carried out late. That harms nothing that is removed through here: it stands elsewhere by then, and
   * so does what is made again under its name.
   */
  async remove(key: string): Promise<void> {
    assertObjectKey(key);
    await this.#ask((signal) => this.#objects.remove(key, signal));
  }

  async health(): Promise<'ok' | 'unavailable'> {
    return !this.#closed && this.#usable.usable && (await this.#answers()) ? 'ok' : 'unavailable';
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#usable.close();
    this.#objects.close();
  }

  async #ask<T>(send: (signal: AbortSignal) => Promise<T>, moreMs = 0): Promise<T> {
    this.#assertOpen();
    try {
      return await new Deadline(askMs + moreMs).persist(send, moreMs);
    } catch (error) {
      throw s3Problem(error);
    }
  }

  async #answers(): Promise<boolean> {
    const asked = new Deadline(healthMs).request((signal) => this.#objects.assertBucket(signal));
    return await asked.then(
      () => true,
      () => false,
    );
  }

  #assertOpen(): void {
    if (this.#closed) throw new Problem('storage_unavailable');
  }
}

/** The same memory. */
function bufferOf({ buffer, byteLength, byteOffset }: Uint8Array<ArrayBuffer>): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
