import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { StartupError } from '#platform/process/startup-error.ts';

export interface Migration {
  /** The file's name without the dialect: `0001_canonical`. Ids sort in the order of application. */
  id: string;
  /** SHA-256 over the exact bytes of the file, lower-case hex. */
  checksum: string;
  sql: string;
}

/** A step that the database says it has taken. */
export interface AppliedMigration {
  id: string;
  checksum: string;
}

const shipped = new URL('./migrations/', import.meta.url);
const reinstall = 'Install this version again: its migration files are part of the package.';

/** The steps of this version for one dialect, in order. */
export function readMigrations(dialect: 'sqlite' | 'postgres', directory: URL = shipped): Migration[] {
  const suffix = `.${dialect}.sql`;
  const migrations = namesIn(directory)
    .filter((name) => name.endsWith(suffix))
    .sort()
    .map((name) => {
      const bytes = readFileSync(new URL(name, directory));
      const checksum = createHash('sha256').update(bytes).digest('hex');
      return { id: name.slice(0, -suffix.length), checksum, sql: bytes.toString('utf8') };
    });
  migrations.forEach(({ id }, index) => {
    const number = String(index + 1).padStart(4, '0');
    if (!new RegExp(`^${number}_[a-z0-9_]+$`).test(id)) {
      throw new StartupError(`Migration ${number} is missing, or a file beside it is misnamed.`, reinstall);
    }
  });
  if (migrations.length === 0) throw new StartupError('This installation has no migrations.', reinstall);
  return migrations;
}

function namesIn(directory: URL): string[] {
  try {
    return readdirSync(directory);
  } catch (cause) {
    throw new StartupError('The migrations of this installation cannot be read.', reinstall, { cause });
  }
}

/**
 * The steps still to take. The applied ones must be exactly the first of the known ones: anything else means that the files
 * were edited after release, or that a newer version has been here, and guessing could damage evidence.
 */
export function pendingMigrations(known: readonly Migration[], applied: readonly AppliedMigration[]): Migration[] {
  const knownIds = new Set(known.map(({ id }) => id));
  const last = known.at(-1)?.id ?? '';
  applied.forEach(({ id, checksum }, index) => {
    if (!knownIds.has(id)) {
      if (id > last) {
        throw new StartupError(
          `The database was migrated by a newer version of Proofline (${id}).`,
          'Start that version or a later one, or restore the backup made before it was installed.',
        );
      }
      throw new StartupError(`Migration ${id} was applied to the database but is missing here.`, reinstall);
    }
    const expected = known[index];
    if (expected?.id !== id) {
      throw new StartupError(`Migration ${id} was applied out of order: ${expected?.id} belongs before it.`, reinstall);
    }
    if (expected.checksum !== checksum) {
      throw new StartupError(`Migration ${id} has changed since it was applied to this database.`, reinstall);
    }
  });
  return known.slice(applied.length);
}

/** Those not after one of them, for a database that is to be filled with rows of that time. */
export function migrationsUpTo(last: string | undefined, migrations: readonly Migration[]): Migration[] {
  return migrations.filter(({ id }) => last === undefined || id <= last);
}
