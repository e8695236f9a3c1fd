import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { compareVersions, isVersion, latestVersion } from './version.ts';

const part = fc.oneof(
  fc.nat({ max: 3 }).map(String),
  fc.constantFrom('10', '99999999999999999998', '99999999999999999999'),
);
const word = fc.oneof(part, fc.constantFrom('alpha', 'beta', 'rc', 'RC', '0a', '-', 'x-1'));
const version = fc.oneof(
  part,
  fc.tuple(part, part, part).map((core) => core.join('.')),
  fc
    .tuple(part, part, part, fc.array(word, { minLength: 1, maxLength: 3 }))
    .map(([a, b, c, pre]) => `${a}.${b}.${c}-${pre.join('.')}`)
    .filter(isVersion),
);

describe('versions', () => {
  test('the order of semver 11, with whole numbers just below their .0.0', () => {
    const ascending = [
      '0',
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-alpha.beta',
      '1.0.0-beta',
      '1.0.0-beta.2',
      '1.0.0-beta.11',
      '1.0.0-rc.1',
      '1',
      '1.0.0',
      '1.0.1',
      '1.2.0',
      '1.10.0',
      '2.0.0-rc.1',
      '2',
      '10',
      '99999999999999999998',
      '99999999999999999999',
    ];
    assert.deepEqual(ascending.toReversed().sort(compareVersions), ascending);
    for (const one of ascending) assert.ok(isVersion(one), one);
  });

  test('what is no version is none', () => {
    for (const text of ['', 'v1', '01', '1.2', '1.2.3.4', '1.02.3', '1.0.0-', '1.0.0-01', '1.0.0-a..b', '1.0.0+build'])
      assert.ok(!isVersion(text), text);
    for (const text of ['1.0.0-a/b', '..', '1\n', ' 1', '-1', '1.0.0-é', '9'.repeat(65)])
      assert.ok(!isVersion(text), text);
    assert.ok(isVersion('9'.repeat(64)));
  });

  test('one order for all: total, and equal only for the same text', () => {
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        assert.equal(Math.sign(compareVersions(a, b)), -Math.sign(compareVersions(b, a)) + 0);
        assert.equal(compareVersions(a, b) === 0, a === b);
        if (compareVersions(a, b) < 0 && compareVersions(b, c) < 0) assert.ok(compareVersions(a, c) < 0);
      }),
      { numRuns: 2000 },
    );
  });

  test('the latest is the highest release, in whatever order they came; a pre-release only where there is no release', () => {
    assert.equal(latestVersion([]), undefined);
    assert.equal(latestVersion(['2.0.0-rc.1', '1.10.0', '1.9.0']), '1.10.0');
    assert.equal(latestVersion(['2.0.0-rc.1', '2.0.0-rc.2', '1.0.0-x']), '2.0.0-rc.2');
    assert.equal(latestVersion(['9', '10', '8']), '10');
    fc.assert(
      fc.property(fc.uniqueArray(version, { minLength: 1 }), (versions) => {
        const latest = latestVersion(versions);
        assert.equal(latestVersion(versions.toReversed()), latest);
        const releases = versions.filter((one) => !one.includes('-'));
        const among = releases.length === 0 ? versions : releases;
        assert.ok(latest !== undefined && among.includes(latest));
        for (const other of among) assert.ok(compareVersions(other, latest) <= 0);
      }),
    );
  });
});
