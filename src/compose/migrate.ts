import { existsSync } from 'node:fs';
import { readMigrations } from '#platform/metadata/migration-files.ts';
import { migrateSqlite, pendingSqliteMigrations } from '#platform/metadata/sqlite/migrate.ts';
import { type Config, dataPaths, postgresDsns } from './config.ts';
import { prepareDataDir, prepareSqliteFile } from './data-dir.ts';

/** The steps that the database still lacks, in order. Changes nothing. Throws StartupError. */
export async function pendingMigrationsOf(config: Config): Promise<string[]> {
  if (config.metadata.backend === 'postgresql') {
    const { pendingPostgresMigrations } = await import('#platform/metadata/postgres/migrate.ts');
    return await pendingPostgresMigrations(postgresDsns(config));
  }
  const { dbPath } = dataPaths(config);
  return existsSync(dbPath) ? pendingSqliteMigrations({ path: dbPath }) : readMigrations('sqlite').map(({ id }) => id);
}

/** Brings the database up to this version, as the start of a server does, and returns the steps taken. Throws StartupError. */
export async function migrateDatabase(config: Config): Promise<string[]> {
  if (config.metadata.backend === 'postgresql') {
    const { migratePostgres } = await import('#platform/metadata/postgres/migrate.ts');
    return await migratePostgres(postgresDsns(config));
  }
  const paths = dataPaths(config);
  prepareDataDir(paths);
  prepareSqliteFile(paths, { mayBeNew: false });
  return migrateSqlite({ path: paths.dbPath });
}
