import type { ObjectStore } from '#platform/objects/object-store.ts';
import type { LineageDeps } from '../lineage-deps.ts';

export interface CatalogDeps extends Omit<LineageDeps, 'store'> {
  objects: ObjectStore;
  /** Of every key, as the runs' own. */
  prefix: string;
}
