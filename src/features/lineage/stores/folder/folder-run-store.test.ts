import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runStoreContract } from '../run-store.contract.ts';
import { openFolderRunStore } from './open-folder-run-store.ts';
import { ServiceFolder } from './service-folder.ts';

const log = { warn: () => undefined, error: () => undefined };

runStoreContract('a folder', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'proofline-runs-'));
  const store = await openFolderRunStore({ dataDir, log });
  return {
    store,
    async damage(key, runId) {
      const path = join(dataDir, new ServiceFolder(dataDir, key).payload(runId));
      const bytes = readFileSync(path);
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
      writeFileSync(path, bytes);
    },
    async forgetManifests(key) {
      const { latest, manifests } = new ServiceFolder(dataDir, key);
      rmSync(manifests, { recursive: true });
      rmSync(latest, { force: true });
    },
    async close() {
      await store.close();
      rmSync(dataDir, { recursive: true });
    },
  };
});
