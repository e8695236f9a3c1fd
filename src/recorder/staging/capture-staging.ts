import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChunkKey } from '#client/envelope/key-file.ts';
import type { VariantName } from '../capture/variants.ts';
import { hasCode, RecorderError } from '../recorder-error.ts';
import { type CaptureState, readCaptureState, type VariantState } from './capture-state.ts';
import { type NewChunk, type StagedChunk, StagedStream, type StreamPlace } from './staged-stream.ts';
import { StateFolder } from './state-folder.ts';
import { type HeldChunk, whatMayGo } from './what-may-go.ts';

/** The state folder of a capture: a folder for each variant, one state, one key, and one measure of room. */
export class CaptureStaging {
  readonly #held: StateFolder<CaptureState>;
  readonly #streams: ReadonlyMap<VariantName, StagedStream>;
  readonly #busy = new Set<string>();
  /** Told of every chunk that was given up. */
  onDropped: (variant: VariantName, chunk: StagedChunk) => void = () => undefined;
  /** Bytes of the disk that are left alone: the journals have to grow, and the disk is not ours alone. */
  spareBytes = 64 * 1024 * 1024;

  private constructor(held: StateFolder<CaptureState>, streams: ReadonlyMap<VariantName, StagedStream>) {
    this.#held = held;
    this.#streams = streams;
  }

  /** Creates the folder (0700) for a new capture. Throws RecorderError `state_exists`. */
  static async create(
    folder: string,
    prepare: () => Promise<{ key: ChunkKey; state: CaptureState }>,
  ): Promise<CaptureStaging> {
    return await CaptureStaging.#open(await StateFolder.create(folder, prepare));
  }

  /** Throws RecorderError `state_missing`, `state_damaged` or `state_in_use`. */
  static async resume(folder: string, loadKey: (state: CaptureState) => Promise<ChunkKey>): Promise<CaptureStaging> {
    return await CaptureStaging.#open(await StateFolder.resume(folder, readCaptureState, loadKey));
  }

  static async #open(held: StateFolder<CaptureState>): Promise<CaptureStaging> {
    const streams = new Map<VariantName, StagedStream>();
    try {
      for (const { name } of held.state.variants)
        streams.set(name, await StagedStream.open(join(held.folder, name), held.key, placeIn(held, name)));
      const staging = new CaptureStaging(held, streams);
      // A kill between an answer and the removal leaves a file that nobody needs.
      for (const stream of streams.values()) await stream.removeAcceptedFiles();
      return staging;
    } catch (error) {
      for (const stream of streams.values()) await stream.close();
      await held.release();
      throw error;
    }
  }

  get folder(): string {
    return this.#held.folder;
  }

  get key(): ChunkKey {
    return this.#held.key;
  }

  get state(): CaptureState {
    return this.#held.state;
  }

  get variants(): readonly VariantName[] {
    return [...this.#streams.keys()];
  }

  stream(variant: VariantName): StagedStream {
    const stream = this.#streams.get(variant);
    if (!stream) throw new TypeError(`the capture has no ${variant}`);
    return stream;
  }

  variantState(variant: VariantName): VariantState {
    return variantIn(this.#held.state, variant);
  }

  update(change: Partial<CaptureState>): Promise<void> {
    return this.#held.update(change);
  }

  updateVariant(variant: VariantName, change: Partial<VariantState>): Promise<void> {
    return this.#held.update(({ variants }) => ({
      variants: variants.map((one) => (one.name === variant ? { ...one, ...change } : one)),
    }));
  }

  /** The last moment of a variant, 0 for none. */
  lastSequence(variant: VariantName): number {
    return this.#streams.get(variant)?.chunks.at(-1)?.sequence ?? 0;
  }

  /** Any chunk of a moment: all of them have its range. */
  chunkOf(sequence: number): StagedChunk | undefined {
    for (const stream of this.#streams.values()) {
      const found = stream.ofSequence(sequence);
      if (found) return found;
    }
    return undefined;
  }

  get waitingBytes(): number {
    let sum = 0;
    for (const stream of this.#streams.values())
      for (const { fate, byte_size } of stream.chunks) if (fate === 'waiting') sum += byte_size;
    return sum;
  }

  /**
   * Seals a piece and makes it durable, giving up what may go where there is no room. Given up itself, it has fate `dropped`. Throws
   * RecorderError `disk_full` when it is the only evidence of its moment, and so is everything else.
   */
  async stage(variant: VariantName, piece: NewChunk & { readonly sequence: number }): Promise<StagedChunk> {
    const stream = this.stream(variant);
    const size = piece.bytes.length + 1024;
    for (let full = !(await this.#hasRoom(size)); ; full = true) {
      if (full && !(await this.#makeRoom(variant, piece.sequence, size))) {
        const chunk = await stream.giveUp(piece);
        this.onDropped(variant, chunk);
        return chunk;
      }
      try {
        return await stream.stage(piece);
      } catch (error) {
        if (!hasCode(error, 'ENOSPC', 'EDQUOT')) throw error;
      }
    }
  }

  /** Takes a chunk for one who works on it; false when somebody has it, or when it waits no more. */
  claim(variant: VariantName, index: number): boolean {
    const name = `${variant}/${index}`;
    if (this.#busy.has(name) || this.stream(variant).chunk(index).fate !== 'waiting') return false;
    this.#busy.add(name);
    return true;
  }

  release(variant: VariantName, index: number): void {
    this.#busy.delete(`${variant}/${index}`);
  }

  async close(): Promise<void> {
    for (const stream of this.#streams.values()) await stream.close();
    await this.#held.release();
  }

  async #hasRoom(size: number): Promise<boolean> {
    const { max_staging } = this.state;
    if (max_staging !== undefined && this.waitingBytes + size > max_staging) return false;
    const { bavail, bsize } = await statfs(this.folder);
    return bavail * bsize >= size + this.spareBytes;
  }

  /** False when the new chunk is the one to go. */
  async #makeRoom(variant: VariantName, sequence: number, size: number): Promise<boolean> {
    const isNew = { variant, sequence, index: 0, isVideo: this.#isVideo(variant), fate: 'new', busy: false } as const;
    do {
      const going = whatMayGo([...this.#heldChunks(), isNew]);
      if (going === undefined)
        throw new RecorderError(
          'disk_full',
          'There is no room left for what is recorded, and everything that waits is the only evidence of its moment.',
        );
      if (going.fate === 'new') return false;
      if (!this.claim(going.variant, going.index)) continue;
      await this.stream(going.variant).drop(going.index);
      this.release(going.variant, going.index);
      this.onDropped(going.variant, this.stream(going.variant).chunk(going.index));
    } while (!(await this.#hasRoom(size)));
    return true;
  }

  #heldChunks(): HeldChunk[] {
    return this.variants.flatMap((variant) =>
      this.stream(variant).chunks.map(({ index, sequence = 0, fate }) => ({
        variant,
        index,
        sequence,
        fate,
        isVideo: this.#isVideo(variant),
        busy: this.#busy.has(`${variant}/${index}`),
      })),
    );
  }

  #isVideo(variant: VariantName): boolean {
    return this.variantState(variant).media_type === 'video';
  }
}

function variantIn(state: CaptureState, name: VariantName): VariantState {
  const found = state.variants.find((variant) => variant.name === name);
  if (!found) throw new RecorderError('state_damaged', `The state folder knows of no ${name}.`);
  return found;
}

function placeIn(held: StateFolder<CaptureState>, name: VariantName): StreamPlace {
  return {
    provisional: () => {
      const { media_type: mediaType, provisional_stream_id: streamId } = variantIn(held.state, name);
      return { incidentId: held.state.provisional_incident_id, streamId, mediaType };
    },
    final: () => {
      const { media_type: mediaType, stream_id: streamId } = variantIn(held.state, name);
      const { incident_id: incidentId } = held.state;
      return incidentId === undefined || streamId === undefined ? undefined : { incidentId, streamId, mediaType };
    },
  };
}
