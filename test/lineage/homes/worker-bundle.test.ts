import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bundleWorker } from '../../../scripts/worker/bundle-worker.ts';

test('the Worker is lineage, objects in R2, http and kit, and nothing of Node', async () => {
  const { code, imports, inputs } = await bundleWorker();
  assert.deepEqual(imports, []);
  assert.equal(/\bnode:[a-z]/.test(code), false);
  const allowed = [
    /^src\/kit\//,
    /^src\/http\/(app|caller|check|home|reply|route|status|worker-home|pages\/(moment|palette|tell))\.[tj]s$/,
    /^src\/features\/lineage\//,
    /^src\/platform\/objects\/(object-store\.ts$|r2\/)/,
    // The names, checks and defaults of what is set.
    /^src\/platform\/process\/(setting|startup-error)\.ts$/,
    /^src\/compose\/(cloudflare|worker-log)\.ts$/,
    /^node_modules\/(hono|jose|zod)\//,
    /^(worker-entry\.ts|<stdin>)$/,
  ];
  const others = inputs.filter((path) => !allowed.some((pattern) => pattern.test(path)));
  assert.deepEqual(others, []);
  assert.ok(inputs.includes('src/platform/objects/r2/r2-object-store.ts'));
});

test('the check sees a module of Node', async () => {
  const { imports: found } = await bundleWorker('test/lineage/homes/identity-of-node.ts');
  assert.deepEqual(found, ['node:crypto']);
});
