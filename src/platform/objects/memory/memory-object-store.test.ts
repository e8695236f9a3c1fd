import { objectStoreContract } from '../object-store.contract.ts';
import { MemoryObjectStore } from './memory-object-store.ts';

objectStoreContract('memory', async () => new MemoryObjectStore());
