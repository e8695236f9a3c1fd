import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options: { type: 'minor' }) => void;

/** Between two collections. Bytes. */
const collectEvery = 16 * 1024 * 1024;

function findCollector(): Collect {
  setFlagsFromString('--expose-gc');
  // With the flag set, a new context has the function; ours, made before, stays without it.
  const found: unknown = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  // The engine's own function; its options are documented by Node for --expose-gc.
  return typeof found === 'function' ? (found as Collect) : () => undefined;
}

let collect: Collect | undefined;
let passed = 0;

/**
 * Tells of bytes outside the engine's heap that are garbage soon, such as a block handed to a stream. The engine does not count
 * them in time and lets them pile up, 100 MB and more; a collection of the young generation every few megabytes, about a
 * millisecond each, keeps that low and the memory in the cache. For paths that move bulk data, after measuring.
 */
export function passedThrough(bytes: number): void {
  passed += bytes;
  if (passed < collectEvery) return;
  passed = 0;
  collect ??= findCollector();
  collect({ type: 'minor' });
}
