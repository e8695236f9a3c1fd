import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { isProblem, type Problem } from '#kit/errors.ts';
import { StartupError } from '#platform/process/startup-error.ts';
import { quickCheckSqlite } from './check.ts';
import { assertSqliteVersion } from './connection.ts';
import { openSqliteInline } from './inline.ts';
import { openSqlite } from './open.ts';
import { die, faultyTransactions, put } from './testing/faulty.ts';
import { scratchFile } from './testing/scratch.ts';

const writerModule = new URL('./testing/faulty.thread.ts', import.meta.url);
const hasCode = (code: Problem['code']) => (error: unknown) => isProblem(error, code);

function ids(path: string): unknown[] {
  const database = new DatabaseSync(path);
  const rows = database.prepare('SELECT id FROM audit_log ORDER BY rowid').all();
  database.close();
  return rows.map(({ id }) => id);
}

test('when the writer dies, what it held is unknown, reading goes on, and nothing restarts it', async () => {
  const path = scratchFile();
  const logged: string[] = [];
  const log = { error: (_: object, message: string) => logged.push(message) };
  const metadata = await openSqlite({ path, writerModule, log });
  await metadata.write(put, 'aud_1');
  const lost = [metadata.write(put, 'aud_2'), metadata.write(die, undefined), metadata.write(put, 'aud_3')];
  for (const write of lost) await assert.rejects(write, hasCode('metadata_unavailable'));
  await assert.rejects(metadata.write(put, 'aud_4'), hasCode('metadata_unavailable'));
  assert.equal(await metadata.health(), 'unavailable');
  const { rows } = await sql<{ id: string }>`SELECT id FROM audit_log`.execute(metadata.read);
  assert.deepEqual(
    rows.map(({ id }) => id),
    ['aud_1'],
  );
  assert.deepEqual(logged, ['metadata: the writer has died']);
  await metadata.close();
});

test('reads of one turn see one state, the next turn sees what another process has written, and an own write is seen at once', async () => {
  const path = scratchFile();
  const metadata = await openSqlite({ path, writerModule });
  const count = async () => (await sql`SELECT id FROM audit_log`.execute(metadata.read)).rows.length;
  const other = openSqliteInline({ path, transactions: faultyTransactions });
  await other.write(put, 'aud_1');
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(await count(), 1);
  const beside = new DatabaseSync(path);
  beside.exec(
    "UPDATE audit_log SET id = 'aud_0'; INSERT INTO audit_log (id, at, actor, action, subject_type, outcome) SELECT 'aud_2', at, actor, action, subject_type, outcome FROM audit_log",
  );
  assert.equal(await count(), 1);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(await count(), 2);
  await Promise.all([metadata.write(put, 'aud_3').then(async () => assert.equal(await count(), 3)), count()]);
  beside.close();
  await other.close();
  await metadata.close();
});

test('a thread that cannot start is an error, not a wait', async () => {
  const missing = new URL('./testing/absent.thread.ts', import.meta.url);
  await assert.rejects(openSqlite({ path: scratchFile(), writerModule: missing }));
});

test('beyond the limit of waiting transactions the next is refused at once, and the others are not', async () => {
  const metadata = await openSqlite({ path: scratchFile(), writerModule, maxQueued: 50 });
  const writes = Array.from({ length: 50 }, (_, n) => metadata.write(put, `aud_${n}`));
  await assert.rejects(metadata.write(put, 'aud_50'), (error) => {
    return isProblem(error, 'metadata_unavailable') && error.retryAfterSeconds === 1;
  });
  await Promise.all(writes);
  await metadata.write(put, 'aud_50');
  assert.ok(metadata.statistics().groups < 51);
  await metadata.close();
});

test('a kill before the commit loses only what was not acknowledged; after it, the row is there', () => {
  const script = fileURLToPath(new URL('./testing/write-until-killed.ts', import.meta.url));
  for (const [name, kept] of [
    ['before-db-commit', 4],
    ['after-db-commit', 5],
  ] as const) {
    const path = scratchFile();
    const env = { ...process.env, PROOFLINE_FAILPOINT: `${name}:5` };
    const { signal, stdout } = spawnSync(process.execPath, [script, path], { env, encoding: 'utf8' });
    assert.equal(signal, 'SIGKILL');
    assert.deepEqual(stdout.trim().split('\n'), ['aud_1', 'aud_2', 'aud_3', 'aud_4']);
    assert.deepEqual(
      ids(path),
      Array.from({ length: kept }, (_, n) => `aud_${n + 1}`),
    );
    assert.deepEqual(quickCheckSqlite(path), []);
  }
});

test('closing folds the WAL into the file', async () => {
  const path = scratchFile();
  const metadata = await openSqlite({ path, writerModule });
  await Promise.all(Array.from({ length: 60 }, (_, n) => metadata.write(put, `aud_${n}`)));
  await metadata.close();
  assert.equal(existsSync(`${path}-wal`), false);
  assert.equal(ids(path).length, 60);
});

test('two processes may write: each waits for the other', async () => {
  const path = scratchFile();
  const server = await openSqlite({ path, writerModule });
  const command = openSqliteInline({ path, transactions: faultyTransactions });
  await Promise.all(
    Array.from({ length: 50 }, (_, n) => [server.write(put, `aud_s${n}`), command.write(put, `aud_c${n}`)]).flat(),
  );
  await command.close();
  await server.close();
  assert.equal(ids(path).length, 100);
});

test('files that cannot be written are refused with a remedy', async () => {
  const path = scratchFile();
  openSqliteInline({ path, transactions: [] }).close();
  chmodSync(path, 0o400);
  chmodSync(dirname(path), 0o500);
  // Root may write anything, so this runs as somebody else where it can.
  const asNobody = process.getuid?.() === 0;
  if (asNobody) {
    chmodSync(path, 0o444);
    chmodSync(dirname(path), 0o555);
    process.seteuid?.(65_534);
  }
  try {
    await assert.rejects(openSqlite({ path, writerModule }), (error) => {
      assert.ok(error instanceof StartupError, String(error));
      assert.match(error.remedy, /SAFE_DB_PATH/);
      return true;
    });
  } finally {
    if (asNobody) process.seteuid?.(0);
    chmodSync(dirname(path), 0o700);
  }
});

test('an SQLite that can lose commits is refused', () => {
  for (const version of ['3.51.2', '3.50.9', '3.7.17', '2.8.17', '']) {
    assert.throws(() => assertSqliteVersion(version), StartupError, version);
  }
  for (const version of ['3.51.3', '3.51.10', '3.52.0', '4.0.0']) assertSqliteVersion(version);
  assertSqliteVersion();
});

test('a damaged page is found by the quick check', () => {
  const path = scratchFile();
  openSqliteInline({ path, transactions: [] }).close();
  assert.deepEqual(quickCheckSqlite(path), []);
  const bytes = readFileSync(path);
  bytes.fill(0xff, 4 * 4096, 5 * 4096);
  writeFileSync(path, bytes);
  assert.notDeepEqual(quickCheckSqlite(path), []);
});
