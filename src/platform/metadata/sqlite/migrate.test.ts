import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { appendFileSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { StartupError } from '#platform/process/startup-error.ts';
import { migrateSqlite, pendingSqliteMigrations } from './migrate.ts';
import { scratchDirectory, scratchFile } from './testing/scratch.ts';

const steps: Record<string, string> = {
  '0001_first.sqlite.sql': 'CREATE TABLE parent (id INTEGER PRIMARY KEY) STRICT;',
  '0002_second.sqlite.sql':
    'CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER NOT NULL REFERENCES parent (id) ON DELETE CASCADE) STRICT;' +
    'INSERT INTO parent VALUES (1); INSERT INTO child VALUES (1, 1);',
  '0003_third.sqlite.sql': 'CREATE INDEX child_parent ON child (parent);',
};

function directoryOf(files: Record<string, string>): string {
  const directory = scratchDirectory();
  for (const [name, sql] of Object.entries(files)) writeFileSync(join(directory, name), sql);
  return directory;
}

const migrate = (path: string, directory: string) =>
  migrateSqlite({ path, directory: pathToFileURL(`${directory}/`), now: () => 0 });

function refuses(run: () => unknown, message: RegExp): void {
  assert.throws(run, (error) => {
    assert.ok(error instanceof StartupError, String(error));
    assert.match(error.message, message);
    assert.ok(error.remedy.length > 20);
    assert.doesNotMatch(error.message + error.remedy, /\/tmp|CREATE|INSERT/);
    return true;
  });
}

function query(path: string, sql: string): unknown[] {
  const database = new DatabaseSync(path);
  try {
    return database
      .prepare(sql)
      .all()
      .map((row) => ({ ...row }));
  } finally {
    database.close();
  }
}

const applied = (path: string) =>
  query(path, 'SELECT id FROM schema_migrations').map((row) => Object.values(row ?? {})[0]);

test('an empty place becomes a database, once, step by step', () => {
  const path = scratchFile();
  const directory = directoryOf(steps);
  assert.deepEqual(migrate(path, directory), ['0001_first', '0002_second', '0003_third']);
  assert.deepEqual(migrate(path, directory), []);
  const [first] = query(path, 'SELECT * FROM schema_migrations');
  assert.deepEqual(first, {
    id: '0001_first',
    checksum: '1ed6a6d5bd9c4935a7a365feb265b64b50d6f04c855f433fddaa375c2682e696',
    applied_at: '1970-01-01T00:00:00.000Z',
  });
});

test('a later version goes on from where the earlier one stopped', () => {
  const path = scratchFile();
  const directory = directoryOf({ '0001_first.sqlite.sql': steps['0001_first.sqlite.sql'] ?? '' });
  migrate(path, directory);
  for (const [name, sql] of Object.entries(steps)) writeFileSync(join(directory, name), sql);
  assert.deepEqual(pendingSqliteMigrations({ path, directory: pathToFileURL(`${directory}/`) }), [
    '0002_second',
    '0003_third',
  ]);
  assert.deepEqual(migrate(path, directory), ['0002_second', '0003_third']);
});

test('files of the other dialect are not ours', () => {
  const directory = directoryOf({ ...steps, '0001_first.postgres.sql': 'nonsense', 'README.md': 'nonsense' });
  assert.equal(migrate(scratchFile(), directory).length, 3);
});

test('a changed step is refused, to the byte', () => {
  const path = scratchFile();
  const directory = directoryOf(steps);
  migrate(path, directory);
  appendFileSync(join(directory, '0002_second.sqlite.sql'), '\n');
  refuses(() => migrate(path, directory), /0002_second has changed/);
});

test('a missing, a renamed and a newer step are refused', () => {
  const path = scratchFile();
  const directory = directoryOf(steps);
  migrate(path, directory);
  renameSync(join(directory, '0003_third.sqlite.sql'), join(directory, '0003_other.sqlite.sql'));
  refuses(() => migrate(path, directory), /newer version|missing here/);
  rmSync(join(directory, '0003_other.sqlite.sql'));
  refuses(() => migrate(path, directory), /newer version of Proofline \(0003_third\)/);
  rmSync(join(directory, '0001_first.sqlite.sql'));
  refuses(() => migrate(path, directory), /0001 is missing/);
});

test('steps applied in another order are refused', () => {
  const path = scratchFile();
  const directory = directoryOf(steps);
  migrate(path, directory);
  const database = new DatabaseSync(path);
  database.exec(`CREATE TEMP TABLE kept AS SELECT * FROM schema_migrations; DELETE FROM schema_migrations;
    INSERT INTO schema_migrations SELECT * FROM kept ORDER BY id DESC`);
  database.close();
  refuses(() => migrate(path, directory), /out of order/);
});

test('a step that fails leaves the ones before it and nothing of its own', () => {
  const path = scratchFile();
  const directory = directoryOf({
    ...steps,
    '0003_third.sqlite.sql': 'CREATE TABLE half (id); INSERT INTO nowhere VALUES (1);',
  });
  refuses(() => migrate(path, directory), /0003_third failed/);
  assert.deepEqual(applied(path), ['0001_first', '0002_second']);
  assert.deepEqual(query(path, "SELECT name FROM sqlite_schema WHERE name = 'half'"), []);
});

test('a table may be rebuilt without losing its children, and none may be orphaned', () => {
  const path = scratchFile();
  const rebuild =
    'CREATE TABLE parent_new (id INTEGER PRIMARY KEY, note TEXT) STRICT; INSERT INTO parent_new (id) SELECT id FROM parent;' +
    'DROP TABLE parent; ALTER TABLE parent_new RENAME TO parent;';
  const directory = directoryOf({ ...steps, '0003_third.sqlite.sql': rebuild });
  migrate(path, directory);
  assert.equal(query(path, 'SELECT * FROM child').length, 1);
  writeFileSync(join(directory, '0004_orphan.sqlite.sql'), 'DELETE FROM parent;');
  refuses(() => migrate(path, directory), /rows that point to nothing/);
  assert.equal(query(path, 'SELECT * FROM parent').length, 1);
});

test('processes that race apply each step once', async () => {
  const directory = directoryOf(steps);
  const script = fileURLToPath(new URL('./testing/migrate-once.ts', import.meta.url));
  for (let round = 0; round < 3; round++) {
    const path = scratchFile();
    const runs = await Promise.all(
      Array.from({ length: 6 }, () => promisify(execFile)(process.execPath, [script, path, directory])),
    );
    const taken = runs.flatMap(({ stdout }): string[] => JSON.parse(stdout));
    assert.deepEqual(taken.toSorted(), ['0001_first', '0002_second', '0003_third']);
    assert.deepEqual(applied(path), taken.toSorted());
  }
});

test('what is not our database is refused and left alone', () => {
  const directory = directoryOf(steps);
  const text = scratchFile();
  writeFileSync(text, 'Dear diary, this is not a database at all.'.repeat(100));
  refuses(() => migrate(text, directory), /not a SQLite database/);
  assert.match(readFileSync(text, 'utf8'), /^Dear diary/);

  const foreign = scratchFile();
  query(foreign, 'SELECT 1');
  const database = new DatabaseSync(foreign);
  database.exec('CREATE TABLE theirs (id)');
  database.close();
  const before = readFileSync(foreign);
  refuses(() => migrate(foreign, directory), /another application/);
  assert.deepEqual(readFileSync(foreign), before);

  const marked = scratchFile();
  new DatabaseSync(marked).exec('PRAGMA application_id = 7');
  refuses(() => migrate(marked, directory), /another application/);
});

test('a damaged header is refused', () => {
  const directory = directoryOf(steps);
  const path = scratchFile();
  migrate(path, directory);
  const bytes = readFileSync(path);
  bytes.fill(0x7f, 0, 20);
  writeFileSync(path, bytes);
  refuses(() => migrate(path, directory), /header is damaged/);
});

test('a missing directory and a directory in place of the file are refused', () => {
  const directory = directoryOf(steps);
  refuses(() => migrate(join(directory, 'absent', 'x.db'), directory), /cannot be opened/);
  refuses(() => migrate(directory, directory), /cannot be opened/);
});
