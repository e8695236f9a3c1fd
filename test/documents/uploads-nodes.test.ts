/** An upload that begins on one node and goes on at another, over PostgreSQL, a bucket and Valkey. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, type TestContext, test } from 'node:test';
import pg from 'pg';
import { Client, sha256Hex } from '../http/support/client.ts';
import { Contract } from '../http/support/contract.ts';
import { until } from '../http/support/world.ts';
import { type Cluster, clusterNeeds, type Node, startCluster } from '../nodes/cluster.ts';
import { lacks, missing } from '../support/needs.ts';
import { startHarmfulProxy } from '../support/services/harmful-proxy.ts';
import { begun, download, lookAt, offsetOf, patch, patient, tusUpload, uploadsPath } from './support/tus-client.ts';

const needs = clusterNeeds('radosgw');
const sliceBytes = 64 * 1024;
let cluster: Cluster | undefined;
let contract: Contract;
before(async () => {
  if (missing(...needs).length > 0) return;
  cluster = await startCluster('radosgw', {
    SAFE_RESUMABLE_SLICE_BYTES: String(sliceBytes),
    SAFE_RESUMABLE_WORKER_INTERVAL: '300ms',
  });
  contract = await Contract.of(cluster.nodes[0].server.url);
});
after(() => cluster?.stop());

const at = (node: Node) => new Client(node.server.url, contract, cluster?.token);
const urlOf = (node: Node, path: string) => `${node.server.url}${path}`;

function here(t: TestContext): Cluster | undefined {
  return lacks(t, ...needs) ? undefined : cluster;
}

async function assertOne({ env, nodes }: Cluster, name: string, bytes: Buffer, path: string): Promise<void> {
  const upload = await until(async () => {
    const seen = await lookAt(at(nodes[1]), path);
    return seen.status === 'done' ? seen : undefined;
  }, 'done');
  const client = new pg.Client(env.SAFE_POSTGRES_DSN);
  await client.connect();
  try {
    const { rows } = await client.query('SELECT id FROM documents WHERE name = $1', [name]);
    assert.deepEqual(rows, [{ id: upload.result_id }]);
  } finally {
    await client.end();
  }
  assert.deepEqual(await download(at(nodes[0]), upload.result_id), bytes);
}

test('a node that dies in the middle of an upload is followed by the other', async (t) => {
  const running = here(t);
  if (running === undefined) return;
  const [a, b] = running.nodes;
  const bytes = randomBytes(3_000_000);
  const path = await begun(at(a), bytes.length, { name: 'follow', sha256: sha256Hex(bytes) });
  const sending = tusUpload(at(a), bytes, { uploadUrl: urlOf(a, path) });
  sending.catch(() => undefined);
  await until(async () => ((await lookAt(at(b), path)).received_bytes > 0 ? true : undefined), 'first bytes');
  await a.server.kill();
  await assert.rejects(sending);
  const offset = await until(
    async () => await offsetOf(at(b), path).catch(() => undefined),
    'the other node lets go on',
  );
  assert.ok(offset > 0 && offset % sliceBytes === 0, String(offset));
  await tusUpload(at(b), bytes, { uploadUrl: urlOf(b, path), retryDelays: patient });
  await running.restart(a);
  await assertOne(running, 'follow', bytes, path);
});

test('two clients at two nodes at once make one document', async (t) => {
  const running = here(t);
  if (running === undefined) return;
  const [a, b] = running.nodes;
  const bytes = randomBytes(1_500_000);
  const path = await begun(at(a), bytes.length, { name: 'both' });
  const options = { chunkSize: 200_000, retryDelays: patient };
  await Promise.all([
    tusUpload(at(a), bytes, { ...options, uploadUrl: urlOf(a, path) }),
    tusUpload(at(b), bytes, { ...options, uploadUrl: urlOf(b, path) }),
  ]);
  await assertOne(running, 'both', bytes, path);
});

test('a connection that died without a word at one node gives way at the other', async (t) => {
  const running = here(t);
  if (running === undefined) return;
  const [a, b] = running.nodes;
  const way = await startHarmfulProxy(Number(new URL(a.server.url).port));
  try {
    const bytes = randomBytes(1_000_000);
    const path = await begun(at(a), bytes.length, { name: 'silent' });
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(bytes.subarray(0, 300_000)),
    });
    const dead = new AbortController();
    const sending = fetch(`http://127.0.0.1:${way.port}${path}`, {
      method: 'PATCH',
      headers: {
        authorization: `Bearer ${running.token}`,
        'tus-resumable': '1.0.0',
        'content-type': 'application/offset+octet-stream',
        'upload-offset': '0',
      },
      body,
      duplex: 'half',
      signal: dead.signal,
    }).catch(() => undefined);
    const slices = Math.floor(300_000 / sliceBytes) * sliceBytes;
    await until(async () => ((await lookAt(at(b), path)).received_bytes === slices ? true : undefined), 'slices');
    await new Promise((resolve) => setTimeout(resolve, 200));
    way.set('blackhole');
    assert.equal(await offsetOf(at(b), path), 300_000);
    await tusUpload(at(b), bytes, { uploadUrl: urlOf(b, path), retryDelays: patient });
    await assertOne(running, 'silent', bytes, path);
    dead.abort();
    await sending;
  } finally {
    await way.close();
  }
});

test('a node that is killed after the last byte leaves the end to the other', async (t) => {
  const running = here(t);
  if (running === undefined) return;
  const [a, b] = running.nodes;
  for (const place of ['before-upload-finish', 'after-document-commit', 'after-upload-finish']) {
    await a.server.kill();
    await running.restart(a, { PROOFLINE_FAILPOINT: place, SAFE_RESUMABLE_WORKER_INTERVAL: '0' });
    const { name, bytes, path } = await untilKilled(a, place);
    const { id } = await lookAt(at(b), path);
    assert.equal(`${uploadsPath}/${id}`, path);
    await running.restart(a);
    await assertOne(running, name, bytes, path);
  }
});

/** The worker of the other node may be quicker with the end of an upload: then this one is not killed, and is given the next. */
async function untilKilled(node: Node, place: string) {
  for (let n = 1; n <= 10; n++) {
    const [name, bytes] = [`${place} ${n}`, randomBytes(500_000)];
    const path = await begun(at(node), bytes.length, { name });
    const survived = await tusUpload(at(node), bytes, { uploadUrl: urlOf(node, path) }).then(
      () => true,
      () => false,
    );
    if (!survived) return { name, bytes, path };
  }
  throw new Error(`${place} was never met`);
}

test('the same place at two nodes counts once, also when the coordination forgets everything in between', async (t) => {
  const running = here(t);
  if (running === undefined) return;
  const [a, b] = running.nodes;
  for (let round = 0; round < 5; round++) {
    const path = await begun(at(a), 100_000, { name: `place ${round}` });
    const bodies = [Buffer.alloc(100_000, 1), Buffer.alloc(100_000, 2)] as const;
    const both = [patch(at(a), path, 0, bodies[0]), patch(at(b), path, 0, bodies[1])] as const;
    await running.redis.flush();
    const answers = await Promise.all(both);
    const winners = answers.filter(({ status }) => status === 204).length;
    assert.ok(winners <= 1, answers.map(({ status }) => status).join(' '));
    const offset = await offsetOf(at(a), path);
    if (offset < 100_000) continue;
    const { result_id } = await until(async () => {
      const seen = await lookAt(at(b), path);
      return seen.status === 'done' ? seen : undefined;
    }, 'done');
    const kept = await download(at(b), result_id);
    assert.equal(new Set(kept).size, 1, 'all of it is of one of them');
  }
});
