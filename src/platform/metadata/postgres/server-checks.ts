import { Problem } from '#kit/errors.ts';
import { StartupError } from '#platform/process/startup-error.ts';
import type { ServerFacts } from './connection.ts';
import { PostgresFailure, sqlState } from './failure.ts';

export const oldestVersion = 150_000;

/** What no setting of a session can mend. Throws StartupError. */
export function assertServer({ version, encoding, inRecovery }: ServerFacts): void {
  if (version < oldestVersion)
    throw new StartupError(
      `The database server is PostgreSQL ${Math.floor(version / 10_000)}; this program needs 15 or later.`,
      'Upgrade the server, or point SAFE_POSTGRES_DSN at another one.',
    );
  if (encoding !== 'UTF8')
    throw new StartupError(
      'The PostgreSQL database does not store text as UTF-8.',
      "Create it anew: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0.",
    );
  if (inRecovery)
    throw new StartupError(
      'The PostgreSQL server is a standby and takes no writes.',
      'Point SAFE_POSTGRES_DSN at the primary.',
    );
}

/** What the operator can do about a database that does not let us in. Carries nothing of the DSN. */
export function startupErrorOf(error: unknown, setting: string): unknown {
  if (error instanceof Problem) return new StartupError(error.message, 'Check that the PostgreSQL server answers.');
  if (!(error instanceof PostgresFailure)) return error;
  const options = { cause: error };
  switch (error.code) {
    case sqlState.invalidPassword:
    case sqlState.invalidAuthorization:
      return new StartupError(
        `PostgreSQL does not let the role of ${setting} in (${error.code}).`,
        'Check its name and password, and pg_hba.conf of the server.',
        options,
      );
    case sqlState.invalidDatabase:
      return new StartupError(
        `The database of ${setting} does not exist.`,
        'Create it: see deploy/postgres/roles.sql.',
        options,
      );
    case sqlState.insufficientPrivilege:
      return new StartupError(
        `The role of ${setting} lacks rights on the database.`,
        'Grant them as deploy/postgres/roles.sql does.',
        options,
      );
    case sqlState.tooManyConnections:
      return new StartupError(
        'The PostgreSQL server has no connection left.',
        'Lower SAFE_POSTGRES_MAX_OPEN_CONNS on each node, or raise max_connections of the server.',
        options,
      );
    default:
      return new StartupError(
        `PostgreSQL does not answer as it should (${error.code === '' ? 'the connection ended' : error.code}).`,
        `Check that the server of ${setting} runs and can be reached from here, and its TLS settings. \`proofline doctor\` tells more.`,
        options,
      );
  }
}
