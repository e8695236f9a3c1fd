import { blobStoreContract, contractLimits } from '../blob-store.contract.ts';
import { createMemoryBlobStore } from './memory-blob-store.ts';

blobStoreContract('memory', async () => ({ store: createMemoryBlobStore(contractLimits) }));
