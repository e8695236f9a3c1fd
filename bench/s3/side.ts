import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { openS3BlobStore } from '#platform/blobs/s3/s3-blob-store.ts';
import { createS3Clients } from '#platform/blobs/s3/s3-client.ts';
import { S3Objects } from '#platform/blobs/s3/s3-objects.ts';

const [side = '', endpoint = '', bucket = '', count = '', accessKeyId = '', secretAccessKey = ''] =
  process.argv.slice(2);
const total = Number(count);
const folder = mkdtempSync(join(tmpdir(), 'proofline-bench-s3-'));
const run = randomBytes(4).toString('hex');
const body = randomBytes(64 * 1024);
const sha256Hex = createHash('sha256').update(body).digest('hex');
const keys = { accessKeyId, secretAccessKey };

const put = await prepared();
for (let i = 0; i < 300; i++) await put(`warm/${run}/${i}`);
const latencies: number[] = [];
let next = 0;
const began = performance.now();
const cpuBefore = process.cpuUsage();
await Promise.all(
  Array.from({ length: 32 }, async () => {
    while (next < total) {
      next += 1;
      const start = performance.now();
      await put(`bench/${run}/${next}`);
      latencies.push(performance.now() - start);
    }
  }),
);
const seconds = (performance.now() - began) / 1000;
const { system, user } = process.cpuUsage(cpuBefore);
latencies.sort((a, b) => a - b);
process.stdout.write(
  JSON.stringify({
    perSecond: total / seconds,
    cpuMicroseconds: (user + system) / total,
    p50: latencies[total >> 1],
    p99: latencies[Math.floor(total * 0.99)],
  }),
);
rmSync(folder, { recursive: true });
process.exit(0);

async function prepared(): Promise<(key: string) => Promise<unknown>> {
  switch (side) {
    case 'http':
      return bareRequest();
    case 'sdk': {
      const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials: keys });
      return (key) => client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, IfNoneMatch: '*' }));
    }
    case 'sdk-required': {
      const { prompt } = clients();
      const checksum = Buffer.from(sha256Hex, 'hex').toString('base64');
      return (key) =>
        prompt.send(
          new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, IfNoneMatch: '*', ChecksumSHA256: checksum }),
        );
    }
    case 'request': {
      const objects = new S3Objects(clients(), bucket);
      const { signal } = new AbortController();
      return (key) => objects.put(key, { body: { bytes: body }, sha256Hex, nonce: run }, signal);
    }
    default: {
      const store = await openS3BlobStore({
        objects: new S3Objects(clients(), bucket),
        prefix: '',
        dataDir: folder,
        stagingQuotaBytes: 2 ** 30,
        maxBodyBytes: 2 ** 28,
      });
      const limits = { maxBytes: 2 ** 28, declaredBytes: body.length };
      return async (key) => store.commit(key, await store.staging.receive(Readable.from([body]), limits));
    }
  }
}

function clients() {
  return createS3Clients({ endpoint, region: 'us-east-1', forcePathStyle: true, keys });
}

function bareRequest(): (key: string) => Promise<unknown> {
  const agent = new Agent({ keepAlive: true });
  return (key) =>
    new Promise((resolve, reject) => {
      const headers = { 'content-length': body.length, 'x-amz-content-sha256': sha256Hex };
      request(`${endpoint}/${bucket}/${key}`, { method: 'PUT', agent, headers }, (response) => {
        response.resume().once('end', resolve);
      })
        .once('error', reject)
        .end(body);
    });
}
