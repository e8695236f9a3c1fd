import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { sql } from 'kysely';
import { Problem } from '#kit/errors.ts';
import { type AnyTransaction, transaction } from '#platform/metadata/metadata.ts';
import { openConnection } from './connection.ts';
import { GroupRunner } from './group.ts';
import type { Outcome } from './messages.ts';
import { scratchFile } from './testing/scratch.ts';

const opened: DatabaseSync[] = [];
afterEach(() => {
  for (const database of opened.splice(0)) database.close();
});

let bodiesRun = 0;
const add = transaction('add', async (trx, id: number) => {
  bodiesRun += 1;
  await sql`INSERT INTO t (id, filler) VALUES (${id}, zeroblob(3000))`.execute(trx);
  return id;
});
const addThenRefuse = transaction('add-then-refuse', async (trx, id: number) => {
  bodiesRun += 1;
  await sql`INSERT INTO t (id) VALUES (${id})`.execute(trx);
  throw new Problem('quota_exceeded');
});
const refuse = transaction('refuse', async (trx, id: number) => {
  bodiesRun += 1;
  await sql`UPDATE t SET filler = NULL WHERE id = ${-id}`.execute(trx);
  throw new Problem('incident_closed');
});
const swallow = transaction('swallow', async (trx, id: number) => {
  const insert = () => sql`INSERT INTO t (id, filler) VALUES (${id}, zeroblob(3000))`.execute(trx);
  await insert().catch(() => undefined);
  return 'went on';
});
let gate = Promise.withResolvers<void>();
const waitForGate = transaction('wait-for-gate', async (trx, id: number) => {
  await sql`INSERT INTO t (id) VALUES (${id})`.execute(trx);
  await gate.promise;
  await sql`INSERT INTO t (id) VALUES (${id + 1})`.execute(trx);
});
let late: Promise<unknown> = Promise.resolve();
const forgetToAwait = transaction('forget-to-await', async (trx, id: number) => {
  const afterAWhile = async () => {
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    await sql`INSERT INTO t (id) VALUES (${id})`.execute(trx);
  };
  late = assert.rejects(afterAWhile(), /after its transaction had ended/);
});
const takeOver = transaction('take-over', async (trx, statement: string) => {
  await sql.raw(statement).execute(trx);
});
let interfere: () => void = () => undefined;
const readThenWrite = transaction('read-then-write', async (trx, id: number) => {
  await sql`SELECT count(*) FROM t`.execute(trx);
  interfere();
  await sql`INSERT INTO t (id) VALUES (${id})`.execute(trx);
});
const all = [readThenWrite, add, addThenRefuse, refuse, swallow, waitForGate, forgetToAwait, takeOver];

function setUp(path = ':memory:'): {
  database: DatabaseSync;
  run: (requests: [AnyTransaction, unknown][]) => Promise<Outcome[]>;
  ids: () => unknown[];
} {
  const database = openConnection(path, 'migrator');
  opened.push(database);
  database.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, filler BLOB) STRICT');
  const runner = new GroupRunner(database, all);
  bodiesRun = 0;
  return {
    database,
    run: (requests) => runner.run(requests.map(([body, input]) => ({ transaction: all.indexOf(body), input }))),
    ids: () =>
      database
        .prepare('SELECT id FROM t ORDER BY id')
        .all()
        .map(({ id }) => id),
  };
}

const codes = (outcomes: Outcome[]) =>
  outcomes.map((outcome) => {
    if ('output' in outcome) return 'ok';
    return outcome.failure.kind === 'problem' ? outcome.failure.problem.code : outcome.failure.detail.message;
  });

test('a group commits together, in the order of its requests', async () => {
  const { run, ids } = setUp();
  assert.deepEqual(await run([1, 2, 3].map((id) => [add, id])), [{ output: 1 }, { output: 2 }, { output: 3 }]);
  assert.deepEqual(ids(), [1, 2, 3]);
});

test('a refusal before the first write costs the others nothing', async () => {
  const { run, ids } = setUp();
  assert.deepEqual(
    codes(
      await run([
        [add, 1],
        [refuse, 2],
        [add, 3],
      ]),
    ),
    ['ok', 'incident_closed', 'ok'],
  );
  assert.equal(bodiesRun, 3);
  assert.deepEqual(ids(), [1, 3]);
});

test('a refusal after a write starts the group over once, and never again', async () => {
  const { run, ids } = setUp();
  const group: [AnyTransaction, unknown][] = [
    [add, 1],
    [addThenRefuse, 2],
    [add, 3],
  ];
  assert.deepEqual(codes(await run(group)), ['ok', 'quota_exceeded', 'ok']);
  assert.deepEqual(ids(), [1, 3]);
  assert.equal(bodiesRun, 5);
  bodiesRun = 0;
  assert.deepEqual(codes(await run(group.map(([body, id]) => [body, Number(id) + 10]))), [
    'ok',
    'quota_exceeded',
    'ok',
  ]);
  assert.deepEqual(ids(), [1, 3, 11, 13]);
  assert.equal(bodiesRun, 3);
});

test('a full disk fails the whole group, also when a body swallows the error, and heals', async () => {
  const { database, run, ids } = setUp();
  await run([[add, 1]]);
  database.exec('PRAGMA max_page_count = 6');
  const full = await run([2, 3, 4, 5, 6, 7, 8].map((id) => [id % 2 ? add : swallow, id]));
  assert.deepEqual(new Set(codes(full)), new Set(['storage_full']));
  assert.deepEqual(ids(), [1]);
  assert.equal(database.isTransaction, false);
  database.exec('PRAGMA max_page_count = 1000');
  assert.deepEqual(codes(await run([[add, 2]])), ['ok']);
  assert.deepEqual(ids(), [1, 2]);
});

test('a body that waits for anything but its queries is named and undone; the others go on', async () => {
  const { run, ids } = setUp();
  gate = Promise.withResolvers();
  const outcomes = await run([
    [add, 1],
    [waitForGate, 5],
    [add, 9],
  ]);
  assert.deepEqual(codes(outcomes), ['ok', 'wait-for-gate waited for something other than its queries.', 'ok']);
  gate.resolve();
  await setImmediate();
  assert.deepEqual(ids(), [1, 9]);
});

test('a query that nobody awaited cannot land in the next body', async () => {
  const { run, ids } = setUp();
  assert.deepEqual(
    codes(
      await run([
        [forgetToAwait, 5],
        [add, 6],
      ]),
    ),
    ['ok', 'ok'],
  );
  await late;
  assert.deepEqual(ids(), [6]);
});

test('a body cannot end or change the transaction it is in', async () => {
  const { database, run } = setUp();
  for (const statement of [
    'COMMIT',
    ' rollback',
    'SAVEPOINT x',
    'PRAGMA synchronous = OFF',
    '/* */ COMMIT',
    'ATTACH ? AS x',
  ]) {
    assert.match(codes(await run([[takeOver, statement]]))[0] ?? '', /Only queries run here/);
  }
  assert.equal(database.prepare('PRAGMA synchronous').get()?.synchronous, 2);
});

test('the write lock is taken before the first read: nobody commits in between', async () => {
  const path = scratchFile();
  const { run, ids } = setUp(path);
  const other = new DatabaseSync(path, { timeout: 0 });
  opened.push(other);
  let refused: unknown;
  interfere = () => {
    try {
      other.exec('INSERT INTO t (id) VALUES (100)');
    } catch (error) {
      refused = error;
    }
  };
  assert.deepEqual(codes(await run([[readThenWrite, 1]])), ['ok']);
  assert.match(String(refused), /locked/);
  assert.deepEqual(ids(), [1]);
});
