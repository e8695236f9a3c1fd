import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { blobStoreContract } from '../blob-store.contract.ts';
import { contractLimits } from '../contract-bodies.ts';
import { openLocalBlobStore } from './local-blob-store.ts';

blobStoreContract('local disk', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'proofline-blobs-'));
  const store = await openLocalBlobStore({ dataDir, ...contractLimits });
  return { store, done: () => rm(dataDir, { recursive: true }) };
});
