import { isProblem } from '#kit/errors.ts';
import type { BlobLog } from '#platform/blobs/local/local-blob-store.ts';
import { failpoint } from '#platform/process/failpoint.ts';
import type { ServiceKey } from '../../record/names.ts';
import { dayOf, type RunLine } from '../../record/run-line.ts';
import type { FolderRunStore } from '../folder/folder-run-store.ts';
import { Turns } from '../folder/turns.ts';
import type { RunStore } from '../run-store.ts';
import { copyRun } from './copy-run.ts';
import type { Cursors } from './cursors.ts';
import { type Lag, Lane, lagOf } from './lane.ts';

export interface ReplicatorTimes {
  /** The first wait after a failure; each further one is twice as long, half of it by chance. */
  firstPauseMs: number;
  longestPauseMs: number;
  answerMs: number;
}

export interface ReplicatorDeps {
  from: FolderRunStore;
  to: RunStore;
  cursors: Cursors;
  log: BlobLog;
  times: ReplicatorTimes;
}

/** Services that are copied at the same time; the runs of one are copied in their order. */
const lanesAtOnce = 8;
const saveEveryMs = 1000;

/**
 * Copies what the manifests have behind each service's cursor, again and again until it is there. A crash between a copy and its
 * cursor repeats the copy, which the other side knows as a replay.
 */
export class Replicator {
  readonly #deps: ReplicatorDeps;
  readonly #lanes = new Map<string, Lane>();
  readonly #ready: Lane[] = [];
  readonly #running = new Set<Promise<void>>();
  readonly #counts = new Turns();
  readonly #stop = new AbortController();
  /** Those who find out what there is to copy. */
  readonly #looking = new Set<Promise<void>>();
  #lastError: string | undefined;
  #refused = 0;

  constructor(deps: ReplicatorDeps) {
    this.#deps = deps;
    this.#look((stop) => this.#countAll(stop));
  }

  /** A run was accepted. */
  accepted(key: ServiceKey, line: RunLine, isNew: boolean): void {
    const lane = this.#lane(key);
    if (isNew) lane.count(line);
    lane.days.add(dayOf(line));
    this.#run(lane);
  }

  /** A manifest was written anew: all of its day is looked at again. */
  rewritten(key: ServiceKey, day: string): void {
    this.#look((stop) => this.#recount(key, day, stop));
  }

  lag(): Lag {
    return {
      ...lagOf(this.#lanes.values()),
      counting: this.#looking.size > 0,
      lastError: this.#lastError,
      refused: this.#refused,
    };
  }

  /** What was sent and not answered is sent again by the next process. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#looking);
    await Promise.all(this.#running);
    for (const lane of this.#lanes.values()) {
      lane.cancelPause();
      await this.#deps.cursors.save(lane.key).catch(() => {
        this.#deps.log.warn({}, 'a cursor could not be written; the next start copies again what has been copied');
      });
    }
  }

  #look(count: (stop: AbortSignal) => Promise<void>): void {
    const looking = count(this.#stop.signal)
      .catch((error: unknown) => {
        this.#failed(error);
        const fields = { error: this.#lastError };
        this.#deps.log.error(fields, 'what is left to copy could not all be found; the next start looks again');
      })
      .finally(() => this.#looking.delete(looking));
    this.#looking.add(looking);
  }

  /** What earlier processes have left to do. */
  async #countAll(stop: AbortSignal): Promise<void> {
    const { from } = this.#deps;
    for await (const key of from.services())
      for (const { day } of await from.days(key)) {
        if (stop.aborted) return;
        await this.#recount(key, day, stop);
      }
  }

  /** One after the other, as a start and the mending that belongs to it may both want the same day counted. */
  async #recount(key: ServiceKey, day: string, stop: AbortSignal): Promise<void> {
    await this.#counts.take(Lane.idOf(key), () => this.#countDay(key, day, stop));
  }

  async #countDay(key: ServiceKey, day: string, stop: AbortSignal): Promise<void> {
    const { cursors, from } = this.#deps;
    const cursor = await cursors.load(key);
    this.#lanes.get(Lane.idOf(key))?.pending.delete(day);
    for await (const { line } of from.linesBehind(key, day, Math.max(0, cursor.get(day) ?? 0))) {
      if (stop.aborted) return;
      const lane = this.#lane(key);
      lane.days.add(day);
      if (line !== undefined) lane.count(line);
    }
    // Also where there is nothing: whoever is done with a cursor unloads it.
    this.#run(this.#lane(key));
  }

  #lane(key: ServiceKey): Lane {
    const id = Lane.idOf(key);
    const lane = this.#lanes.get(id) ?? new Lane(key);
    this.#lanes.set(id, lane);
    return lane;
  }

  #run(lane: Lane): void {
    if (lane.state !== 'idle') return;
    lane.state = 'ready';
    this.#ready.push(lane);
    this.#next();
  }

  #next(): void {
    while (this.#running.size < lanesAtOnce && !this.#stop.signal.aborted) {
      const lane = this.#ready.shift();
      if (lane === undefined) return;
      const pass = this.#pass(lane).finally(() => {
        this.#running.delete(pass);
        this.#next();
      });
      this.#running.add(pass);
    }
  }

  /** Until the service has nothing more, or the other side fails; then somebody else has the turn. */
  async #pass(lane: Lane): Promise<void> {
    const { cursors, times } = this.#deps;
    lane.state = 'running';
    lane.savedAt = performance.now();
    let day = lane.firstDay();
    try {
      for (; day !== undefined && !this.#stop.signal.aborted; day = lane.firstDay()) {
        // Before it is looked at: what is accepted from now on brings it back.
        lane.days.delete(day);
        await this.#copyDay(lane, day);
      }
      await cursors.unload(lane.key);
    } catch (error) {
      if (day !== undefined) lane.days.add(day);
      this.#failed(error);
      lane.pause(times, () => this.#run(lane));
      return;
    }
    lane.state = 'idle';
    if (lane.days.size > 0) return this.#run(lane);
    lane.finished();
    this.#lanes.delete(lane.id);
  }

  async #copyDay(lane: Lane, day: string): Promise<void> {
    const { cursors, from } = this.#deps;
    const { key } = lane;
    const cursor = await cursors.load(key);
    let at = await cursors.begin(key, day);
    for await (const { end, line } of from.linesBehind(key, day, at)) {
      if (line !== undefined) await this.#copy(lane, line);
      failpoint('lineage-after-copy');
      // The manifest is not the one that is being read any more; `rewritten` brings the day back.
      if (cursor.get(day) !== at) return;
      cursor.set(day, end);
      at = end;
      if (this.#stop.signal.aborted) return;
      if (performance.now() - lane.savedAt < saveEveryMs) continue;
      await cursors.save(key);
      lane.savedAt = performance.now();
    }
  }

  async #copy(lane: Lane, line: RunLine): Promise<void> {
    const { from, log, times, to } = this.#deps;
    lane.head = line;
    const copied = await copyRun(lane.key, line, { from, to, answerMs: times.answerMs, signal: this.#stop.signal });
    this.#lastError = undefined;
    lane.copied(line);
    if (copied === 'copied') return;
    this.#refused += 1;
    log.error(
      { ...lane.key, run_id: line.run_id, reason: copied },
      'a run was not copied to the other store, and will not be',
    );
  }

  #failed(error: unknown): void {
    if (!this.#stop.signal.aborted) this.#lastError = isProblem(error) ? error.code : 'internal_error';
  }
}
