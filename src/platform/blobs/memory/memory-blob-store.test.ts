import { blobStoreContract } from '../blob-store.contract.ts';
import { contractLimits } from '../contract-bodies.ts';
import { createMemoryBlobStore } from './memory-blob-store.ts';

blobStoreContract('memory', async () => ({ store: createMemoryBlobStore(contractLimits) }));
