import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChunkBinding } from '#client/envelope/chunk-binding.ts';
import type { ChunkKey } from '#client/envelope/key-file.ts';
import { decryptChunk, encryptChunk } from '#client/envelope/seal-chunk.ts';
import { timestamp } from '#kit/time.ts';
import { RecorderError } from '../recorder-error.ts';
import { writeDurably } from './durable-file.ts';
import { Journal, type JournalLine } from './journal.ts';

/** A chunk as it stands in the state folder. */
export interface StagedChunk {
  readonly index: number;
  readonly binding: 'provisional' | 'final';
  /** `dropped`: given up for lack of room, and on no server. */
  readonly fate: 'waiting' | 'accepted' | 'dropped';
  readonly sha256_hex: string;
  readonly byte_size: number;
  readonly started_at: string;
  readonly ended_at: string;
  readonly idempotency_key: string;
  readonly cursor: string | undefined;
  /** On the timeline of a capture. */
  readonly sequence: number | undefined;
  /** The context chunk that belongs to it. */
  readonly context_index: number | undefined;
}

/** A piece as it is staged. */
export interface NewChunk {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly cursor?: string | undefined;
  readonly sequence?: number;
  readonly contextIndex?: number | undefined;
}

export type Place = Omit<ChunkBinding, 'chunkIndex'>;

/** The place of the stream's chunks: a made-up one until the server has given ids. */
export interface StreamPlace {
  readonly provisional: () => Place;
  /** Undefined as long as there are no ids. */
  readonly final: () => Place | undefined;
}

/**
 * The chunks of one stream in the state folder: what is captured and not yet safe on the server, encrypted, and how far each
 * is. Each step is on durable storage before the next begins, so that a recorder killed at any moment can be resumed:
 *
 * 1. seal the segment in memory; 2. write `chunks/NNNNNN.….enc` durably; 3. journal `staged`; 4. upload; 5. journal `accepted`.
 *
 * A kill before 3 leaves a file that the journal does not know: it was never sent, and is removed. Between 4 and 5 the
 * chunk is sent again under the same idempotency key.
 */
export class StagedStream {
  readonly #folder: string;
  readonly #key: ChunkKey;
  readonly #place: StreamPlace;
  readonly #journal: Journal;
  readonly #chunks = new Map<number, StagedChunk>();
  readonly #bySequence = new Map<number, number>();
  /** Two that wait for the same chunk must not seal it twice: it would have two hashes. */
  readonly #rebinding = new Map<number, Promise<StagedChunk>>();

  private constructor(folder: string, key: ChunkKey, place: StreamPlace, journal: Journal) {
    this.#folder = folder;
    this.#key = key;
    this.#place = place;
    this.#journal = journal;
  }

  /** `folder` gets `journal.ndjson` and `chunks/`. Throws RecorderError `state_damaged`. */
  static async open(folder: string, key: ChunkKey, place: StreamPlace): Promise<StagedStream> {
    await mkdir(join(folder, 'chunks'), { recursive: true, mode: 0o700 });
    const { journal, lines } = await Journal.open(join(folder, 'journal.ndjson'));
    try {
      const stream = new StagedStream(folder, key, place, journal);
      for (const line of lines) stream.#apply(line);
      await stream.#removeStrays();
      return stream;
    } catch (error) {
      await journal.close();
      throw error;
    }
  }

  /** In the order of their index, which is that of the map. */
  get chunks(): readonly StagedChunk[] {
    return [...this.#chunks.values()];
  }

  ofSequence(sequence: number): StagedChunk | undefined {
    const index = this.#bySequence.get(sequence);
    return index === undefined ? undefined : this.#chunks.get(index);
  }

  /** Throws RecorderError `state_damaged` where the journal does not know it. */
  chunk(index: number): StagedChunk {
    const chunk = this.#chunks.get(index);
    if (!chunk) throw new RecorderError('state_damaged', `Chunk ${index} is not in the recording's journal.`);
    return chunk;
  }

  /** Seals a piece as the next chunk, and returns once it is on durable storage. Called by the capture alone, one at a time. */
  async stage(piece: NewChunk): Promise<StagedChunk> {
    const index = this.#chunks.size + 1;
    const final = this.#place.final();
    const kind = final === undefined ? 'provisional' : 'final';
    const file = await encryptChunk(
      this.#key,
      { ...(final ?? this.#place.provisional()), chunkIndex: index },
      piece.bytes,
    );
    await writeDurably(join(this.#folder, 'chunks'), fileName(index, kind), file);
    await this.#record({
      event: 'staged',
      index,
      at: timestamp(Date.now()),
      binding: kind,
      sha256_hex: sha256(file),
      byte_size: file.length,
      started_at: piece.startedAt,
      ended_at: piece.endedAt,
      idempotency_key: randomBytes(24).toString('base64url'),
      ...(piece.cursor === undefined ? {} : { cursor: piece.cursor }),
      ...(piece.sequence === undefined ? {} : { sequence: piece.sequence }),
      ...(piece.contextIndex === undefined ? {} : { context_index: piece.contextIndex }),
    });
    return this.chunk(index);
  }

  /** The chunk's bytes as they are to be uploaded. Only once the server has given ids. */
  async bytesToUpload(index: number): Promise<{ chunk: StagedChunk; bytes: Uint8Array<ArrayBuffer> }> {
    const chunk = await this.bound(index);
    return { chunk, bytes: await this.#read(chunk) };
  }

  /**
   * The chunk as it is sealed for its real place, which is what its hash on the server is of. One sealed before the server gave ids is
   * opened in memory and sealed again; it was never sent before, so its idempotency key still has no meaning to the server.
   */
  bound(index: number): Promise<StagedChunk> {
    const chunk = this.chunk(index);
    if (chunk.binding === 'final') return Promise.resolve(chunk);
    const going = this.#rebinding.get(index);
    if (going) return going;
    const rebinding = this.#rebind(chunk).finally(() => this.#rebinding.delete(index));
    this.#rebinding.set(index, rebinding);
    return rebinding;
  }

  async #rebind(chunk: StagedChunk): Promise<StagedChunk> {
    const { index } = chunk;
    const final = this.#place.final();
    if (final === undefined) throw new RecorderError('state_damaged', 'The ids of the recording are missing.');
    const sealed = await this.#read(chunk);
    const plaintext = await decryptChunk(this.#key, { ...this.#place.provisional(), chunkIndex: index }, sealed);
    const file = await encryptChunk(this.#key, { ...final, chunkIndex: index }, plaintext);
    await writeDurably(join(this.#folder, 'chunks'), fileName(index, 'final'), file);
    await this.#record({
      event: 'rebound',
      index,
      at: timestamp(Date.now()),
      binding: 'final',
      sha256_hex: sha256(file),
      byte_size: file.length,
    });
    await rm(this.#path(index, 'provisional'), { force: true });
    return this.chunk(index);
  }

  async markAccepted(index: number): Promise<void> {
    await this.#record({ event: 'accepted', index, at: timestamp(Date.now()) });
  }

  /** Notes a piece that there was no room for under the next index: the stream will never be whole. Called by the capture alone. */
  async giveUp({ startedAt, endedAt, sequence }: NewChunk): Promise<StagedChunk> {
    const index = this.#chunks.size + 1;
    await this.#record({
      event: 'dropped',
      index,
      at: timestamp(Date.now()),
      started_at: startedAt,
      ended_at: endedAt,
      ...(sequence === undefined ? {} : { sequence }),
    });
    return this.chunk(index);
  }

  /** Gives a chunk up: first on record, then on disk. */
  async drop(index: number): Promise<void> {
    await this.#record({ event: 'dropped', index, at: timestamp(Date.now()) });
    await this.removeFile(index);
  }

  /** Frees the disk of a chunk that is accepted or given up. The journal keeps its line. */
  async removeFile(index: number): Promise<void> {
    await rm(this.#path(index, this.chunk(index).binding), { force: true });
  }

  async removeAcceptedFiles(): Promise<void> {
    const there = new Set(await readdir(join(this.#folder, 'chunks')));
    for (const { index, binding, fate } of this.chunks)
      if (fate === 'accepted' && there.has(fileName(index, binding))) await this.removeFile(index);
  }

  async close(): Promise<void> {
    await this.#journal.close();
  }

  #path(index: number, kind: 'provisional' | 'final'): string {
    return join(this.#folder, 'chunks', fileName(index, kind));
  }

  async #read({ index, binding, sha256_hex }: StagedChunk): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(await readFile(this.#path(index, binding)));
    if (sha256(bytes) === sha256_hex) return bytes;
    throw new RecorderError(
      'state_damaged',
      `Chunk ${index} in the state folder is not what was written there. The disk may be failing.`,
    );
  }

  async #record(line: JournalLine): Promise<void> {
    await this.#journal.append(line);
    this.#apply(line);
  }

  #apply(line: JournalLine): void {
    const { index, binding, sha256_hex, byte_size } = line;
    const standing = this.#chunks.get(index);
    if (line.event === 'staged' || (line.event === 'dropped' && standing === undefined)) {
      this.#add(line);
    } else if (line.event === 'rebound') {
      if (binding === undefined || sha256_hex === undefined || byte_size === undefined) throw incomplete(index);
      this.#chunks.set(index, { ...this.chunk(index), binding, sha256_hex, byte_size });
    } else {
      this.#chunks.set(index, { ...this.chunk(index), fate: line.event });
    }
  }

  #add(line: JournalLine): void {
    const { event, index, started_at, ended_at, sequence } = line;
    // What was given up before it was staged has a time, and nothing else.
    const sealed =
      event === 'dropped' ? { binding: 'final' as const, sha256_hex: '', byte_size: 0, idempotency_key: '' } : line;
    const { binding, sha256_hex, byte_size, idempotency_key } = sealed;
    if (
      binding === undefined ||
      sha256_hex === undefined ||
      byte_size === undefined ||
      idempotency_key === undefined ||
      started_at === undefined ||
      ended_at === undefined ||
      index !== this.#chunks.size + 1
    )
      throw incomplete(index);
    this.#chunks.set(index, {
      index,
      binding,
      fate: event === 'dropped' ? 'dropped' : 'waiting',
      sha256_hex,
      byte_size,
      started_at,
      ended_at,
      idempotency_key,
      cursor: line.cursor,
      sequence,
      context_index: line.context_index,
    });
    if (sequence !== undefined) this.#bySequence.set(sequence, index);
  }

  async #removeStrays(): Promise<void> {
    const known = new Set(
      this.chunks.filter(({ fate }) => fate !== 'dropped').map(({ index, binding }) => fileName(index, binding)),
    );
    for (const name of await readdir(join(this.#folder, 'chunks')))
      if (!known.has(name)) await rm(join(this.#folder, 'chunks', name), { force: true });
  }
}

function incomplete(index: number): RecorderError {
  return new RecorderError('state_damaged', `The journal's line about chunk ${index} is incomplete or out of order.`);
}

function fileName(index: number, kind: 'provisional' | 'final'): string {
  return `${String(index).padStart(6, '0')}.${kind === 'final' ? '' : 'provisional.'}enc`;
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
