import type { DatabaseSync, StatementSync } from 'node:sqlite';

export interface CheckpointLimits {
  /** Pages still to move from which a pause of the writers is used. */
  idlePages: number;
  /** Pages still to move from which the writers wait for it. */
  busyPages: number;
  /** Pages in the WAL from which readers are waited for, so that it can start over. */
  restartPages: number;
  /** How long the writers are left alone after they waited for readers in vain. */
  restartPauseMs: number;
}

const defaults: CheckpointLimits = { idlePages: 500, busyPages: 4000, restartPages: 12_000, restartPauseMs: 2000 };
const idleDelayMs = 50;
/** How long the writers may stand still for readers. */
const restartWaitMs = 20;
const groupsBetweenLooks = 4;

/**
 * Moves what the WAL holds into the database file, between groups and never inside a commit, after their answers are out.
 * Passive: it takes what readers allow. When all is moved and no reader stands in the way, the next group starts the WAL over;
 * a WAL that keeps growing makes the writers wait for readers, briefly. Only a reader that stays for long can hold it up.
 */
export class Checkpointer {
  readonly #database: DatabaseSync;
  readonly #failed: (error: unknown) => void;
  readonly #limits: CheckpointLimits;
  readonly #size: StatementSync;
  readonly #passive: StatementSync;
  readonly #restart: StatementSync;
  #timer: NodeJS.Timeout | undefined;
  #groupsUntilLook = 0;
  #noRestartBefore = 0;

  /** `failed` hears of a checkpoint that did not succeed: nothing is lost by it, but the disk may be full or broken. */
  constructor(database: DatabaseSync, failed: (error: unknown) => void, limits: CheckpointLimits = defaults) {
    this.#database = database;
    this.#failed = failed;
    this.#limits = limits;
    this.#size = database.prepare('PRAGMA wal_checkpoint(NOOP)');
    this.#passive = database.prepare('PRAGMA wal_checkpoint(PASSIVE)');
    this.#restart = database.prepare('PRAGMA wal_checkpoint(RESTART)');
  }

  afterGroup(): void {
    this.stop();
    this.#groupsUntilLook -= 1;
    if (this.#groupsUntilLook > 0) return;
    this.#groupsUntilLook = groupsBetweenLooks;
    this.#moveWhen((total, left) => {
      if (total > this.#limits.restartPages && performance.now() >= this.#noRestartBefore) this.#startOver();
      else if (left > this.#limits.busyPages) this.#passive.get();
    });
  }

  whenIdle(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#moveWhen((_, left) => {
        if (left > this.#limits.idlePages) this.#passive.get();
      });
    }, idleDelayMs);
    this.#timer.unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #startOver(): void {
    const before = this.#database.prepare('PRAGMA busy_timeout').get()?.timeout;
    this.#database.exec(`PRAGMA busy_timeout = ${restartWaitMs}`);
    try {
      if (this.#restart.get()?.busy !== 0) this.#noRestartBefore = performance.now() + this.#limits.restartPauseMs;
    } finally {
      this.#database.exec(`PRAGMA busy_timeout = ${Number(before)}`);
    }
  }

  #moveWhen(move: (total: number, left: number) => void): void {
    try {
      const row = this.#size.get();
      const total = Number(row?.log ?? 0);
      move(total, total - Number(row?.checkpointed ?? 0));
    } catch (error) {
      this.#failed(error);
    }
  }
}
