import { Problem } from '#kit/errors.ts';
import type { ObjectStore } from '#platform/objects/object-store.ts';
import type { Log } from '#platform/process/log.ts';

/** Between two attempts to open it. Milliseconds. */
const pauseMs = 10_000;

/**
 * A store that is opened when it is first used, and again while that fails: whoever only copies to it starts without it. Until then
 * everything it is asked fails with storage_unavailable, and the log says why.
 */
export function deferredObjects(open: () => Promise<ObjectStore>, log: Log): ObjectStore {
  let opening: Promise<ObjectStore> | undefined;
  let failedAt = Number.NEGATIVE_INFINITY;
  let closed = false;
  const store = async (): Promise<ObjectStore> => {
    if (closed || performance.now() - failedAt < pauseMs) throw new Problem('storage_unavailable');
    opening ??= open();
    try {
      return await opening;
    } catch (cause) {
      if (opening !== undefined) log.error({ err: cause }, 'the bucket that runs are copied to cannot be opened');
      opening = undefined;
      failedAt = performance.now();
      throw new Problem('storage_unavailable', { cause });
    }
  };
  return {
    create: async (...given) => await (await store()).create(...given),
    read: async (...given) => await (await store()).read(...given),
    replace: async (...given) => await (await store()).replace(...given),
    async *list(...given) {
      yield* (await store()).list(...given);
    },
    level: async (...given) => await (await store()).level(...given),
    remove: async (...given) => await (await store()).remove(...given),
    health: async () =>
      await store()
        .then((opened) => opened.health())
        .catch(() => 'unavailable' as const),
    async close() {
      closed = true;
      await opening?.then((opened) => opened.close()).catch(() => undefined); // what never opened needs no closing
    },
  };
}
