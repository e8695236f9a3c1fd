import type { AnyTransaction, Metadata } from '#platform/metadata/metadata.ts';
import { migrationsUpTo, pendingMigrations, readMigrations } from '#platform/metadata/migration-files.ts';
import { assertDistinctNames } from '#platform/metadata/registry.ts';
import { StartupError } from '#platform/process/startup-error.ts';
import { Connection, requestLimits } from './connection.ts';
import { parseDsn } from './dsn.ts';
import { appliedIn, migratePostgres, type PostgresDsns } from './migrate.ts';
import { Pool } from './pool.ts';
import { type MetadataLog, PostgresMetadata } from './postgres-metadata.ts';
import { assertServer, startupErrorOf } from './server-checks.ts';

export interface PostgresOptions extends PostgresDsns {
  transactions: readonly AnyTransaction[];
  maxOpen: number;
  maxIdle: number;
  /** 0: for ever. */
  maxLifetimeMs: number;
  log?: MetadataLog;
  /** Transactions waiting and running at once; beyond that `write` answers metadata_unavailable. */
  maxQueued?: number;
  /** Take no migration after this one, for rows of an earlier version. */
  upTo?: string | undefined;
}

/** Brings the database up to this version and opens it. Throws StartupError. */
export async function openPostgres(options: PostgresOptions): Promise<Metadata> {
  const { dsn, transactions, maxOpen, maxIdle, maxLifetimeMs, log, maxQueued = 10_000, upTo } = options;
  assertDistinctNames(transactions);
  const config = parseDsn(dsn, 'SAFE_POSTGRES_DSN');
  await migratePostgres(options, { upTo });
  const open = () => Connection.open(config, requestLimits);
  const pool = new Pool({ open, maxOpen, maxIdle, maxLifetimeMs });
  try {
    await assertUsable(pool, upTo);
  } catch (error) {
    await pool.close();
    throw startupErrorOf(error, 'SAFE_POSTGRES_DSN');
  }
  // Readers, and the question after our health, find a connection also while every writer waits for a lock.
  const maxWriters = Math.max(1, maxOpen - Math.min(2, Math.floor(maxOpen / 4)));
  return new PostgresMetadata({ pool, transactions, maxWriters, maxQueued, log });
}

/** The role that serves requests may be another than the one that migrated; it must see the same schema. */
async function assertUsable(pool: Pool, upTo: string | undefined): Promise<void> {
  const connection = await pool.take(requestLimits.connectMs);
  try {
    assertServer(connection.facts);
    const pending = pendingMigrations(readMigrations('postgres'), await appliedIn(connection));
    if (migrationsUpTo(upTo, pending).length > 0)
      throw new StartupError(
        'SAFE_POSTGRES_MIGRATE_DSN and SAFE_POSTGRES_DSN lead to different databases or schemas.',
        'Let both name the same database, and give both roles the same search_path.',
      );
  } finally {
    pool.give(connection);
  }
}
