import { IndexedRunStore, type Mended, type ServiceKey } from '#features/lineage/index.ts';
import type { Log } from '#platform/process/log.ts';
import type { Config } from '../config.ts';
import { openIndex } from './open-index.ts';
import { openLineageStore } from './open-lineage-store.ts';

/**
 * Makes manifests and index say what the records say, service by service. Changes no record. Throws StartupError, also where another
 * process has the folder.
 */
export async function* mendLineage(config: Config, log: Log): AsyncGenerator<Mended & { key: ServiceKey }> {
  const store = await openLineageStore(config, log);
  try {
    const index = await openIndex(config, log);
    try {
      for await (const key of store.runs.services()) yield { key, ...(await store.runs.mend(key)) };
      for (const { work } of store.chores) await work();
      if (index === undefined) return;
      const indexed = new IndexedRunStore(store.runs, index.days, log);
      for await (const key of store.runs.services())
        for (const day of await store.runs.days(key)) await indexed.refill(key, day);
    } finally {
      await index?.close();
    }
  } finally {
    await store.close();
  }
}
