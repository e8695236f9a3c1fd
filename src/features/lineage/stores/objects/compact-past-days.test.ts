import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryObjectStore } from '#platform/objects/memory/memory-object-store.ts';
import { run } from '../run-store.contract.ts';
import { compactPastDays } from './compact-past-days.ts';
import { ObjectRunStore } from './object-run-store.ts';

test('days that are over are gathered, as many at a time as is enough', async () => {
  const objects = new MemoryObjectStore();
  const runs = new ObjectRunStore(objects, 'strict');
  for (const [i, day] of ['2026-01-01', '2026-01-02', '2026-01-03'].entries())
    for (const service of ['api', 'web']) await runs.put({ ...run(`r${i}`), service }, `${day}T12:00:00.000Z`);
  const until = { today: '2026-01-03' };
  assert.deepEqual(await compactPastDays(objects, 'strict', { ...until, enough: 1 }), { days: 1, entries: 1 });
  assert.deepEqual(await compactPastDays(objects, 'strict', until), { days: 3, entries: 3 });
  assert.deepEqual(await compactPastDays(objects, 'strict', until), { days: 0, entries: 0 });
  const key = { organization: 'acme', project: 'shop', service: 'web' };
  assert.deepEqual((await objects.level('strict/v1/org=acme/project=shop/service=web/manifests/')).folders, [
    'date=2026-01-03',
  ]);
  assert.equal((await runs.days(key)).length, 3);
});
