import { randomBytes } from 'node:crypto';

/** Names in the staging folder: unlike any other process's, and known while in use so that the sweep leaves them alone. */
export class StagedNames {
  readonly #prefix = `${process.pid.toString(36)}-${randomBytes(8).toString('hex')}`;
  readonly #live = new Set<string>();
  #last = 0;

  take(): string {
    this.#last += 1;
    const name = `${this.#prefix}-${this.#last.toString(36)}`;
    this.#live.add(name);
    return name;
  }

  done(name: string): void {
    this.#live.delete(name);
  }

  isLive(name: string): boolean {
    return this.#live.has(name);
  }
}
