import type { ObjectStore } from '#platform/objects/object-store.ts';
import { ServiceObjects } from './keys.ts';
import { compactDay } from './manifests.ts';
import { listServices } from './services.ts';

export interface Compacted {
  /** Days that had entries. */
  days: number;
  /** Entries that are in a manifest now. */
  entries: number;
}

/**
 * Gathers the manifests of all days before `today`, `2026-01-31`. Ends early once it has gathered `enough` entries, where a home gives a
 * job only so much; the next time it goes on from there.
 */
export async function compactPastDays(
  objects: ObjectStore,
  prefix: string,
  { enough = Number.POSITIVE_INFINITY, today }: { today: string; enough?: number },
): Promise<Compacted> {
  const compacted: Compacted = { days: 0, entries: 0 };
  for await (const key of listServices(objects, prefix, {})) {
    const at = new ServiceObjects(prefix, key);
    const { folders } = await objects.level(at.manifests);
    for (const day of folders.flatMap((name) => /^date=(\d{4}-\d\d-\d\d)$/.exec(name)?.[1] ?? [])) {
      if (day >= today) continue;
      compacted.days += 1;
      compacted.entries += await compactDay(objects, at, day);
      if (compacted.entries >= enough) return compacted;
    }
  }
  return compacted;
}
