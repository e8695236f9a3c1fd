import assert from 'node:assert/strict';
import type { ObjectStore } from '#platform/objects/object-store.ts';
import { sha256Hex } from '../../record/seal-run.ts';
import { runStoreContract } from '../run-store.contract.ts';
import { ServiceObjects } from './keys.ts';
import { ObjectRunStore } from './object-run-store.ts';

/** What a store of runs does on one kind of object store; `open` gives an empty one. */
export function objectRunStoreContract(name: string, open: () => Promise<ObjectStore>): void {
  runStoreContract(name, async () => {
    const objects = await open();
    const store = new ObjectRunStore(objects, 'strict');
    return {
      store,
      async damage(of, runId) {
        const kept = await store.read(of, runId);
        assert.ok(kept);
        const key = new ServiceObjects('strict', of).payload(kept.line);
        const { payload } = kept;
        payload[payload.length >> 1] = (payload[payload.length >> 1] ?? 0) ^ 1;
        await objects.remove(key);
        assert.equal(await objects.create(key, payload, await sha256Hex(payload)), 'created');
      },
      async forgetManifests(of) {
        const { latest, manifests } = new ServiceObjects('strict', of);
        for await (const object of objects.list(manifests)) await objects.remove(object.key);
        await objects.remove(latest);
      },
      close: () => store.close(),
    };
  });
}
