import { Miniflare } from 'miniflare';
import type { R2Bucket } from '#platform/objects/r2/r2-bucket.ts';

export interface R2Buckets {
  /** An empty one. */
  next(): Promise<R2Bucket>;
  close(): Promise<void>;
}

/** R2 as workerd has it, reached through its bindings from Node. */
export function startR2(count: number): R2Buckets {
  const names = Array.from({ length: count }, (_, i) => `BUCKET_${i}`);
  const runtime = new Miniflare({
    modules: true,
    script: 'export default {}',
    r2Buckets: names,
    compatibilityDate: '2026-07-01',
    cf: false,
    telemetry: { enabled: false },
  });
  let used = 0;
  return {
    async next() {
      const name = names[used];
      used += 1;
      if (name === undefined) throw new Error('no bucket is left');
      // Its types are those of workers-types, which is not installed; the port names what is used of them.
      return (await runtime.getR2Bucket(name)) as unknown as R2Bucket;
    },
    close: () => runtime.dispose(),
  };
}
