import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Checkpointer } from './checkpoint.ts';
import { openConnection } from './connection.ts';
import { migrateSqlite } from './migrate.ts';
import { scratchFile } from './testing/scratch.ts';

const limits = { idlePages: 5, busyPages: 50, restartPages: 200, restartPauseMs: 50 };

function setUp() {
  const path = scratchFile();
  migrateSqlite({ path });
  const database = openConnection(path, 'writer');
  database.exec('CREATE TABLE t (filler BLOB)');
  const failures: unknown[] = [];
  const checkpointer = new Checkpointer(database, (error) => failures.push(error), limits);
  return {
    database,
    checkpointer,
    failures,
    reader: new DatabaseSync(path, { readOnly: true }),
    commit: (times: number) => {
      for (let n = 0; n < times; n++) {
        database.exec('INSERT INTO t VALUES (zeroblob(4000))');
        checkpointer.afterGroup();
      }
    },
    walPages: () => statSync(`${path}-wal`).size / 4120,
    pagesLeft: () => {
      const row = database.prepare('PRAGMA wal_checkpoint(NOOP)').get();
      return Number(row?.log) - Number(row?.checkpointed);
    },
  };
}

test('the WAL stays bounded while readers come and go', () => {
  const { commit, reader, walPages, failures } = setUp();
  for (let n = 0; n < 200; n++) {
    commit(10);
    reader.prepare('SELECT count(*) FROM t').get();
  }
  assert.ok(walPages() < 2 * limits.restartPages, `${walPages()} pages`);
  assert.deepEqual(failures, []);
});

test('a reader that stays lets the writers go on, and once it is gone the WAL starts over', async () => {
  const { commit, reader, walPages, database } = setUp();
  commit(10);
  const staying = reader.prepare('SELECT rowid FROM t').iterate();
  staying.next();
  commit(1000);
  const grown = walPages();
  assert.ok(grown > 1000, `${grown} pages`);
  assert.equal(database.prepare('PRAGMA busy_timeout').get()?.timeout, 5000);
  staying.return?.();
  await sleep(60);
  commit(1000);
  assert.ok(walPages() <= grown + 10, `${walPages()} pages after ${grown}`);
});

test('a pause is used', async () => {
  const { commit, checkpointer, pagesLeft } = setUp();
  commit(10);
  assert.ok(pagesLeft() > limits.idlePages);
  checkpointer.whenIdle();
  for (let tries = 0; pagesLeft() > 0 && tries < 100; tries++) await sleep(20);
  assert.equal(pagesLeft(), 0);
});

test('a checkpoint that fails is reported, not thrown', () => {
  const { commit, database, failures, checkpointer } = setUp();
  commit(1);
  database.close();
  for (let n = 0; n < 8; n++) checkpointer.afterGroup();
  assert.ok(failures.length > 0);
});
