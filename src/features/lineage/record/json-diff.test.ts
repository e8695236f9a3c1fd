import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { applyChanges } from '../../../../test/support/apply-changes.ts';
import { parseExact } from './exact-json.ts';
import { diffJson } from './json-diff.ts';

/** Values in which the same few names come again and again, so that much of two of them is alike. */
const values = fc.letrec<{ value: unknown; named: unknown }>((tie) => ({
  named: fc.record(
    {
      name: fc.constantFrom('a', 'b', 'c', 'd'),
      id: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom('0', '1')),
      more: tie('value'),
    },
    { requiredKeys: ['name'] },
  ),
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom(null, true, false, '', 'a', 'b', '__proto__'),
    fc.integer({ min: 0, max: 3 }),
    fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 5 }),
    fc.array(tie('named'), { maxLength: 5 }),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'name', 'id', '__proto__', 'constructor'), tie('value'), { maxKeys: 4 }),
  ),
})).value;
const json = fc.oneof(values, fc.jsonValue()).map((value) => JSON.parse(JSON.stringify(value)) as unknown);

/** Members in one order, so that the text of two values says whether they are the same. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner) && Object.getPrototypeOf(inner) !== null
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

test('the changes, applied, make the other value; also when they travelled as JSON', () => {
  fc.assert(
    fc.property(json, json, (before, after) => {
      const changes = diffJson(before, after);
      assert.equal(canonical(applyChanges(before, changes)), canonical(after));
      const travelled = JSON.parse(JSON.stringify(changes));
      assert.equal(canonical(applyChanges(before, travelled)), canonical(after));
    }),
    { numRuns: 3000 },
  );
});

test('there are changes exactly where the values differ', () => {
  fc.assert(
    fc.property(json, json, (before, after) => {
      assert.deepEqual(diffJson(before, JSON.parse(canonical(before))), []);
      assert.equal(diffJson(before, after).length === 0, canonical(before) === canonical(after));
    }),
    { numRuns: 2000 },
  );
});

test('elements are compared with their namesake, wherever it stands', () => {
  const before = {
    models: [
      { name: 'orders', columns: [{ name: 'id', type: 'int' }] },
      { name: 'users', rows: 1 },
    ],
  };
  const after = {
    models: [{ name: 'carts' }, { name: 'orders', columns: [{ name: 'id', type: 'bigint' }, { name: 'at' }] }],
  };
  assert.deepEqual(diffJson(before, after), [
    {
      op: 'replace',
      path: ['models', { name: 'orders' }, 'columns', { name: 'id' }, 'type'],
      before: 'int',
      after: 'bigint',
    },
    { op: 'add', path: ['models', { name: 'orders' }, 'columns', { name: 'at' }], after: { name: 'at' } },
    { op: 'remove', path: ['models', { name: 'users' }], before: { name: 'users', rows: 1 } },
    { op: 'add', path: ['models', { name: 'carts' }], after: { name: 'carts' } },
    { op: 'order', path: ['models'], by: 'name', after: ['carts', 'orders'] },
  ]);
});

test('two elements of one name are told apart by their place', () => {
  const twice = [{ name: 'a' }, { name: 'a' }];
  assert.deepEqual(diffJson(twice, [{ name: 'a' }]), [{ op: 'remove', path: [1], before: { name: 'a' } }]);
});

test('numbers that a double would make equal are different, and the same number in two spellings is not', () => {
  const diff = (a: string, b: string) => JSON.stringify(diffJson(parseExact(a), parseExact(b)));
  assert.equal(
    diff('{"n":12345678901234567890}', '{"n":12345678901234567891}'),
    '[{"op":"replace","path":["n"],"before":12345678901234567890,"after":12345678901234567891}]',
  );
  for (const [a, b] of [
    ['1.0', '1'],
    ['1e2', '100'],
    ['-0', '0'],
    ['0.30000000000000004', '0.30000000000000004'],
    ['12345678901234567890', '12345678901234567890'],
  ] as const)
    assert.equal(diff(a, b), '[]', `${a} ${b}`);
  for (const [a, b] of [
    ['1e999', '1e998'],
    ['1e-999', '0'],
    ['9007199254740993', '9007199254740992'],
    ['0.1', '0.10000000000000001'],
  ] as const)
    assert.notEqual(diff(a, b), '[]', `${a} ${b}`);
});

test('changes of another value are refused', () => {
  for (const change of [
    { op: 'remove', path: [3], before: 1 },
    { op: 'replace', path: ['x', 'y'], before: 1, after: 2 },
    { op: 'add', path: [], after: 2 },
    { op: 'order', path: [], by: 'name', after: ['a'] },
  ] as const)
    assert.throws(() => applyChanges([1], [change]), RangeError);
});
