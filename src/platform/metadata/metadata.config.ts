import { choice, duration, integer, type Setting, type Settings, text } from '#platform/process/setting.ts';

const isPostgres = { env: 'SAFE_METADATA_BACKEND', is: ['postgresql'] };

/** Where a database is and who we are there: all of it is secret. */
function dsn(setting: { env: string; doc: string; sharedName: string }): Setting<string> {
  const { env, doc, sharedName } = setting;
  return {
    env,
    doc,
    sharedNames: { names: [sharedName], while: isPostgres },
    secret: true,
    default: '',
    expected: 'a connection string like postgresql://USER:PASSWORD@HOST:5432/DATABASE?sslmode=verify-full',
    parse: (value) => (value === '' || /^postgres(ql)?:\/\/./.test(value) ? value : undefined),
  };
}

export const metadataSettings = {
  backend: choice({
    env: 'SAFE_METADATA_BACKEND',
    doc: 'Where rows are kept: in a SQLite file of this machine, or in PostgreSQL 15 or later, which several nodes can share.',
    default: 'sqlite',
    of: ['sqlite', 'postgresql'],
  }),
  sqlitePath: text({
    env: 'SAFE_DB_PATH',
    doc: 'The SQLite database file. Empty: proofline.db in SAFE_DATA_DIR.',
    default: '',
    expected: 'a file',
  }),
  postgresDsn: dsn({
    env: 'SAFE_POSTGRES_DSN',
    doc: 'The PostgreSQL database, and the role that serves requests there. Required with `postgresql`.',
    sharedName: 'DATABASE_URL',
  }),
  postgresMigrateDsn: dsn({
    env: 'SAFE_POSTGRES_MIGRATE_DSN',
    doc: 'The same database with the role that owns the schema: migrations run with it and nothing else does. Not set: SAFE_POSTGRES_DSN migrates too.',
    sharedName: 'DATABASE_MIGRATE_URL',
  }),
  postgresMaxOpen: integer({
    env: 'SAFE_POSTGRES_MAX_OPEN_CONNS',
    doc: 'Connections of this node to PostgreSQL at once. The sum over all nodes stays below max_connections of the server.',
    default: '20',
    min: 2,
    max: 1000,
  }),
  postgresMaxIdle: integer({
    env: 'SAFE_POSTGRES_MAX_IDLE_CONNS',
    doc: 'Of those, how many are kept while nobody needs them. Fewer save memory of the server and cost a new connection, and every query its plan, after each lull.',
    default: '20',
    min: 0,
    max: 1000,
  }),
  postgresMaxLifetimeMs: duration({
    env: 'SAFE_POSTGRES_CONN_MAX_LIFETIME',
    doc: 'A connection older than this is replaced once it is free. 0: never.',
    default: '30m',
  }),
} satisfies Settings;
