import { mkdir, readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ChunkKey } from '#client/envelope/key-file.ts';
import { RecorderError } from '../recorder-error.ts';
import { syncFolder } from './durable-file.ts';
import { lockFolder } from './lock.ts';
import { stateFile, writeState } from './state-file.ts';

interface AnyState {
  readonly key_id: string;
}

/** A recording's folder, held by this process: what is known of the recording, and the key that seals it. */
export class StateFolder<State extends AnyState> {
  readonly folder: string;
  readonly key: ChunkKey;
  #state: State;
  readonly #lock: { release(): Promise<void> };
  #updates: Promise<void> = Promise.resolve();

  private constructor(folder: string, key: ChunkKey, state: State, lock: { release(): Promise<void> }) {
    this.folder = folder;
    this.key = key;
    this.#state = state;
    this.#lock = lock;
  }

  /** Creates the folder (0700) for a new recording. Throws RecorderError `state_exists`. */
  static async create<State extends AnyState>(
    folder: string,
    prepare: () => Promise<{ key: ChunkKey; state: State }>,
  ): Promise<StateFolder<State>> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const lock = await lockFolder(folder);
    try {
      if ((await readdir(folder)).includes(stateFile)) {
        throw new RecorderError(
          'state_exists',
          'That folder holds a recording already. Go on with it by --resume, or choose another --state.',
        );
      }
      const { key, state } = await prepare();
      await writeState(folder, state);
      await syncFolder(dirname(folder));
      return new StateFolder(folder, key, state, lock);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** Opens the folder of an earlier recording. Throws RecorderError `state_missing`, `state_damaged` or `state_in_use`. */
  static async resume<State extends AnyState>(
    folder: string,
    readState: (folder: string) => Promise<State>,
    loadKey: (state: State) => Promise<ChunkKey>,
  ): Promise<StateFolder<State>> {
    const state = await readState(folder);
    const lock = await lockFolder(folder);
    try {
      const key = await loadKey(state);
      if (key.keyId !== state.key_id)
        throw new RecorderError('usage', 'The key file is not the one this recording was begun with.');
      return new StateFolder(folder, key, state, lock);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  get state(): State {
    return this.#state;
  }

  /** Capture and delivery both call it: one write after the other, each with all that changed before it. */
  update(change: Partial<State> | ((state: State) => Partial<State>)): Promise<void> {
    const write = async () => {
      const next = { ...this.#state, ...(typeof change === 'function' ? change(this.#state) : change) };
      await writeState(this.folder, next);
      // Only what is on disk counts: a chunk must not be bound to ids that a crash would forget.
      this.#state = next;
    };
    this.#updates = this.#updates.catch(() => undefined).then(write);
    return this.#updates;
  }

  async release(): Promise<void> {
    await this.#lock.release();
  }
}
