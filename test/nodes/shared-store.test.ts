import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { type Answer, type Api, api, openIncident, openStream, signIn } from '../support/api.ts';
import { chunkBytes, listRows, type SentChunk, sendChunk } from '../support/ledger.ts';
import { lacks, missing } from '../support/needs.ts';
import { createAccount, scratchFolder, startServer, type TestServer } from '../support/server.ts';
import { startPostgres, type TestPostgres } from '../support/services/postgres.ts';
import { startRadosgw } from '../support/services/radosgw.ts';
import { startRedis, type TestRedis } from '../support/services/redis.ts';
import { s3Environment, type TestS3 } from '../support/services/s3-server.ts';
import { startVersitygw } from '../support/services/versitygw.ts';

/** Two nodes on one PostgreSQL, one bucket and one Valkey, which is flushed, and whose leases end while their holder is frozen. */
const anyS3 = missing('versitygw').length === 0 ? 'versitygw' : 'radosgw';
const needed = ['postgres', 'valkey', anyS3] as const;

test('two nodes need something to share', (t) => {
  if (lacks(t, ...needed)) return;
  assert.deepEqual(missing(...needed), []);
});

describe('two nodes on one store', { skip: missing(...needed).length > 0 }, () => {
  const folder = scratchFolder('shared-store');
  let postgres: TestPostgres;
  let s3: TestS3;
  let redis: TestRedis;
  let env: Record<string, string>;
  const nodes: TestServer[] = [];
  let token = '';

  before(async () => {
    [postgres, s3, redis] = await Promise.all([
      startPostgres(),
      anyS3 === 'versitygw' ? startVersitygw() : startRadosgw(),
      startRedis(),
    ]);
    env = {
      SAFE_METADATA_BACKEND: 'postgresql',
      SAFE_POSTGRES_DSN: await postgres.createDatabase(),
      ...s3Environment(s3, await s3.createBucket()),
      SAFE_COORDINATION_BACKEND: 'valkey',
      REDIS_URL: redis.url,
      SAFE_UPLOAD_COORDINATION_LEASE_TTL: '1s',
      SAFE_DELETION_WORKER_INTERVAL: '200ms',
    };
    await createAccount(join(folder.path, 'first'), 'ada', 'admin', env);
  });
  after(async () => {
    for (const server of nodes) server.process.kill('SIGKILL');
    await Promise.all([postgres.stop(), s3.stop(), redis.stop()]);
    folder.remove();
  });

  /** A node of its own; with a failpoint it freezes there. */
  async function node(frozenAt?: string): Promise<{ server: TestServer; ada: Api }> {
    const dataDir = join(folder.path, `node-${nodes.length}`);
    const failpoint = frozenAt === undefined ? {} : { PROOFLINE_FAILPOINT: `${frozenAt}:SIGSTOP` };
    const server = await startServer({ dataDir, env: { ...env, ...failpoint } });
    nodes.push(server);
    if (token === '') token = (await signIn(server.url, 'ada')).token;
    return { server, ada: api(server.url, token) };
  }

  async function aChunk(ada: Api, changes: Partial<SentChunk> = {}): Promise<SentChunk> {
    const incidentId = changes.incidentId ?? (await openIncident(ada));
    const streamId = changes.streamId ?? (await openStream(ada, incidentId));
    return { incidentId, streamId, index: 1, size: 30_000, key: `key-of-${incidentId}`, ...changes };
  }

  /** The same bytes under another idempotency key. */
  const underKey = (ada: Api, chunk: SentChunk, key: string): Promise<Answer> =>
    ada.putChunk(chunk.incidentId, chunk.streamId, chunk.index, chunkBytes(chunk), {
      key,
      startedAt: '2026-01-01T00:00:00.000Z',
      endedAt: '2026-01-01T00:00:02.000Z',
    });

  /** One row, and a bundle that can be made of it: the bytes are there and are those. */
  async function assertWhole(ada: Api, chunk: SentChunk): Promise<void> {
    assert.equal((await listRows(ada, chunk.incidentId)).length, 1);
    const stream = `/v1/incidents/${chunk.incidentId}/streams/${chunk.streamId}`;
    assert.equal((await ada.call('POST', `${stream}/complete`, { expected_chunk_count: 1 })).status, 200);
    const response = await fetch(`${ada.url}${stream}/download`, { headers: { authorization: `Bearer ${ada.token}` } });
    const bundle = Buffer.from(await response.arrayBuffer());
    assert.equal(response.status, 200);
    assert.ok(bundle.includes(chunkBytes(chunk)), 'the very bytes');
  }

  test('of many writers on both one creates, also while Valkey is flushed', async () => {
    const [a, b] = [await node(), await node()];
    const states = { created: 0, replayed: 0, refused: 0 };
    for (let round = 0; round < 25; round++) {
      const chunk = await aChunk(a.ada);
      const sending = Array.from({ length: 8 }, (_, n) => {
        const { ada } = n % 2 === 0 ? a : b;
        return n < 4 ? underKey(ada, chunk, chunk.key) : underKey(ada, chunk, `${chunk.key}-${n}`);
      });
      if (round % 2 === 0) await redis.flush();
      const statuses = (await Promise.all(sending)).map(({ status }) => status);
      assert.ok(
        statuses.every((status) => [200, 201, 409].includes(status)),
        statuses.join(),
      );
      assert.equal(statuses.filter((status) => status === 201).length <= 1, true, statuses.join());
      states.created += statuses.filter((status) => status === 201).length;
      states.replayed += statuses.filter((status) => status === 200).length;
      states.refused += statuses.filter((status) => status === 409).length;
      // Two who were in each other's way both gave way: the retry creates it.
      const again = await underKey(b.ada, chunk, chunk.key);
      assert.ok(again.status === 201 || again.status === 200 || again.status === 409, String(again.status));
      await assertWhole(round % 3 === 0 ? a.ada : b.ada, chunk);
    }
    assert.ok(states.created > 0 && states.refused > 0, JSON.stringify(states));
    for (const { server } of [a, b]) assert.equal(await server.stop(), 0, server.log());
  });

  test('a node frozen between its bytes and its row, past the end of its lease, doubles and loses nothing', async () => {
    for (const sameKey of [true, false]) {
      const [a, b] = [await node('after-blob-commit:1'), await node()];
      const chunk = await aChunk(b.ada);
      const frozen = sendChunk(a.ada, chunk);
      await frozenNow(a.server);
      const key = sameKey ? chunk.key : `${chunk.key}-another`;
      const early = await underKey(b.ada, chunk, key);
      assert.deepEqual([early.status, early.body.error?.code], [409, 'upload_in_progress']);
      const accepted = await until(async () => {
        const answer = await underKey(b.ada, chunk, key);
        return answer.body.error?.code === 'upload_in_progress' ? undefined : answer;
      });
      assert.equal(accepted.status, 201, 'the lease ended, the bytes were adopted');
      a.server.process.kill('SIGCONT');
      const late = await frozen;
      assert.equal(late?.status, sameKey ? 200 : 409);
      if (sameKey) assert.deepEqual(late?.body, accepted.body);
      await assertWhole(b.ada, chunk);
      for (const { server } of [a, b]) assert.equal(await server.stop(), 0, server.log());
    }
  });

  test('a thawed node that is refused leaves the bytes to the one that adopted them and has no row yet', async () => {
    const [a, b] = [await node('after-blob-commit:1'), await node('after-blob-commit:2')];
    const chunk = await aChunk(b.ada);
    const frozen = sendChunk(a.ada, chunk);
    await frozenNow(a.server);
    // Its key is used for another chunk, once its lease has ended.
    const other = await aChunk(b.ada);
    const taken = await until(async () => {
      const answer = await underKey(b.ada, other, chunk.key);
      return answer.body.error?.code === 'upload_in_progress' ? undefined : answer;
    });
    assert.equal(taken.status, 201);
    const adopting = underKey(b.ada, chunk, `${chunk.key}-another`);
    await frozenNow(b.server);
    a.server.process.kill('SIGCONT');
    const late = await frozen;
    assert.deepEqual([late?.status, late?.body.error.code], [409, 'idempotency_conflict']);
    b.server.process.kill('SIGCONT');
    assert.equal((await adopting).status, 201);
    await assertWhole(a.ada, chunk);
    for (const { server } of [a, b]) assert.equal(await server.stop(), 0, server.log());
  });

  test('a node that thaws after the incident was deleted leaves no bytes behind', async () => {
    const [a, b] = [await node('before-blob-commit:1'), await node()];
    const chunk = await aChunk(b.ada);
    const frozen = sendChunk(a.ada, chunk);
    await frozenNow(a.server);
    const path = `/v1/incidents/${chunk.incidentId}/deletion`;
    await b.ada.call('POST', path, { allow_open: true });
    await until(async () => ((await b.ada.call('GET', path)).body.deletion.state === 'deleted' ? true : undefined));
    a.server.process.kill('SIGCONT');
    assert.ok([404, 409].includes((await frozen)?.status ?? 0));
    assert.deepEqual(await listRows(b.ada, chunk.incidentId), []);
    assert.deepEqual(
      (await objectNames()).filter((name) => name.includes(chunk.incidentId)),
      [],
    );
    assert.ok((await objectNames()).length > 0, 'those of the others are still there');
    for (const { server } of [a, b]) assert.equal(await server.stop(), 0, server.log());
  });

  async function objectNames(): Promise<string[]> {
    const { endpoint, accessKey: accessKeyId, secretKey: secretAccessKey } = s3;
    const credentials = { accessKeyId, secretAccessKey };
    const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: env.SAFE_S3_BUCKET }));
    client.destroy();
    return Contents.map(({ Key = '' }) => Key);
  }

  /** Stopped by its failpoint, as the kernel sees it. */
  async function frozenNow(server: TestServer): Promise<void> {
    await until(async () =>
      /^State:\tT/m.test(readFileSync(`/proc/${server.pid}/status`, 'utf8')) ? true : undefined,
    );
  }
});

async function until<T>(look: () => Promise<T | undefined>, ms = 15_000): Promise<T> {
  const end = performance.now() + ms;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    assert.ok(performance.now() < end, `not within ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
