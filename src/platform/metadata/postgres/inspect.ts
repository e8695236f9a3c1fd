import { StartupError } from '#platform/process/startup-error.ts';
import { Connection, requestLimits } from './connection.ts';
import { parseDsn } from './dsn.ts';
import type { PostgresDsns } from './migrate.ts';
import { startupErrorOf } from './server-checks.ts';

/** What can be seen of a server without changing it, through the role that serves requests. */
export interface PostgresFacts {
  /** As 150019. */
  version: number;
  /** Milliseconds to an answer and back. */
  roundTripMs: number;
  encoding: string;
  inRecovery: boolean;
  synchronousCommit: string;
  fsync: boolean;
  fullPageWrites: boolean;
  maxConnections: number;
  /** How far the server's clock is ahead of ours. */
  clockAheadMs: number;
  mayChangeSchema: boolean;
}

const asks = 5;

/** Throws StartupError when there is no way in. */
export async function inspectPostgres({ dsn }: PostgresDsns): Promise<PostgresFacts> {
  let connection: Connection | undefined;
  try {
    connection = await Connection.open(parseDsn(dsn, 'SAFE_POSTGRES_DSN'), requestLimits);
    const clock = await compareClocks(connection);
    const { rows } = await connection.query(`
      SELECT current_setting('fsync') AS fsync, current_setting('full_page_writes') AS full_page_writes,
        current_setting('max_connections')::int AS max_connections,
        coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) OR EXISTS (
          SELECT FROM pg_class WHERE oid = to_regclass('chunks') AND pg_has_role(relowner, 'USAGE')) AS may_change_schema`);
    const row = rows[0] ?? {};
    return {
      ...connection.facts,
      ...clock,
      fsync: row.fsync === 'on',
      fullPageWrites: row.full_page_writes === 'on',
      maxConnections: Number(row.max_connections),
      mayChangeSchema: row.may_change_schema === 1,
    };
  } catch (error) {
    const explained = startupErrorOf(error, 'SAFE_POSTGRES_DSN');
    throw explained instanceof StartupError ? explained : error;
  } finally {
    await connection?.end();
  }
}

/** The quickest of a few answers says the most: the server's time was taken half way through it. */
async function compareClocks(connection: Connection): Promise<{ roundTripMs: number; clockAheadMs: number }> {
  let best = { roundTripMs: Number.POSITIVE_INFINITY, clockAheadMs: 0 };
  for (let ask = 0; ask < asks; ask++) {
    const before = performance.now();
    const { rows } = await connection.query('SELECT extract(epoch FROM clock_timestamp()) * 1000 AS now');
    const roundTripMs = performance.now() - before;
    const clockAheadMs = Number(rows[0]?.now) + roundTripMs / 2 - Date.now();
    if (roundTripMs < best.roundTripMs) best = { roundTripMs, clockAheadMs };
  }
  return best;
}
