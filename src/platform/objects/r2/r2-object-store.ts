import { toHex } from '#kit/bytes.ts';
import { Problem } from '#kit/errors.ts';
import {
  assertObjectKey,
  type CreateOutcome,
  type ListedLevel,
  type ListedObject,
  type ObjectStore,
  type StoredObject,
} from '../object-store.ts';
import { pause, persist, r2Problem } from './r2-attempts.ts';
import type { R2Bucket, R2ListOptions, R2Page } from './r2-bucket.ts';

const pageSize = 1000;
const attempts = 4;
/** Of the object's metadata. */
const names = { hash: 'sha256', attempt: 'proofline-commit' } as const;

/** Small objects in an R2 bucket, through the binding of a Worker. R2 is consistent, and durable when it answers. */
export class R2ObjectStore implements ObjectStore {
  readonly #bucket: R2Bucket;

  constructor(bucket: R2Bucket) {
    this.#bucket = bucket;
  }

  /** Whose answer was lost knows its own object by what all its attempts put beside the bytes. */
  async create(key: string, bytes: Uint8Array<ArrayBuffer>, sha256Hex: string): Promise<CreateOutcome> {
    assertObjectKey(key);
    const own = toHex(crypto.getRandomValues(new Uint8Array(16)));
    for (let attempt = 1; ; attempt++) {
      try {
        const made = await this.#bucket.put(key, bytes, {
          onlyIf: { etagDoesNotMatch: '*' },
          sha256: sha256Hex,
          customMetadata: { [names.hash]: sha256Hex, [names.attempt]: own },
        });
        if (made !== null) return 'created';
        const standing = await this.#standing(key, bytes, own);
        if (standing !== undefined) return standing;
      } catch (error) {
        if (attempt >= attempts) throw r2Problem(error);
      }
      if (attempt >= attempts) throw new Problem('storage_unavailable', { retryAfterSeconds: 10 });
      await pause(attempt);
    }
  }

  async read(key: string): Promise<StoredObject | undefined> {
    assertObjectKey(key);
    return await persist(async () => {
      const found = await this.#bucket.get(key);
      if (found === null) return undefined;
      const bytes = new Uint8Array(await found.arrayBuffer());
      const expected = found.customMetadata?.[names.hash];
      if (expected !== undefined && expected !== (await sha256HexOf(bytes))) throw new Problem('evidence_corrupt');
      return { bytes, tag: found.etag };
    });
  }

  async replace(key: string, bytes: Uint8Array<ArrayBuffer>, over: string | undefined): Promise<boolean> {
    assertObjectKey(key);
    const sha256 = await sha256HexOf(bytes);
    try {
      const put = await this.#bucket.put(key, bytes, {
        onlyIf: over === undefined ? { etagDoesNotMatch: '*' } : { etagMatches: over },
        sha256,
        customMetadata: { [names.hash]: sha256 },
      });
      return put !== null;
    } catch (error) {
      throw r2Problem(error);
    }
  }

  async *list(prefix: string, after?: string): AsyncIterable<ListedObject> {
    const start = after === undefined ? {} : { startAfter: after };
    for await (const page of this.#pages({ prefix, ...start }))
      for (const { key, size } of page.objects) if (after === undefined || key > after) yield { key, byteSize: size };
  }

  async level(prefix: string): Promise<ListedLevel> {
    const folders: string[] = [];
    const objects: string[] = [];
    for await (const page of this.#pages({ prefix, delimiter: '/' })) {
      for (const folder of page.delimitedPrefixes) folders.push(folder.slice(prefix.length, -1));
      for (const { key } of page.objects) objects.push(key.slice(prefix.length));
    }
    return { folders: folders.sort(), objects: objects.sort() };
  }

  async remove(key: string): Promise<void> {
    assertObjectKey(key);
    await persist(() => this.#bucket.delete(key));
  }

  async health(): Promise<'ok' | 'unavailable'> {
    return await this.#bucket.list({ limit: 1 }).then(
      () => 'ok' as const,
      () => 'unavailable' as const,
    );
  }

  async close(): Promise<void> {
    // A binding is nobody's to close.
  }

  /** Undefined: it was removed between two looks, and the key is free again. */
  async #standing(key: string, bytes: Uint8Array, own: string): Promise<CreateOutcome | undefined> {
    const found = await this.#bucket.get(key);
    if (found === null) return undefined;
    if (found.customMetadata?.[names.attempt] === own) return 'created';
    if (found.size !== bytes.length) return 'different';
    const there = new Uint8Array(await found.arrayBuffer());
    return there.every((byte, i) => byte === bytes[i]) ? 'same' : 'different';
  }

  async *#pages(question: Omit<R2ListOptions, 'limit'>): AsyncGenerator<R2Page> {
    const { startAfter, ...every } = question;
    let cursor: string | undefined;
    do {
      const from: Partial<R2ListOptions> =
        cursor !== undefined ? { cursor } : startAfter === undefined ? {} : { startAfter };
      const page = await persist(() => this.#bucket.list({ ...every, ...from, limit: pageSize }));
      yield page;
      if (page.truncated && page.cursor === undefined) throw r2Problem(undefined);
      cursor = page.truncated ? page.cursor : undefined;
    } while (cursor !== undefined);
  }
}

async function sha256HexOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
}
