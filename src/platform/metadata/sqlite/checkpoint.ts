import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { walFileLimitBytes } from './connection.ts';
import { primaryCode, resultCode } from './result-codes.ts';

const pageBytes = 4096;
/** From here on a pause of the writers is used. */
const idlePages = 1000;
/** From here on the writers wait for it. */
const busyPages = 8000;
const idleDelayMs = 50;

/**
 * Moves what the WAL holds into the database file, between groups and never inside a commit. Passive: it takes what readers allow;
 * once all is moved, the next group starts the WAL over. Only a WAL beyond its limit makes it wait for readers.
 */
export class Checkpointer {
  readonly #size: StatementSync;
  readonly #passive: StatementSync;
  readonly #truncate: StatementSync;
  #timer: NodeJS.Timeout | undefined;
  #groupsUntilLook = 0;

  constructor(database: DatabaseSync) {
    this.#size = database.prepare('PRAGMA wal_checkpoint(NOOP)');
    this.#passive = database.prepare('PRAGMA wal_checkpoint(PASSIVE)');
    this.#truncate = database.prepare('PRAGMA wal_checkpoint(TRUNCATE)');
  }

  afterGroup(): void {
    this.stop();
    this.#groupsUntilLook -= 1;
    if (this.#groupsUntilLook > 0) return;
    this.#groupsUntilLook = 8;
    const { total, left } = this.#look();
    if (total * pageBytes > walFileLimitBytes) unlessFull(() => this.#truncate.get());
    else if (left > busyPages) unlessFull(() => this.#passive.get());
  }

  whenIdle(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      if (this.#look().left > idlePages) unlessFull(() => this.#passive.get());
    }, idleDelayMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #look(): { total: number; left: number } {
    const row = this.#size.get();
    const total = Number(row?.log ?? 0);
    return { total, left: total - Number(row?.checkpointed ?? 0) };
  }
}

/** On a full disk what is committed stays in the WAL and a later turn moves it. Any other failure ends the writing. */
function unlessFull(move: () => unknown): void {
  try {
    move();
  } catch (error) {
    if (primaryCode(error) !== resultCode.full) throw error;
  }
}
