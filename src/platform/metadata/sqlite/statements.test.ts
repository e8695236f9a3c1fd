import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { Statements } from './statements.ts';

function setUp(capacity?: number): Statements {
  const database = new DatabaseSync(':memory:');
  database.exec('CREATE TABLE t (a, b)');
  return new Statements(database, capacity);
}

test('only what SQLite stores is bound', () => {
  const statements = setUp();
  const wrong: unknown[] = [
    undefined,
    true,
    new Date(0),
    {},
    [],
    { a: 1 },
    new Map(),
    Symbol('x'),
    () => 1,
    new DataView(new ArrayBuffer(1)),
  ];
  for (const value of wrong) {
    assert.throws(() => statements.run('INSERT INTO t VALUES (?, ?)', [value, 1]), /Parameter 1 /);
    assert.throws(() => statements.run('INSERT INTO t VALUES (?, ?)', [1, value]), /Parameter 2 /);
  }
  assert.deepEqual(statements.run('SELECT count(*) AS n FROM t', []).rows[0]?.n, 0);
  for (const value of ['a', 1.5, 2n, null, new Uint8Array([1]), Buffer.from('x')]) {
    assert.equal(statements.run('INSERT INTO t VALUES (?, ?)', [value, value]).changes, 1);
  }
});

test('it knows which statements changed something', () => {
  const statements = setUp();
  const wrote = (sql: string) => {
    statements.wrote = false;
    statements.run(sql, []);
    return statements.wrote;
  };
  assert.equal(wrote('SELECT 1'), false);
  assert.equal(wrote('UPDATE t SET a = 1'), false);
  assert.equal(wrote('UPDATE t SET a = 1 RETURNING a'), false);
  assert.equal(wrote('INSERT INTO t VALUES (1, 2)'), true);
  assert.equal(wrote('UPDATE t SET a = 2 RETURNING a'), true);
  assert.equal(wrote('WITH x AS (SELECT 1 AS n) INSERT INTO t SELECT n, n FROM x'), true);
  assert.equal(wrote('DELETE FROM t'), true);
});

test('the least recently used statement makes room', () => {
  const statements = setUp(3);
  for (let n = 0; n < 10; n++) {
    statements.run(`SELECT ${n}`, []);
    statements.run('SELECT 0', []);
    assert.ok(statements.size <= 3);
  }
  assert.equal(statements.run('SELECT 0 AS zero', []).rows[0]?.zero, 0);
});
