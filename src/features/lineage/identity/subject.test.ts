import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { subjectOf } from './subject.ts';

test('a subject is what it is called, where a log can show that', async () => {
  assert.equal(await subjectOf('github', 'Acme/shop.api'), 'github:Acme/shop.api');
  assert.equal(await subjectOf('access', 'jö+ci@example.org'), 'access:jö+ci@example.org');
});

test('a subject is always short, in one line, and the same for the same name alone', async () => {
  const name = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 400 }),
    fc.string({ unit: fc.constantFrom('a', ' ', '\n', '_'), maxLength: 6 }),
  );
  await fc.assert(
    fc.asyncProperty(name, name, async (a, b) => {
      const [one, other] = [await subjectOf('issuer', a), await subjectOf('issuer', b)];
      assert.ok(one.length <= 'issuer:'.length + 160, one);
      assert.match(one, /^[^\s\p{C}]+$/u);
      assert.equal(await subjectOf('issuer', a), one);
      assert.equal(one === other, a === b);
    }),
    { numRuns: 1000 },
  );
});
