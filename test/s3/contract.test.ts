import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { blobStoreContract } from '#platform/blobs/blob-store.contract.ts';
import { contractLimits, type OpenForContract } from '#platform/blobs/contract-bodies.ts';
import { openS3BlobStore } from '#platform/blobs/s3/s3-blob-store.ts';
import { createS3Clients } from '#platform/blobs/s3/s3-client.ts';
import { S3Objects } from '#platform/blobs/s3/s3-objects.ts';
import { lacks, missing, type Need } from '../support/needs.ts';
import { startRadosgw } from '../support/services/radosgw.ts';
import type { TestS3 } from '../support/services/s3-server.ts';
import { startVersitygw } from '../support/services/versitygw.ts';

const servers: [Need, () => Promise<TestS3>][] = [
  ['radosgw', startRadosgw],
  ['versitygw', startVersitygw],
];

for (const [need, start] of servers) {
  if (missing(need).length > 0) {
    test(`blob store contract: ${need}`, (t) => void lacks(t, need));
    continue;
  }
  describe(`on ${need}`, () => {
    let server: Promise<TestS3> | undefined;
    after(async () => (await server)?.stop());

    const open: OpenForContract = async () => {
      server ??= start();
      const { accessKey, createBucket, endpoint, secretKey } = await server;
      const clients = createS3Clients({
        endpoint,
        region: 'us-east-1',
        forcePathStyle: true,
        keys: { accessKeyId: accessKey, secretAccessKey: secretKey },
      });
      const dataDir = await mkdtemp(join(tmpdir(), 'proofline-s3-'));
      const objects = new S3Objects(clients, await createBucket());
      const store = await openS3BlobStore({ objects, prefix: 'some/prefix', dataDir, ...contractLimits });
      return { store, done: () => rm(dataDir, { recursive: true }) };
    };
    blobStoreContract(need, open);
  });
}
