import type { Timestamp } from '#kit/time.ts';
import type { ServiceKey } from '../../record/names.ts';
import type { RunLine } from '../../record/run-line.ts';
import type { NamedRun } from '../../record/seal-run.ts';
import type { KeptRun, Mended, PutOutcome, RunDay, RunStore } from '../run-store.ts';
import type { RunIndex, VersionedDay } from './run-index.ts';

/** A day that is still being written is read from its manifest: keeping it would cost more than reading it. */
const largestDay = 20_000;

export interface IndexLog {
  warn(fields: object, message: string): void;
}

/**
 * A run store that answers for days from an index, where the index knows their manifests in the version that the store has now. It
 * changes no answer: an index that has lost everything, or fails, costs time alone.
 */
export class IndexedRunStore implements RunStore {
  readonly #store: RunStore;
  readonly #index: RunIndex;
  readonly #log: IndexLog;

  constructor(store: RunStore, index: RunIndex, log: IndexLog) {
    this.#store = store;
    this.#index = index;
    this.#log = log;
  }

  put(run: NamedRun, receivedAt: Timestamp): Promise<PutOutcome> {
    return this.#store.put(run, receivedAt);
  }

  read(key: ServiceKey, runId: string): Promise<KeptRun | undefined> {
    return this.#store.read(key, runId);
  }

  latest(key: ServiceKey): Promise<RunLine | undefined> {
    return this.#store.latest(key);
  }

  days(key: ServiceKey): Promise<RunDay[]> {
    return this.#store.days(key);
  }

  async day(key: ServiceKey, day: RunDay): Promise<RunLine[]> {
    if (!isVersioned(day)) return await this.#store.day(key, day);
    return (await this.#ask(() => this.#index.day(key, day))) ?? (await this.refill(key, day));
  }

  /** The day as the store has it, kept in the index whatever that held. */
  async refill(key: ServiceKey, day: RunDay): Promise<RunLine[]> {
    const lines = await this.#store.day(key, day);
    if (isVersioned(day) && lines.length <= largestDay) await this.#ask(() => this.#index.keep(key, day, lines));
    return lines;
  }

  async daysOfCommit(key: ServiceKey, commit: string, days: readonly RunDay[]): Promise<RunDay[]> {
    const known = await this.#ask(() => this.#index.daysOfCommit(key, commit, days.filter(isVersioned)));
    return days.filter(({ day }) => known?.get(day) !== false);
  }

  services(within?: Partial<ServiceKey>): AsyncIterable<ServiceKey> {
    return this.#store.services(within);
  }

  mend(key: ServiceKey): Promise<Mended> {
    return this.#store.mend(key);
  }

  health(): ReturnType<RunStore['health']> {
    return this.#store.health();
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  async #ask<T>(question: () => Promise<T>): Promise<T | undefined> {
    try {
      return await question();
    } catch (error) {
      this.#log.warn({ err: error }, 'the index of runs does not answer; the manifests are read instead');
      return undefined;
    }
  }
}

function isVersioned(day: RunDay): day is VersionedDay {
  return day.version !== undefined;
}
