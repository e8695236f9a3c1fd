import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { ProoflineApi } from '#client/api/api.ts';
import { ProoflineNetworkError } from '#client/api/api-error.ts';
import { uploadChunk } from '#client/upload/upload-chunk.ts';
import { type EvidenceDouble, startEvidenceDouble } from '../../../test/support/evidence-double.ts';
import { type PoorNetworkOptions, poorNetwork } from './poor-network.ts';
import { seededRandom } from './random.ts';

let double: EvidenceDouble;
before(async () => {
  double = await startEvidenceDouble();
});
after(() => double.close());

/** A clock that only moves when somebody waits. */
function fakeTime() {
  const time = { now: 0, waits: [] as number[] }; // filled by sleep
  const sleep = async (ms: number) => {
    time.waits.push(ms);
    time.now += ms;
  };
  return { time, deps: { now: () => time.now, sleep } };
}

test('the same seed gives the same network', () => {
  const first = seededRandom(7);
  const again = seededRandom(7);
  const draws = Array.from({ length: 1000 }, first);
  assert.deepEqual(draws, Array.from({ length: 1000 }, again));
  assert.ok(draws.every((draw) => draw >= 0 && draw < 1));
  const mean = draws.reduce((sum, draw) => sum + draw, 0) / draws.length;
  assert.ok(mean > 0.45 && mean < 0.55, String(mean));
});

async function echo(options: PoorNetworkOptions, bytes: number, time = fakeTime()) {
  const sizes: number[] = [];
  const fetch = poorNetwork(options, {
    ...time.deps,
    fetch: async (_input, init) => {
      const body = await new Response(init.body ?? null).arrayBuffer();
      sizes.push(body.byteLength);
      return new Response('{}');
    },
  });
  const send = () => fetch('http://x.test/', { method: 'PUT', ...(bytes > 0 ? { body: new Uint8Array(bytes) } : {}) });
  return { send, sizes, ...time };
}

test('a body passes at the rate of the line, in pieces, and two at once share it', async () => {
  const one = await echo({ bytesPerSecond: 10_000 }, 50_000);
  await one.send();
  assert.equal(one.sizes[0], 50_000);
  assert.ok(Math.abs(one.time.now - 5000) < 60, String(one.time.now));
  assert.ok(one.time.waits.length > 50);
  const two = await echo({ bytesPerSecond: 10_000 }, 50_000);
  await Promise.all([two.send(), two.send()]);
  assert.ok(two.time.now >= 9900, String(two.time.now));
});

test('latency and jitter come before each request', async () => {
  const network = await echo({ latencyMs: 100, jitterMs: 50 }, 0);
  for (let i = 0; i < 20; i++) await network.send();
  assert.ok(network.time.waits.every((ms) => ms >= 100 && ms < 150));
  assert.ok(new Set(network.time.waits).size > 10);
});

test('nothing passes while offline, and a body on its way is cut', async () => {
  const network = await echo({ offline: [[1000, 2000]], bytesPerSecond: 10_000 }, 5000);
  await network.send();
  assert.equal(Math.round(network.time.now), 500);
  network.time.now = 800;
  await assert.rejects(network.send(), TypeError);
  network.time.now = 1500;
  await assert.rejects(network.send(), TypeError);
  network.time.now = 2000;
  await network.send();
  assert.deepEqual(network.sizes, [5000, 5000]);
});

test('failures come in all three kinds at their share, and only a lost answer reaches the server whole', async () => {
  const network = await echo({ failureRate: 0.3, seed: 3 }, 1000);
  let failed = 0;
  for (let i = 0; i < 1000; i++) await network.send().catch(() => (failed += 1));
  assert.ok(failed > 250 && failed < 350, String(failed));
  const lost = network.sizes.length - (1000 - failed);
  assert.ok(lost > 60 && lost < 140, String(lost));
  assert.ok(network.sizes.every((size) => size === 1000));
});

test('over real connections: throttled, failing and cut, every chunk still arrives once and whole', async () => {
  const direct = new ProoflineApi({ baseUrl: double.url });
  await direct.login('ada', 'correct horse battery');
  const { incident_id } = await direct.createIncident();
  const stream = await direct.createStream(incident_id, { media_type: 'video' });
  const api = new ProoflineApi({
    baseUrl: double.url,
    fetch: poorNetwork({ failureRate: 0.4, seed: 11, bytesPerSecond: 2_000_000, latencyMs: 1, jitterMs: 3 }),
  });
  await assert.rejects(async () => {
    for (let i = 0; i < 50; i++) await api.login('ada', 'correct horse battery');
  }, ProoflineNetworkError);
  while (!api.hasToken) await api.login('ada', 'correct horse battery').catch(() => undefined);
  for (let index = 1; index <= 20; index++) {
    const bytes = new Uint8Array(10_000).fill(index);
    const facts = {
      incident_id,
      stream_id: stream.id,
      chunk_index: index,
      media_type: 'video' as const,
      started_at: '2026-01-02T03:04:05.000Z',
      ended_at: '2026-01-02T03:04:05.000Z',
      sha256_hex: createHash('sha256').update(bytes).digest('hex'),
      byte_size: bytes.length,
    };
    const outcome = await uploadChunk({ api }, { facts, bytes, idempotencyKey: `k${index}` }, { baseMs: 2, maxMs: 5 });
    assert.equal(outcome.status, 'accepted');
    assert.deepEqual(new Uint8Array(double.streams.get(stream.id)?.chunks.get(index)?.bytes ?? []), bytes);
  }
});
