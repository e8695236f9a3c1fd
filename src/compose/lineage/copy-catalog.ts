import type { ObjectStore } from '#platform/objects/object-store.ts';
import type { Log } from '#platform/process/log.ts';

/**
 * Policies, flows and deployments of the folder to the bucket: each is one object that never changes, so creating it again harms nothing and
 * nothing has to be remembered but what needs no second look. Where the bucket is away it throws, and the next turn goes on.
 */
export function catalogCopier(folder: ObjectStore, bucket: ObjectStore, log: Log): () => Promise<void> {
  const copied = new Set<string>();
  return async () => {
    for await (const { key } of folder.list('')) {
      if (copied.has(key)) continue;
      const found = await folder.read(key);
      if (found === undefined) continue;
      if ((await bucket.create(key, found.bytes, await sha256Hex(found.bytes))) === 'different')
        log.error(
          {},
          'the bucket has another policy, flow or deployment under a name of this folder; it was left there',
        );
      copied.add(key);
    }
  };
}

async function sha256Hex(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('hex');
}
