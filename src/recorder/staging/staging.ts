import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ChunkBinding } from '#client/envelope/chunk-binding.ts';
import type { ChunkKey } from '#client/envelope/key-file.ts';
import { decryptChunk, encryptChunk } from '#client/envelope/seal-chunk.ts';
import { timestamp } from '#kit/time.ts';
import { RecorderError } from '../recorder-error.ts';
import type { Segment } from '../sources/source.ts';
import { syncFolder, writeDurably } from './durable-file.ts';
import { Journal, type JournalLine } from './journal.ts';
import { lockFolder } from './lock.ts';
import { type RecordingState, readState, writeState } from './recording-state.ts';

/** A chunk as it stands in the state folder. */
export interface StagedChunk {
  readonly index: number;
  readonly binding: 'provisional' | 'final';
  readonly accepted: boolean;
  readonly sha256_hex: string;
  readonly byte_size: number;
  readonly started_at: string;
  readonly ended_at: string;
  readonly idempotency_key: string;
  readonly cursor: string | undefined;
}

/**
 * The state folder of one recording: what is captured and not yet safe on the server, encrypted, and how far everything
 * is. Each step is on durable storage before the next begins, so that a recorder killed at any moment can be resumed:
 *
 * 1. seal the segment in memory; 2. write `chunks/NNNNNN.….enc` durably; 3. journal `staged`; 4. upload; 5. journal `accepted`.
 *
 * A kill before 3 leaves a file that the journal does not know: it was never sent, and is removed. Between 4 and 5 the
 * chunk is sent again under the same idempotency key.
 */
export class Staging {
  readonly folder: string;
  readonly key: ChunkKey;
  #state: RecordingState;
  readonly #journal: Journal;
  readonly #chunks = new Map<number, StagedChunk>();
  readonly #lock: { release(): Promise<void> };
  #updates: Promise<void> = Promise.resolve();

  private constructor(
    folder: string,
    key: ChunkKey,
    state: RecordingState,
    journal: Journal,
    lock: { release(): Promise<void> },
  ) {
    this.folder = folder;
    this.key = key;
    this.#state = state;
    this.#journal = journal;
    this.#lock = lock;
  }

  /** Creates the folder (0700) for a new recording. Throws RecorderError `state_exists`. */
  static async create(
    folder: string,
    prepare: () => Promise<{ key: ChunkKey; state: RecordingState }>,
  ): Promise<Staging> {
    await mkdir(join(folder, 'chunks'), { recursive: true, mode: 0o700 });
    const lock = await lockFolder(folder);
    try {
      if ((await readdir(folder)).includes('recording.json')) {
        throw new RecorderError(
          'state_exists',
          'That folder holds a recording already. Go on with it by --resume, or choose another --state.',
        );
      }
      const { key, state } = await prepare();
      await writeState(folder, state);
      await syncFolder(dirname(folder));
      return await Staging.#open(folder, key, state, lock);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** Opens the folder of an earlier recording. Throws RecorderError `state_missing`, `state_damaged` or `state_in_use`. */
  static async resume(folder: string, loadKey: (state: RecordingState) => Promise<ChunkKey>): Promise<Staging> {
    const state = await readState(folder);
    const lock = await lockFolder(folder);
    try {
      const key = await loadKey(state);
      if (key.keyId !== state.key_id)
        throw new RecorderError('usage', 'The key file is not the one this recording was begun with.');
      return await Staging.#open(folder, key, state, lock);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  static async #open(
    folder: string,
    key: ChunkKey,
    state: RecordingState,
    lock: { release(): Promise<void> },
  ): Promise<Staging> {
    const { journal, lines } = await Journal.open(join(folder, 'journal.ndjson'));
    try {
      const staging = new Staging(folder, key, state, journal, lock);
      for (const line of lines) staging.#apply(line);
      await staging.#removeStrays();
      return staging;
    } catch (error) {
      await journal.close();
      throw error;
    }
  }

  get state(): RecordingState {
    return this.#state;
  }

  /** In the order of their index. */
  get chunks(): readonly StagedChunk[] {
    return [...this.#chunks.values()].sort((a, b) => a.index - b.index);
  }

  get lastCursor(): string | undefined {
    return this.chunks.at(-1)?.cursor;
  }

  /** Capture and delivery both call it: one write after the other, each with all that changed before it. */
  update(change: Partial<RecordingState>): Promise<void> {
    const write = async () => {
      const next = { ...this.#state, ...change };
      await writeState(this.folder, next);
      // Only what is on disk counts: a chunk must not be bound to ids that a crash would forget.
      this.#state = next;
    };
    this.#updates = this.#updates.catch(() => undefined).then(write);
    return this.#updates;
  }

  /** Seals a segment as the next chunk, and returns once it is on durable storage. Called by the capture alone, one at a time. */
  async stage(segment: Segment): Promise<StagedChunk> {
    const index = this.#chunks.size + 1;
    const kind = this.#bindingKind();
    const file = await encryptChunk(this.key, this.#binding(index, kind), segment.bytes);
    await writeDurably(join(this.folder, 'chunks'), fileName(index, kind), file);
    await this.#record({
      event: 'staged',
      index,
      at: timestamp(Date.now()),
      binding: kind,
      sha256_hex: sha256(file),
      byte_size: file.length,
      started_at: segment.startedAt,
      ended_at: segment.endedAt,
      idempotency_key: randomBytes(24).toString('base64url'),
      ...(segment.cursor === undefined ? {} : { cursor: segment.cursor }),
    });
    return this.#get(index);
  }

  /**
   * The chunk's bytes as they are to be uploaded. One sealed before the server gave ids is opened in memory and sealed
   * again for its real place; it was never sent before, so its idempotency key still has no meaning to the server.
   */
  async bytesToUpload(index: number): Promise<{ chunk: StagedChunk; bytes: Uint8Array<ArrayBuffer> }> {
    const chunk = this.#get(index);
    const bytes = new Uint8Array(await readFile(this.#path(index, chunk.binding)));
    if (sha256(bytes) !== chunk.sha256_hex) {
      throw new RecorderError(
        'state_damaged',
        `Chunk ${index} in the state folder is not what was written there. The disk may be failing.`,
      );
    }
    if (chunk.binding === 'final') return { chunk, bytes };
    const plaintext = await decryptChunk(this.key, this.#binding(index, 'provisional'), bytes);
    const file = await encryptChunk(this.key, this.#binding(index, 'final'), plaintext);
    await writeDurably(join(this.folder, 'chunks'), fileName(index, 'final'), file);
    await this.#record({
      event: 'rebound',
      index,
      at: timestamp(Date.now()),
      binding: 'final',
      sha256_hex: sha256(file),
      byte_size: file.length,
    });
    await rm(this.#path(index, 'provisional'), { force: true });
    return { chunk: this.#get(index), bytes: file };
  }

  async markAccepted(index: number): Promise<void> {
    await this.#record({ event: 'accepted', index, at: timestamp(Date.now()) });
  }

  /** Frees the disk once the stream is complete on the server. The key and the journal stay. */
  async removeAcceptedFiles(): Promise<void> {
    for (const chunk of this.chunks)
      if (chunk.accepted) await rm(this.#path(chunk.index, chunk.binding), { force: true });
  }

  async close(): Promise<void> {
    await this.#journal.close();
    await this.#lock.release();
  }

  #bindingKind(): 'provisional' | 'final' {
    return this.#state.incident_id === undefined || this.#state.stream_id === undefined ? 'provisional' : 'final';
  }

  #binding(chunkIndex: number, kind: 'provisional' | 'final'): ChunkBinding {
    const {
      media_type: mediaType,
      provisional_incident_id,
      provisional_stream_id,
      incident_id,
      stream_id,
    } = this.#state;
    if (kind === 'provisional')
      return { incidentId: provisional_incident_id, streamId: provisional_stream_id, mediaType, chunkIndex };
    if (incident_id === undefined || stream_id === undefined)
      throw new RecorderError('state_damaged', 'The ids of the recording are missing.');
    return { incidentId: incident_id, streamId: stream_id, mediaType, chunkIndex };
  }

  #path(index: number, kind: 'provisional' | 'final'): string {
    return join(this.folder, 'chunks', fileName(index, kind));
  }

  #get(index: number): StagedChunk {
    const chunk = this.#chunks.get(index);
    if (!chunk) throw new RecorderError('state_damaged', `Chunk ${index} is not in the recording's journal.`);
    return chunk;
  }

  async #record(line: JournalLine): Promise<void> {
    await this.#journal.append(line);
    this.#apply(line);
  }

  #apply(line: JournalLine): void {
    const { index, binding, sha256_hex, byte_size, started_at, ended_at, idempotency_key, cursor } = line;
    if (line.event === 'accepted') {
      this.#chunks.set(index, { ...this.#get(index), accepted: true });
    } else if (binding === undefined || sha256_hex === undefined || byte_size === undefined) {
      throw new RecorderError('state_damaged', `The journal's line about chunk ${index} is incomplete.`);
    } else if (line.event === 'rebound') {
      this.#chunks.set(index, { ...this.#get(index), binding, sha256_hex, byte_size });
    } else if (
      started_at === undefined ||
      ended_at === undefined ||
      idempotency_key === undefined ||
      index !== this.#chunks.size + 1
    ) {
      throw new RecorderError(
        'state_damaged',
        `The journal's line about chunk ${index} is incomplete or out of order.`,
      );
    } else {
      this.#chunks.set(index, {
        index,
        binding,
        accepted: false,
        sha256_hex,
        byte_size,
        started_at,
        ended_at,
        idempotency_key,
        cursor,
      });
    }
  }

  async #removeStrays(): Promise<void> {
    const known = new Set(this.chunks.map(({ index, binding }) => fileName(index, binding)));
    for (const name of await readdir(join(this.folder, 'chunks')))
      if (!known.has(name)) await rm(join(this.folder, 'chunks', name), { force: true });
  }
}

function fileName(index: number, kind: 'provisional' | 'final'): string {
  return `${String(index).padStart(6, '0')}.${kind === 'final' ? '' : 'provisional.'}enc`;
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
