import type { ChunkKey } from '#client/envelope/key-file.ts';
import type { Segment } from '../sources/source.ts';
import { type RecordingState, readState } from './recording-state.ts';
import { type StagedChunk, StagedStream, type StreamPlace } from './staged-stream.ts';
import { StateFolder } from './state-folder.ts';

/** The state folder of a recording that is one stream. */
export class Staging {
  readonly #held: StateFolder<RecordingState>;
  readonly stream: StagedStream;

  private constructor(held: StateFolder<RecordingState>, stream: StagedStream) {
    this.#held = held;
    this.stream = stream;
  }

  /** Creates the folder (0700) for a new recording. Throws RecorderError `state_exists`. */
  static async create(
    folder: string,
    prepare: () => Promise<{ key: ChunkKey; state: RecordingState }>,
  ): Promise<Staging> {
    return await Staging.#open(await StateFolder.create(folder, prepare));
  }

  /** Opens the folder of an earlier recording. Throws RecorderError `state_missing`, `state_damaged` or `state_in_use`. */
  static async resume(folder: string, loadKey: (state: RecordingState) => Promise<ChunkKey>): Promise<Staging> {
    return await Staging.#open(await StateFolder.resume(folder, readState, loadKey));
  }

  static async #open(held: StateFolder<RecordingState>): Promise<Staging> {
    try {
      return new Staging(held, await StagedStream.open(held.folder, held.key, placeIn(held)));
    } catch (error) {
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

  get state(): RecordingState {
    return this.#held.state;
  }

  /** In the order of their index. */
  get chunks(): readonly StagedChunk[] {
    return this.stream.chunks;
  }

  get lastCursor(): string | undefined {
    return this.chunks.at(-1)?.cursor;
  }

  update(change: Partial<RecordingState>): Promise<void> {
    return this.#held.update(change);
  }

  stage(segment: Segment): Promise<StagedChunk> {
    return this.stream.stage(segment);
  }

  async close(): Promise<void> {
    await this.stream.close();
    await this.#held.release();
  }
}

function placeIn(held: StateFolder<RecordingState>): StreamPlace {
  return {
    provisional: () => ({
      incidentId: held.state.provisional_incident_id,
      streamId: held.state.provisional_stream_id,
      mediaType: held.state.media_type,
    }),
    final: () => {
      const { incident_id: incidentId, stream_id: streamId, media_type: mediaType } = held.state;
      return incidentId === undefined || streamId === undefined ? undefined : { incidentId, streamId, mediaType };
    },
  };
}
