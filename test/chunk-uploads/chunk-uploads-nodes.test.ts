/** Chunks that are sent resumably to two nodes over PostgreSQL, a bucket and Valkey, by two clients that others wrote, through every fault. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { after, before, type TestContext, test } from 'node:test';
import { Client } from '../http/support/client.ts';
import { Contract } from '../http/support/contract.ts';
import { until } from '../http/support/world.ts';
import { failpointNames } from '../kill/failpoints.ts';
import { type Cluster, clusterNeeds, type Node, startCluster } from '../nodes/cluster.ts';
import { lacks, missing } from '../support/needs.ts';
import { scratchFolder } from '../support/server.ts';
import { type CutAt, startBodyCutter } from '../support/services/body-cutter.ts';
import { chunkName } from '../support/stored-blobs.ts';
import { begin, begun, lookAt, patch, patient, tusUpload, version } from '../support/tus-client.ts';
import { assertAccepted, chunksOf, chunkWords, type SentTo, uploadsOf } from './support/chunk-words.ts';
import { startTuspy, type Tuspy } from './support/tuspy.ts';

const needs = [...clusterNeeds('versitygw'), 'tuspy'] as const;
const sliceBytes = 32 * 1024;
const size = sliceBytes * 3 + 1_000;
const folder = scratchFolder('chunk-uploads-nodes');
let cluster: Cluster | undefined;
let contract: Contract;
let tuspy: Tuspy | undefined;
let incident: string;
let stream: string;
let index = 0;

before(async () => {
  if (missing(...needs).length > 0) return;
  cluster = await startCluster('versitygw', {
    SAFE_RESUMABLE_SLICE_BYTES: String(sliceBytes),
    // Nobody but its sender brings an upload to its end, until the last test.
    SAFE_RESUMABLE_WORKER_INTERVAL: '0',
    SAFE_MAIN_API_RATE_LIMIT_ENABLED: 'false',
    SAFE_RESUMABLE_MAX_OPEN: '200',
  });
  contract = await Contract.of(cluster.nodes[0].server.url);
  tuspy = startTuspy(folder.path);
  incident = await at(cluster.nodes[0]).incident();
  stream = await at(cluster.nodes[0]).stream(incident);
});
after(async () => {
  await tuspy?.close();
  await cluster?.stop();
  folder.remove();
});

const at = (node: Node) => new Client(node.server.url, contract, cluster?.token);
const urlOf = (node: Node, path: string) => `${node.server.url}${path}`;
const portOf = (node: Node) => Number(new URL(node.server.url).port);
const pathOf = (url: string) => new URL(url).pathname;
/** A chunk that is not there yet. */
const next = (): SentTo => ({ incident, stream, index: ++index });

function here(t: TestContext): { running: Cluster; python: Tuspy } | undefined {
  if (lacks(t, ...needs) || cluster === undefined || tuspy === undefined) return undefined;
  return { running: cluster, python: tuspy };
}

/** Both clients, each by its own name: sends all of it to where it is told, whatever happens on the way, and says where the upload is. */
const clients = {
  'tus-js-client': async (_: Tuspy, token: string, url: string, bytes: Buffer, metadata: Record<string, string>) => {
    const as = new Client(url, contract, token);
    const { id, result } = await tusUpload(as, uploadsOf(incident), bytes, { metadata, retryDelays: patient });
    return { path: `${uploadsOf(incident)}/${id}`, result };
  },
  tuspy: async (python: Tuspy, token: string, url: string, bytes: Buffer, metadata: Record<string, string>) => {
    const endpoint = `${url}${uploadsOf(incident)}`;
    const sent = await python.upload(bytes, { endpoint, token, metadata, chunkSize: 2 ** 30 });
    assert.ok(sent.url, `${sent.status} ${sent.body}`);
    return { path: pathOf(sent.url), result: sent.result ?? undefined };
  },
};

/** A server that had time to look at what came keeps all of it; else what it had not looked at yet may be lost with the connection. */
const lingers = { 'tus-js-client': 200, tuspy: 0 };

const boundaries: readonly CutAt[] = [0, 1, sliceBytes - 1, sliceBytes, sliceBytes + 1, size - 1, size, 'answer'];

for (const name of ['tus-js-client', 'tuspy'] as const) {
  const send = clients[name];
  test(`${name}: a network that breaks at any boundary costs nothing that was kept`, async (t) => {
    const found = here(t);
    if (found === undefined) return;
    const { running, python } = found;
    for (const [n, cutAt] of boundaries.entries()) {
      const node = running.nodes[n % 2 === 0 ? 0 : 1];
      const cutter = await startBodyCutter(portOf(node), lingers[name]);
      try {
        const bytes = randomBytes(size);
        const to = next();
        cutter.cutNext(cutAt);
        const url = `http://127.0.0.1:${cutter.port}`;
        const sent = await send(python, running.token, url, bytes, chunkWords(to, bytes));
        assert.equal(cutter.cuts, 1, `${cutAt}`);
        const [first, second] = cutter.offsets;
        const kept = cutAt === 'answer' ? size : cutAt;
        assert.equal(first, 0);
        // With everything there a client that asks is told so, and need not send again.
        if (second === undefined) assert.equal(kept, size, `${cutAt}`);
        else if (lingers[name] > 0) assert.equal(second, kept, `${cutAt}`);
        else assert.ok(second <= kept, `${second} of ${cutAt}`);
        const id = await assertAccepted(at(running.nodes[0]), running.stored, to, bytes, sent.path);
        if (sent.result !== undefined) assert.equal(sent.result, id);
      } finally {
        await cutter.close();
      }
    }
  });
}

async function isAt(node: Node, path: string): Promise<boolean> {
  const { status } = await at(node).call('HEAD', path, undefined, version);
  assert.ok(status === 200 || status === 423, `${status}`);
  return status === 200;
}

/** On the way of an upload: its own, those of every chunk, and those of the database. */
const places = [
  ...failpointNames('uploads').map((name) => (name.startsWith('after-part') ? `${name}:2` : name)),
  'before-blob-commit',
  'after-blob-commit',
  'before-reply',
  // The fifth is the chunk's, after those of four parts.
  ...[5, 6].flatMap((nth) => [`before-db-commit:${nth}`, `after-db-commit:${nth}`]),
];

test('a node that is killed at any named place of the way is followed by the other', async (t) => {
  const found = here(t);
  if (found === undefined) return;
  const { running, python } = found;
  const [a, b] = running.nodes;
  for (const [n, place] of places.entries()) {
    await a.server.kill();
    await running.restart(a, {
      PROOFLINE_FAILPOINT: place,
      SAFE_DELETION_WORKER_INTERVAL: '0',
    });
    const bytes = randomBytes(size);
    const to = next();
    const path = await begun(at(b), uploadsOf(incident), size, chunkWords(to, bytes));
    const died = once(a.server.process, 'exit');
    await assert.rejects(tusUpload(at(a), '', bytes, { uploadUrl: urlOf(a, path) }), place);
    await died;
    // Valkey takes the leases of a dead node from it after some seconds; once it has forgotten them, the rows decide alone.
    if (n > 1) await running.redis.flush();
    await until(async () => ((await isAt(b, path)) ? true : undefined), 'the other node lets go on');
    const { received_bytes: received, status } = await lookAt(at(b), path);
    // Whoever is told that all bytes are there may rely on the chunk.
    if (received === size) assert.equal(status, 'done', place);
    else {
      const goOn = { endpoint: urlOf(b, uploadsOf(incident)), url: urlOf(b, path), token: running.token };
      // They take turns.
      if (n % 2 === 0) await tusUpload(at(b), '', bytes, { uploadUrl: goOn.url, retryDelays: patient });
      else assert.ok((await python.upload(bytes, { ...goOn, metadata: {}, chunkSize: 2 ** 30 })).url, place);
    }
    await assertAccepted(at(b), running.stored, to, bytes, path);
  }
  await running.restart(a, { SAFE_RESUMABLE_WORKER_INTERVAL: '200ms' });
});

test('two clients at two nodes at once make one chunk', async (t) => {
  const found = here(t);
  if (found === undefined) return;
  const { running, python } = found;
  const [a, b] = running.nodes;
  for (let round = 0; round < 3; round++) {
    const bytes = randomBytes(size * 4);
    const to = next();
    const path = await begun(at(a), uploadsOf(incident), bytes.length, chunkWords(to, bytes));
    const [js, py] = await Promise.all([
      tusUpload(at(a), '', bytes, { uploadUrl: urlOf(a, path), chunkSize: 100_000, retryDelays: patient }),
      python.upload(bytes, {
        endpoint: urlOf(b, uploadsOf(incident)),
        url: urlOf(b, path),
        token: running.token,
        metadata: {},
        chunkSize: 100_000,
      }),
    ]);
    assert.ok(py.url, `${py.status} ${py.body}`);
    const id = await assertAccepted(at(b), running.stored, to, bytes, path);
    for (const { result } of [js, py]) if (typeof result === 'string') assert.equal(result, id);
  }
});

test('uploads of one chunk begun at two nodes: one is accepted, the other is told, and other bytes never stand for it', async (t) => {
  const found = here(t);
  if (found === undefined) return;
  const { running } = found;
  const [a, b] = running.nodes;
  for (let round = 0; round < 4; round++) {
    const to = next();
    const bodies = [randomBytes(size), randomBytes(size)] as const;
    const paths = await Promise.all([
      begun(at(a), uploadsOf(incident), size, chunkWords(to, bodies[0])),
      begun(at(b), uploadsOf(incident), size, chunkWords(to, bodies[1])),
    ]);
    const both = [patch(at(a), paths[0], 0, bodies[0]), patch(at(b), paths[1], 0, bodies[1])] as const;
    // Coordination forgets everything in between: the rows decide.
    await running.redis.flush();
    const answers = await Promise.all(both);
    const winners = answers.flatMap(({ status }, n) => (status === 204 ? [n] : []));
    const said = answers.map(({ status, code }) => `${status} ${code}`).join(', ');
    assert.equal(winners.length, 1, said);
    const winner = winners[0] ?? 0;
    const loser = answers[1 - winner];
    assert.match(loser?.code ?? '', /^(duplicate_chunk|duplicate_chunk_conflict|upload_in_progress)$/, said);
    await assertAccepted(at(a), running.stored, to, bodies[winner] ?? Buffer.alloc(0), paths[winner] ?? '');
    const kept = await running.stored.read(chunkName(to.incident, to.stream, to.index));
    assert.deepEqual(kept, bodies[winner]);
  }
});

test('a wrong hash at the end is told at either node, and leaves the place free', async (t) => {
  const found = here(t);
  if (found === undefined) return;
  const { running, python } = found;
  const [a, b] = running.nodes;
  const bytes = randomBytes(size);
  const to = next();
  const endpoint = urlOf(a, uploadsOf(incident));
  const metadata = chunkWords(to, randomBytes(1));
  const sent = await python.upload(bytes, { endpoint, token: running.token, metadata, chunkSize: sliceBytes });
  assert.ok([400, 410].includes(sent.status ?? 0), `${sent.status} ${sent.body}`);
  const uploads = (await at(b).get(`${uploadsOf(incident)}?limit=200`)).body.uploads;
  assert.equal(uploads.at(-1)?.refusal, 'hash_mismatch');
  const right = await clients.tuspy(python, running.token, b.server.url, bytes, chunkWords(to, bytes));
  await assertAccepted(at(a), running.stored, to, bytes, right.path);
});

test('at the end the stream is complete: every chunk that was acknowledged is there, once, and no part is left', async (t) => {
  const found = here(t);
  if (found === undefined) return;
  const { running } = found;
  const chunks = await chunksOf(at(running.nodes[0]), incident);
  assert.deepEqual(
    chunks.map(({ chunk_index }) => chunk_index),
    Array.from({ length: index }, (_, n) => n + 1),
  );
  assert.equal((await at(running.nodes[1]).complete(incident, stream, index)).status, 200);
  const late = await begin(at(running.nodes[0]), uploadsOf(incident), 1, chunkWords(next(), Buffer.alloc(1)));
  assert.equal(late.code, 'stream_not_open');
  const parts = async () => (await running.stored.list('uploads')).length;
  await until(async () => ((await parts()) === 0 ? true : undefined), 'no part is left');
  t.diagnostic(`chunks: ${chunks.length}, cuts: ${boundaries.length * 2}, kills: ${places.length}`);
});
