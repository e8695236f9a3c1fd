import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isObjectKey } from '#platform/objects/object-store.ts';
import { type DeploymentEntry, DeploymentObjects, deploymentOfEntry, isDocumentId } from './catalog-keys.ts';

const name = fc.stringMatching(/^[a-z0-9](?:-?[a-z0-9]){0,31}$/);
const entry: fc.Arbitrary<DeploymentEntry> = fc.record(
  {
    deployment_id: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/),
    received_at: fc
      .date({ min: new Date('2020-01-01'), max: new Date('2099-12-31'), noInvalidDate: true })
      .map((date) => date.toISOString()),
    organization: name,
    project: name,
    service: name,
    environment: name,
    flow: fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,63}$/),
  },
  {
    requiredKeys: ['deployment_id', 'received_at', 'organization', 'project', 'service', 'environment'],
    noNullPrototype: true,
  },
);

describe('the keys of the catalogue', () => {
  test('an entry says in every index all that its listing needs, in a key that any store takes', () => {
    const at = new DeploymentObjects('a-prefix/of-some/length');
    fc.assert(
      fc.property(entry, (one) => {
        const keys = at.entries(one);
        assert.equal(keys.length, one.flow === undefined ? 2 : 3);
        for (const key of keys) {
          assert.ok(isObjectKey(key), key);
          assert.deepEqual(deploymentOfEntry(key), one);
        }
        const day = one.received_at.slice(0, 10);
        assert.ok(keys[0]?.startsWith(at.day(at.index({}), day)));
        const { organization, project, service } = one;
        assert.ok(keys[1]?.startsWith(at.day(at.index({ organization, project, service }), day)));
        if (one.flow !== undefined) assert.ok(keys[2]?.startsWith(at.day(at.index({ flow: one.flow }), day)));
      }),
    );
  });

  test('the longest names fit', () => {
    const long = 'x'.repeat(64);
    const keys = new DeploymentObjects('p'.repeat(200)).entries({
      deployment_id: 'y'.repeat(128),
      received_at: '2026-01-02T03:04:05.678901Z',
      organization: long,
      project: long,
      service: long,
      environment: long,
      flow: long,
    });
    assert.deepEqual(keys.filter(isObjectKey), keys);
  });

  test('ids of documents differ by more than case, and cannot leave their folder', () => {
    for (const id of ['a', '0', 'a.b_c-d', 'x'.repeat(64)]) assert.ok(isDocumentId(id), id);
    for (const id of ['', 'A', '.', '..', '-a', 'a/b', 'a~b', 'a b', 'é', 'x'.repeat(65)])
      assert.ok(!isDocumentId(id), id);
  });
});
