import type { Timestamp } from '#kit/time.ts';
import type { ServiceKey } from '../../record/names.ts';
import type { RunLine } from '../../record/run-line.ts';
import type { NamedRun } from '../../record/seal-run.ts';
import type { FolderRunStore } from '../folder/folder-run-store.ts';
import { type FolderOptions, openFolderRunStore } from '../folder/open-folder-run-store.ts';
import type { KeptRun, Mended, PutOutcome, RunDay, RunStore } from '../run-store.ts';
import { Cursors } from './cursors.ts';
import type { Lag } from './lane.ts';
import { Replicator, type ReplicatorTimes } from './replicator.ts';

export interface HybridOptions extends Pick<FolderOptions, 'dataDir' | 'log'> {
  /** Gets a copy of everything. Closed with this one. */
  to: RunStore;
  times?: ReplicatorTimes;
}

const usualTimes: ReplicatorTimes = { firstPauseMs: 250, longestPauseMs: 30_000, answerMs: 60_000 };

/**
 * Runs are accepted and read in a folder, at its speed and also while the other store is away; a replicator copies them there in the
 * background. What `put` has answered is durable in the folder, and on the other side once `lag` says that nothing is pending.
 */
export class HybridRunStore implements RunStore {
  readonly #folder: FolderRunStore;
  readonly #to: RunStore;
  readonly #replicator: Replicator;

  private constructor(folder: FolderRunStore, to: RunStore, replicator: Replicator) {
    this.#folder = folder;
    this.#to = to;
    this.#replicator = replicator;
  }

  /** Throws StartupError; whether the other store is there is not asked. */
  static async open({ dataDir, log, times = usualTimes, to }: HybridOptions): Promise<HybridRunStore> {
    const cursors = new Cursors(dataDir);
    let replicator: Replicator | undefined;
    const folder = await openFolderRunStore({
      dataDir,
      log,
      async onRewrite(key, day, rewrite) {
        try {
          await cursors.around(key, day, rewrite);
        } finally {
          // Also where it failed: the day has been forgotten by then.
          replicator?.rewritten(key, day);
        }
      },
    });
    replicator = new Replicator({ from: folder, to, cursors, log, times });
    return new HybridRunStore(folder, to, replicator);
  }

  lag(): Lag {
    return this.#replicator.lag();
  }

  async put(run: NamedRun, receivedAt: Timestamp): Promise<PutOutcome> {
    const put = await this.#folder.put(run, receivedAt);
    // A replay may have listed what a full disk had kept from being listed.
    if (put.outcome !== 'conflict') this.#replicator.accepted(run, put.line, put.outcome === 'created');
    return put;
  }

  async read(key: ServiceKey, runId: string): Promise<KeptRun | undefined> {
    return await this.#folder.read(key, runId);
  }

  async latest(key: ServiceKey): Promise<RunLine | undefined> {
    return await this.#folder.latest(key);
  }

  async days(key: ServiceKey): Promise<RunDay[]> {
    return await this.#folder.days(key);
  }

  async day(key: ServiceKey, day: RunDay): Promise<RunLine[]> {
    return await this.#folder.day(key, day);
  }

  services(within?: Partial<ServiceKey>): AsyncIterable<ServiceKey> {
    return this.#folder.services(within);
  }

  async mend(key: ServiceKey): Promise<Mended> {
    return await this.#folder.mend(key);
  }

  async health(): Promise<'ok' | 'read_only' | 'unavailable'> {
    return await this.#folder.health();
  }

  async close(): Promise<void> {
    await this.#replicator.stop();
    await this.#folder.close();
    await this.#to.close();
  }
}
