import { after, describe, test } from 'node:test';
import { objectRunStoreContract } from '#features/lineage/stores/objects/object-run-store.contract.ts';
import { objectStoreContract } from '#platform/objects/object-store.contract.ts';
import { openS3ObjectStore } from '#platform/objects/s3/open-s3-object-store.ts';
import { lacks, missing, type Need } from '../support/needs.ts';
import { startRadosgw } from '../support/services/radosgw.ts';
import { s3Access, type TestS3 } from '../support/services/s3-server.ts';
import { startVersitygw } from '../support/services/versitygw.ts';

const servers: [Need, () => Promise<TestS3>][] = [
  ['radosgw', startRadosgw],
  ['versitygw', startVersitygw],
];

for (const [need, start] of servers) {
  if (missing(need).length > 0) {
    test(`object store contract: ${need}`, (t) => void lacks(t, need));
    continue;
  }
  describe(`on ${need}`, () => {
    let server: Promise<TestS3> | undefined;
    after(async () => (await server)?.stop());

    /** In a bucket of its own, after a short probe. */
    const open = async () => {
      server ??= start();
      const bucket = await (await server).createBucket();
      return await openS3ObjectStore({
        access: s3Access((await server).endpoint),
        bucket,
        prefix: '',
        probe: { writers: 4, keys: 1 },
        log: {
          warn(_, message) {
            throw new Error(message);
          },
        },
      });
    };
    objectStoreContract(need, open);
    objectRunStoreContract(need, open);
  });
}
