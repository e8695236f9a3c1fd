import { Problem } from '#kit/errors.ts';
import type { ObjectStore } from '../object-store.ts';

/** Passes requests that write on until the given one, which is lost before or after it was carried out. */
export function cutOff(objects: ObjectStore, step: number, when: 'before' | 'after'): ObjectStore {
  let writes = 0;
  const through = async <T>(send: () => Promise<T>): Promise<T> => {
    writes += 1;
    if (writes > step || (writes === step && when === 'before')) throw new Problem('storage_unavailable');
    const result = await send();
    if (writes === step) throw new Problem('storage_unavailable');
    return result;
  };
  return {
    create: (...given) => through(() => objects.create(...given)),
    replace: (...given) => through(() => objects.replace(...given)),
    remove: (...given) => through(() => objects.remove(...given)),
    read: (...given) => objects.read(...given),
    list: (...given) => objects.list(...given),
    level: (...given) => objects.level(...given),
    health: () => objects.health(),
    close: () => objects.close(),
  };
}
