import { createHash, randomBytes } from 'node:crypto';
import { Deadline } from '#platform/blobs/s3/deadline.ts';
import { type S3Failure, s3Failure } from '#platform/blobs/s3/s3-failure.ts';
import type { S3Objects } from '#platform/blobs/s3/s3-objects.ts';
import { fetchObject } from './fetch-object.ts';

const probeMs = 25_000;
const writers = 16;
const rounds = 3;

/** How an ETag has to be written in `If-Match`: as it came, or without its quotes (Ceph compares it with them, and finds nothing). */
export type TagForm = 'quoted' | 'bare';

export function formTag(etag: string, form: TagForm): string {
  return form === 'bare' ? etag.replace(/^"(.*)"$/, '$1') : etag;
}

/**
 * The form in which a PutObject with `If-Match` does what it says: of those who race over one tag exactly one is told that it won, and
 * nobody over a tag that is gone. Undefined when neither does. One object under `folder`, removed again. Rejects with an S3Failure.
 */
export async function probeReplace(objects: S3Objects, folder: string): Promise<TagForm | undefined> {
  const deadline = new Deadline(probeMs);
  for (const form of ['quoted', 'bare'] as const) {
    const key = `${folder}/${randomBytes(8).toString('hex')}/pointer`;
    try {
      if (await replacesExactly(new Pointer(objects, key, deadline), form)) return form;
    } finally {
      await deadline.persist((signal) => objects.remove(key, signal));
    }
  }
  return undefined;
}

async function replacesExactly(pointer: Pointer, form: TagForm): Promise<boolean> {
  const made = await pointer.write(undefined);
  if (made !== undefined) throw made;
  for (let round = 1; round <= rounds; round++) {
    const before = await pointer.etag();
    const tag = formTag(before, form);
    const failures = await Promise.all(Array.from({ length: writers }, () => pointer.write(tag)));
    const after = await pointer.etag();
    const won = failures.filter((failure) => failure === undefined).length;
    // The answer of the one may have been lost.
    const lost = won === 0 && failures.some((failure) => failure?.status === undefined) && after !== before;
    if (won !== 1 && !lost) return false;
    if ((await pointer.write(tag)) === undefined || (await pointer.etag()) !== after) return false;
  }
  return true;
}

class Pointer {
  readonly #objects: S3Objects;
  readonly #key: string;
  readonly #deadline: Deadline;

  constructor(objects: S3Objects, key: string, deadline: Deadline) {
    this.#objects = objects;
    this.#key = key;
    this.#deadline = deadline;
  }

  async etag(): Promise<string> {
    const found = await this.#deadline.persist((signal) => fetchObject(this.#objects, this.#key, signal));
    return found?.tag ?? '';
  }

  /** Other bytes each time. Undefined when it was done. */
  async write(over: string | undefined): Promise<S3Failure | undefined> {
    const bytes = randomBytes(64);
    const sha256Hex = createHash('sha256').update(bytes).digest('hex');
    const put = { body: { bytes }, sha256Hex, nonce: 'probe', ...(over === undefined ? {} : { over }) };
    return await this.#deadline
      .request((signal) => this.#objects.put(this.#key, put, signal))
      .then(() => undefined, s3Failure);
  }
}
