import { closeSync, existsSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/**
 * Holds a lock, as a transaction of SQLite on a file of its own, so that the system gives it back however the process ends.
 * Undefined when another process has it.
 */
export function lockFile(path: string): { release(): void } | undefined {
  // Only a missing one: closing any descriptor of a file gives back every lock that this process has on it.
  if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600));
  const lock = new DatabaseSync(path);
  try {
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch {
    lock.close();
    return undefined;
  }
  return { release: () => lock.close() };
}
