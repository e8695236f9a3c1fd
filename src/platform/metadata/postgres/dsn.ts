import { Client, type ClientConfig } from 'pg';
import { StartupError } from '#platform/process/startup-error.ts';

/** A DSN as the driver wants it. Throws StartupError naming the setting, with none of the DSN in it. */
export function parseDsn(dsn: string, setting: string): ClientConfig {
  const config = { connectionString: dsn };
  try {
    if (!/^postgres(ql)?:\/\//.test(dsn)) throw new TypeError('another kind of address');
    // Parses it; the driver's own error may have the DSN in it, so it goes no further.
    new Client(config);
  } catch {
    throw new StartupError(
      `${setting} is not a PostgreSQL connection string.`,
      'Write it like postgresql://USER:PASSWORD@HOST:5432/DATABASE?sslmode=verify-full, with special characters percent-encoded.',
    );
  }
  return config;
}
