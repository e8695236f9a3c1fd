import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { Problem } from '#kit/errors.ts';
import { passedThrough } from '#platform/process/bulk-memory.ts';
import type { BlobRange, BlobRecord, OpenBlob } from '../blob-store.ts';
import { Deadline } from './deadline.ts';
import { S3Failure, s3Failure, s3Problem } from './s3-failure.ts';
import type { ObjectBytes, S3Objects } from './s3-objects.ts';

/** So long a reader waits for the store, not for whom it reads. Milliseconds. */
const openMs = 25_000;
const silenceMs = 10_000;
/** How often in a row a reading may break without a byte in between. */
const fruitlessAttempts = 3;

export interface ReadObject {
  range?: BlobRange;
  /** Judges the whole object while it is read. */
  record?: BlobRecord;
}

/** Throws evidence_corrupt when the object is missing, too short or not what its record says; storage_unavailable. */
export async function openObject(objects: S3Objects, key: string, how: ReadObject): Promise<OpenBlob> {
  const { range, record } = how;
  const first = await get(objects, key, range);
  const { byteSize } = first;
  if (range !== undefined ? range.end >= byteSize : record !== undefined && record.byteSize !== byteSize) {
    first.stream.destroy();
    throw new Problem('evidence_corrupt');
  }
  const span = { start: range?.start ?? 0, end: range === undefined ? byteSize : range.end + 1 };
  const source = new Source(objects, key, first, span);
  const pieces = record === undefined ? source.pieces() : await begun(judged(source.pieces(), record), source);
  const stream = Readable.from(pieces, { objectMode: false });
  // A stream that nobody began to read never runs its generator.
  stream.once('close', () => source.destroy());
  return { byteSize, stream };
}

/** Reads and hashes all of it in one go. Undefined when there is no such object. Rejects with an S3Failure. */
export async function hashObject(
  objects: S3Objects,
  key: string,
  signal: AbortSignal,
): Promise<{ byteSize: number; sha256Hex: string } | undefined> {
  const found = await objects.read(key, undefined, signal);
  if (found === undefined) return undefined;
  const hash = createHash('sha256');
  let byteSize = 0;
  try {
    for await (const piece of found.stream) {
      const bytes = piece as Buffer; // a byte stream, so pieces are Buffers
      hash.update(bytes);
      byteSize += bytes.length;
      passedThrough(bytes.length);
    }
  } catch (error) {
    throw s3Failure(error);
  }
  if (byteSize !== found.byteSize) throw new S3Failure(undefined);
  return { byteSize, sha256Hex: hash.digest('hex') };
}

async function get(objects: S3Objects, key: string, range: BlobRange | undefined): Promise<ObjectBytes> {
  try {
    const found = await new Deadline(openMs).persist((signal) => objects.read(key, range, signal));
    if (found !== undefined) return found;
  } catch (error) {
    const failure = s3Failure(error);
    if (failure.status !== 416) throw s3Problem(failure);
  }
  throw new Problem('evidence_corrupt');
}

/** Exclusive end. */
interface Span {
  start: number;
  end: number;
}

/** The bytes of one object, fetched again from where it broke when a connection is lost. */
class Source {
  readonly #objects: S3Objects;
  readonly #key: string;
  readonly #span: Span;
  #stream: Readable;
  #destroyed = false;

  constructor(objects: S3Objects, key: string, first: ObjectBytes, span: Span) {
    this.#objects = objects;
    this.#key = key;
    this.#stream = first.stream;
    this.#span = span;
  }

  destroy(): void {
    this.#destroyed = true;
    this.#stream.on('error', () => undefined).destroy();
  }

  async *pieces(): AsyncGenerator<Buffer> {
    const { end } = this.#span;
    let at = this.#span.start;
    for (let fruitless = 0; ; fruitless++) {
      const incoming = this.#stream[Symbol.asyncIterator]();
      for (;;) {
        const piece = await this.#next(incoming);
        if (piece === undefined) break;
        at += piece.length;
        fruitless = 0;
        if (at > end) throw new Problem('storage_unavailable');
        passedThrough(piece.length);
        yield piece;
      }
      if (at === end) return;
      if (this.#destroyed || fruitless >= fruitlessAttempts) throw s3Problem(new S3Failure(undefined));
      await this.#fetchFrom(at);
    }
  }

  /** Undefined when it ended or broke; how much came says which. */
  async #next(incoming: AsyncIterator<Buffer>): Promise<Buffer | undefined> {
    const timer = setTimeout(() => this.#stream.destroy(), silenceMs);
    try {
      const { done, value } = await incoming.next();
      return done === true ? undefined : value;
    } catch {
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }

  async #fetchFrom(at: number): Promise<void> {
    this.#stream.destroy();
    const { stream } = await get(this.#objects, this.#key, { start: at, end: this.#span.end - 1 });
    this.#stream = stream;
    if (this.#destroyed) stream.destroy();
  }
}

/** Waits for the first piece, so that an object of only one is judged before anybody hears of it. */
async function begun(pieces: AsyncGenerator<Buffer>, source: Source): Promise<AsyncGenerator<Buffer>> {
  try {
    const first = await pieces.next();
    return continued(first.done === true ? undefined : first.value, pieces);
  } catch (error) {
    source.destroy();
    throw error;
  }
}

async function* continued(first: Buffer | undefined, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  if (first !== undefined) yield first;
  yield* rest;
}

/** Keeps the last piece back until everything before it and itself were judged. */
async function* judged(pieces: AsyncIterable<Buffer>, record: BlobRecord): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  let kept: Buffer | undefined;
  for await (const piece of pieces) {
    hash.update(piece);
    if (kept !== undefined) yield kept;
    kept = piece;
  }
  if (hash.digest('hex') !== record.sha256Hex) throw new Problem('evidence_corrupt');
  if (kept !== undefined) yield kept;
}
