import { toHex } from '#kit/bytes.ts';
import { EnvelopeError } from '../envelope/envelope-error.ts';
import type { ChunkKey } from '../envelope/key-file.ts';
import { decryptChunk } from '../envelope/seal-chunk.ts';
import type { BundleFailureCode, StreamReport } from './bundle-report.ts';
import { type BundleEntry, type BundleSource, collect, type Digest } from './bundle-source.ts';
import type { ChunkLine, StreamManifest } from './manifest.ts';

export type Fail = (code: BundleFailureCode, message: string, entry?: string) => void;

/** Which stream, and of what. */
export type StreamPlace = Pick<StreamManifest, 'incident_id' | 'stream_id' | 'media_type'>;
/** What is said of the bytes of a chunk. */
export type ChunkBytes = Pick<ChunkLine, 'chunk_index' | 'media_type' | 'byte_size' | 'sha256_hex'>;

/** Takes what was decrypted, in order. `finish` says whether all of the stream was verified; if not, nothing of it is evidence. */
export interface PlaintextSink {
  write(stream: StreamPlace, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  finish(stream: StreamPlace, whole: boolean): Promise<void>;
}

export interface VerifyOptions {
  readonly key?: ChunkKey | undefined;
  /** Only used with a key. */
  readonly sink?: PlaintextSink | undefined;
  readonly digest?: Digest | undefined;
  /** Of a capture group: the SHA-256 that its manifest has to have, as the server told it. */
  readonly root?: string | undefined;
  /** Largest chunk that is taken into memory for decryption, in bytes. Default 512 MiB. */
  readonly maxChunkBytes?: number;
  /** Told after each chunk. */
  readonly onProgress?: (progress: { bytes: number }) => void;
  readonly signal?: AbortSignal | undefined;
}

export function chunkEntryName(folder: string, chunk: { media_type: string; chunk_index: number }): string {
  return `${folder}chunks/${chunk.media_type}_${String(chunk.chunk_index).padStart(6, '0')}.enc`;
}

/** What the manifest says about itself, checked without reading a single chunk. */
export function checkStreamManifest(
  head: StreamManifest,
  chunks: readonly ChunkLine[],
  entry: string,
  fail: Fail,
): void {
  if (head.status !== 'complete')
    fail('stream_not_complete', `The stream is ${head.status}; only a complete one can be verified as whole.`, entry);
  if (head.encryption.server_decrypts)
    fail('manifest_invalid', 'The manifest says that the server decrypts, which it never does.', entry);
  if (chunks.length !== head.chunk_count)
    fail('chunk_count_differs', `The manifest counts ${head.chunk_count} chunks and lists ${chunks.length}.`, entry);
  const total = chunks.reduce((sum, chunk) => sum + chunk.byte_size, 0);
  if (total !== head.total_bytes)
    fail('total_bytes_differ', `The chunks add up to ${total} bytes; the manifest says ${head.total_bytes}.`, entry);
  for (const [position, chunk] of chunks.entries()) {
    const expected = position + 1;
    if (chunk.chunk_index !== expected) {
      fail(
        'chunks_not_contiguous',
        `Place ${expected} of the list holds chunk ${chunk.chunk_index}; chunks must run 1, 2, 3 and so on.`,
        entry,
      );
    }
    if (chunk.media_type !== head.media_type) {
      fail(
        'media_type_differs',
        `Chunk ${chunk.chunk_index} is ${chunk.media_type} in a stream of ${head.media_type}.`,
        entry,
      );
    }
    if (Date.parse(chunk.ended_at) < Date.parse(chunk.started_at))
      fail('time_range_invalid', `Chunk ${chunk.chunk_index} ends before it starts.`, entry);
  }
}

/** Reads every chunk of one stream once: size, SHA-256, and with a key its decryption. */
export async function verifyStreamChunks<E extends BundleEntry>(
  source: BundleSource<E>,
  entries: ReadonlyMap<string, E>,
  stream: { head: StreamPlace; chunks: readonly ChunkBytes[]; folder: string },
  options: VerifyOptions,
  fail: Fail,
): Promise<Pick<StreamReport, 'chunks_verified' | 'chunks_decrypted'>> {
  let verified = 0;
  let decrypted = 0;
  for (const chunk of stream.chunks) {
    options.signal?.throwIfAborted();
    const name = chunkEntryName(stream.folder, chunk);
    const entry = entries.get(name);
    if (!entry) {
      fail('entry_missing', `Chunk ${chunk.chunk_index} is not in the bundle.`, name);
      continue;
    }
    if (entry.byteSize !== chunk.byte_size) {
      fail(
        'size_differs',
        `Chunk ${chunk.chunk_index} has ${entry.byteSize} bytes; the manifest says ${chunk.byte_size}.`,
        name,
      );
      continue;
    }
    const bytes = await readVerified(source, entry, chunk, options, fail);
    options.onProgress?.({ bytes: entry.byteSize });
    if (bytes === undefined) continue;
    verified += 1;
    if (options.key && bytes !== 'not kept') {
      const plaintext = await open(options.key, stream.head, chunk, bytes, name, fail);
      if (!plaintext) continue;
      decrypted += 1;
      await options.sink?.write(stream.head, plaintext);
    }
  }
  return { chunks_verified: verified, chunks_decrypted: decrypted };
}

/** The chunk's bytes when a key wants them; undefined when they are not what the manifest says. */
async function readVerified<E extends BundleEntry>(
  source: BundleSource<E>,
  entry: E,
  chunk: ChunkBytes,
  options: VerifyOptions,
  fail: Fail,
): Promise<Uint8Array<ArrayBuffer> | 'not kept' | undefined> {
  const limit = options.maxChunkBytes ?? 512 * 1024 * 1024;
  const keep = options.key !== undefined || options.digest === undefined;
  if (keep && chunk.byte_size > limit) {
    fail(
      'chunk_too_large',
      `Chunk ${chunk.chunk_index} has ${chunk.byte_size} bytes, more than is taken into memory at once.`,
      entry.name,
    );
    return undefined;
  }
  try {
    const bytes = keep ? await collect(source.read(entry), chunk.byte_size) : undefined;
    if (keep && bytes === undefined) {
      fail(
        'size_differs',
        `Chunk ${chunk.chunk_index} does not hold the ${chunk.byte_size} bytes that the manifest says.`,
        entry.name,
      );
      return undefined;
    }
    const hash = bytes ? await digestOf(bytes) : await options.digest?.(source.read(entry));
    if (hash === chunk.sha256_hex) return bytes ?? 'not kept';
    fail(
      'hash_differs',
      `Chunk ${chunk.chunk_index} was changed: its SHA-256 is not the one in the manifest.`,
      entry.name,
    );
  } catch (error) {
    fail('entry_unreadable', `Chunk ${chunk.chunk_index} cannot be read: ${reason(error)}`, entry.name);
  }
  return undefined;
}

async function open(
  key: ChunkKey,
  head: StreamPlace,
  chunk: ChunkBytes,
  bytes: Uint8Array<ArrayBuffer>,
  entry: string,
  fail: Fail,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const { incident_id: incidentId, stream_id: streamId, media_type: mediaType } = head;
  try {
    return await decryptChunk(key, { incidentId, streamId, mediaType, chunkIndex: chunk.chunk_index }, bytes);
  } catch (error) {
    if (!(error instanceof EnvelopeError)) throw error;
    fail(`decryption_${error.code}`, error.message, entry);
    return undefined;
  }
}

export async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
}

export function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
