import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MemoryObjectStore } from '#platform/objects/memory/memory-object-store.ts';
import { cutOff } from '#platform/objects/testing/cut-off.ts';
import { VersionedDocuments } from './versioned-documents.ts';

const at = '2026-01-02T03:04:05.678Z';
const bytesOf = (text: string) => new TextEncoder().encode(text);
const v1 = { id: 'retention', version: '1' };

describe('documents in versions', () => {
  test('of those who race for one version with different bytes one creates it', async () => {
    const documents = new VersionedDocuments(new MemoryObjectStore(), 'strict', 'policies');
    const puts = await Promise.all(Array.from({ length: 24 }, (_, i) => documents.put(v1, bytesOf(String(i)), at)));
    const winner = puts.findIndex(({ outcome }) => outcome === 'created');
    assert.equal(puts.filter(({ outcome }) => outcome === 'created').length, 1);
    assert.equal(puts.filter(({ outcome }) => outcome === 'conflict').length, 23);
    assert.deepEqual((await documents.read(v1))?.payload, bytesOf(String(winner)));
  });

  test('of those who race with the same bytes one creates, the others replay', async () => {
    const documents = new VersionedDocuments(new MemoryObjectStore(), 'strict', 'policies');
    const puts = await Promise.all(
      Array.from({ length: 24 }, (_, i) => documents.put(v1, bytesOf('{}'), `2026-01-02T00:00:00.0${10 + i}Z`)),
    );
    assert.equal(puts.filter(({ outcome }) => outcome === 'created').length, 1);
    assert.equal(puts.filter(({ outcome }) => outcome === 'replayed').length, 23);
    assert.equal(new Set(puts.map(({ kept }) => kept.seal.received_at)).size, 1);
  });

  for (const when of ['before', 'after'] as const)
    test(`cut off ${when} its one write, a put is there whole or not at all, and the same put again finishes it`, async () => {
      const objects = new MemoryObjectStore();
      await assert.rejects(
        new VersionedDocuments(cutOff(objects, 1, when), 'strict', 'flows').put(v1, bytesOf('{}'), at),
      );
      const documents = new VersionedDocuments(objects, 'strict', 'flows');
      const isThere = (await documents.read(v1)) !== undefined;
      assert.equal(isThere, when === 'after');
      assert.equal((await documents.versions('retention', { limit: 9 })) !== undefined, isThere);
      const put = await documents.put(v1, bytesOf('{}'), at);
      assert.equal(put.outcome, isThere ? 'replayed' : 'created');
      assert.equal(await documents.latest('retention'), '1');
    });

  test('kinds and ids are apart; pages of ids and versions meet without gap or double', async () => {
    const objects = new MemoryObjectStore();
    const policies = new VersionedDocuments(objects, 'strict', 'policies');
    const flows = new VersionedDocuments(objects, 'strict', 'flows');
    const ids = ['a', 'a-b', 'a.b', 'a0', 'a_b', 'b'];
    for (const id of ids)
      for (const version of ['2.0.0-rc.1', '1', '1.2.0', '1.10.0'])
        await policies.put({ id, version }, bytesOf('{}'), at);
    assert.deepEqual(await flows.list({ limit: 9 }), { items: [] });
    assert.equal(await policies.versions('a-', { limit: 9 }), undefined);
    for (let limit = 1; limit <= 7; limit++) {
      const seen: string[] = [];
      for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
        const page = await policies.list({ limit, cursor });
        assert.ok(page.items.length <= limit && seen.length <= ids.length);
        for (const { id, version } of page.items) {
          seen.push(id);
          assert.equal(version, '1.10.0');
        }
        cursor = page.next_cursor;
      }
      assert.deepEqual(seen, ids);
      const versions: string[] = [];
      for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
        const page = await policies.versions('a', { limit, cursor });
        assert.equal(page?.latest, '1.10.0');
        assert.ok(page.items.length <= limit && versions.length <= 4);
        versions.push(...page.items);
        cursor = page.next_cursor;
      }
      assert.deepEqual(versions, ['2.0.0-rc.1', '1.10.0', '1.2.0', '1']);
    }
  });
});
