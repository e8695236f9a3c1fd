import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceObjects } from '#features/lineage/stores/objects/keys.ts';
import { ObjectRunStore } from '#features/lineage/stores/objects/object-run-store.ts';
import { run } from '#features/lineage/stores/run-store.contract.ts';
import { R2ObjectStore } from '#platform/objects/r2/r2-object-store.ts';
import { workerd } from './homes.ts';

const key = { organization: 'acme', project: 'shop', service: 'api' };
const at = new ServiceObjects('strict', key);

test('the scheduled job of the Worker gathers the days that are over, and leaves the others', async (t) => {
  const home = await workerd({});
  t.after(() => home.close());
  const objects = new R2ObjectStore(home.bucket);
  const runs = new ObjectRunStore(objects, 'strict');
  const today = new Date().toISOString();
  // Midnight during the test would make today a day that is over.
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
  for (let i = 0; i < 5; i++) {
    await runs.put(run(`a${i}`), `2026-01-02T12:00:00.00${i}Z`);
    await runs.put({ ...run(`b${i}`), service: 'web' }, `2026-01-03T12:00:00.00${i}Z`);
  }
  await runs.put(run('now'), today);
  await runs.put(run('next'), tomorrow);
  const before = [await runs.day(key, { day: '2026-01-02' }), await runs.latest(key)];

  assert.equal(await home.runJob(), 'ok');
  const { folders, objects: files } = await objects.level(at.manifests);
  assert.ok(folders.includes(`date=${tomorrow.slice(0, 10)}`));
  assert.ok(!folders.includes('date=2026-01-02'));
  assert.ok(files.includes('date=2026-01-02.jsonl'));
  assert.deepEqual([await runs.day(key, { day: '2026-01-02' }), await runs.latest(key)], before);
  const said = home.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.equal(said.find(({ msg }) => msg === 'manifests gathered')?.entries, 10);
});
