import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isObjectKey } from '#platform/objects/object-store.ts';
import { lineOfEntry, ServiceObjects } from '../stores/objects/keys.ts';
import { isRunId, normalName } from './names.ts';
import { impacts } from './run-line.ts';

test('a name in its normal form stays as it is, and is one segment of a path', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 80, unit: 'binary' }), (given) => {
      const name = normalName(given);
      if (name === undefined) return;
      assert.match(name, /^[a-z0-9]+(-[a-z0-9]+)*$/);
      assert.ok(name.length <= 64);
      assert.equal(normalName(name), name);
    }),
  );
});

test('spellings of one name meet, and names without a letter or digit are none', () => {
  for (const [given, expected] of [
    ['Acme Corp.', 'acme-corp'],
    ['--Acme__Corp--', 'acme-corp'],
    ['../../etc/passwd', 'etc-passwd'],
    ['a\0b', 'a-b'],
    ['A', 'a'],
    ['x'.repeat(64), 'x'.repeat(64)],
    ['x'.repeat(65), undefined],
    ['..', undefined],
    ['', undefined],
    ['日本', undefined],
  ] as const)
    assert.equal(normalName(given), expected, given);
});

test('a run id is one safe name, and none that stands beside the runs', () => {
  for (const good of ['1', 'a', '8841-1', 'run_01h', 'A.b-c_d', 'x'.repeat(128)]) assert.ok(isRunId(good), good);
  for (const bad of [
    '',
    '.',
    '..',
    '.a',
    '-a',
    'a/b',
    'a b',
    'a\0',
    'a:b',
    'ä',
    'x'.repeat(129),
    'manifests',
    'Latest.json',
  ])
    assert.ok(!isRunId(bad), bad);
});

test('every run has keys that a store takes, and its entry says what the line says', () => {
  const name = fc.stringMatching(/^[a-z0-9]{1,32}(-[a-z0-9]{1,31})?$/);
  const line = fc.record(
    {
      run_id: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/).filter(isRunId),
      received_at: fc
        .date({ min: new Date('2020-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
        .map((date) => date.toISOString()),
      sha256: fc.stringMatching(/^[0-9a-f]{64}$/),
      bytes: fc.nat(10_485_760),
      impact: fc.constantFrom(...impacts),
      commit_sha: fc.stringMatching(/^[A-Za-z0-9._-]{1,64}$/),
    },
    { requiredKeys: ['run_id', 'received_at', 'sha256', 'bytes', 'impact'], noNullPrototype: true },
  );
  fc.assert(
    fc.property(name, name, name, line, (organization, project, service, one) => {
      const at = new ServiceObjects('strict', { organization, project, service });
      for (const key of [at.claim(one.run_id), at.payload(one), at.entry(one), at.latest])
        assert.ok(isObjectKey(key), key);
      assert.deepEqual(lineOfEntry(at.entry(one)), one);
      assert.ok(at.entry(one) > at.before(one));
    }),
  );
});
