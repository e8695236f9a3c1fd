import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Api, api, openIncident, openStream, signIn } from '../support/api.ts';
import { blobFile, type SentChunk, sendChunk } from '../support/ledger.ts';
import { lacks, missing } from '../support/needs.ts';
import { cli, createAccount, scratchFolder, startServer, type TestServer } from '../support/server.ts';
import { startRedis, type TestRedis } from '../support/services/redis.ts';

/** Two nodes that share Valkey and nothing else: limits are counted together, and nothing is allowed when nobody can count. */
const password = 'canary-password-of-valkey';
const folder = scratchFolder('nodes');
const dataDir = (node: string) => join(folder.path, node);

test('two nodes need a Valkey', (t) => {
  if (lacks(t, 'valkey')) return;
  assert.deepEqual(missing('valkey'), []);
});

describe('two nodes and one Valkey', { skip: missing('valkey').length > 0 }, () => {
  let redis: TestRedis;
  let nodes: TestServer[];
  let uploads: TestServer;
  let ada: Api;
  const env = () => ({
    SAFE_COORDINATION_BACKEND: 'valkey',
    SAFE_VALKEY_ADDR: `127.0.0.1:${redis.port}`,
    SAFE_VALKEY_PASSWORD: password,
  });
  const limited = () => ({
    ...env(),
    SAFE_MAIN_API_RATE_LIMIT_ENABLED: 'true',
    SAFE_MAIN_API_RATE_LIMIT_WINDOW: '10m',
    SAFE_MAIN_API_RATE_LIMIT_ACCOUNT: '20',
  });

  before(async () => {
    redis = await startRedis({ password });
    await createAccount(dataDir('uploads'), 'ada', 'admin');
    nodes = await Promise.all(['a', 'b'].map((node) => startServer({ dataDir: dataDir(node), env: limited() })));
    uploads = await startServer({ dataDir: dataDir('uploads'), env: env() });
    ada = await signIn(uploads.url, 'ada');
  });
  after(async () => {
    await redis.start();
    const codes = await Promise.all([...nodes, uploads].map((server) => server.stop()));
    await redis.stop();
    folder.remove();
    assert.deepEqual(codes, [0, 0, 0]);
  });

  const statusOf = async (server: TestServer, n = 0) =>
    (await fetch(`${server.url}/v1/account`, { headers: { 'x-forwarded-for': `203.0.113.${n}` } })).status;
  const readiness = async () => {
    const response = await fetch(`${uploads.adminUrl}/admin/health/ready`);
    return { status: response.status, body: await response.json() };
  };

  async function aChunk(): Promise<SentChunk> {
    const incidentId = await openIncident(ada);
    const streamId = await openStream(ada, incidentId);
    return { incidentId, streamId, index: 1, size: 5_000, key: `key-${incidentId}` };
  }

  test('a burst on both is accepted as often as the limit says, whatever X-Forwarded-For says', async () => {
    const burst = Array.from({ length: 60 }, (_, n) => statusOf(nodes[n % 2] ?? uploads, n));
    const statuses = await Promise.all(burst);
    assert.equal(statuses.filter((status) => status !== 429).length, 20);
    assert.equal(await statusOf(nodes[0] ?? uploads), 429);
  });

  test('uploads go through, and doctor says that coordination works', async () => {
    assert.equal((await sendChunk(ada, await aChunk()))?.status, 201);
    assert.deepEqual((await readiness()).body, {
      status: 'ready',
      checks: { metadata: 'ok', blobs: 'ok', coordination: 'ok' },
    });
    const doctor = await cli(['doctor'], { SAFE_DATA_DIR: dataDir('uploads'), ...env() });
    assert.match(doctor.stdout, /ok {4}coordination {3}Valkey answers/);
  });

  test('FLUSHALL in the middle of uploads loses and doubles nothing', async () => {
    const chunks = await Promise.all(Array.from({ length: 20 }, aChunk));
    const sent = chunks.flatMap((chunk) => [sendChunk(ada, chunk), sendChunk(ada, chunk)]);
    const flushed = redis.flush();
    const statuses = (await Promise.all(sent)).map((answer) => answer?.status);
    await flushed;
    assert.ok(
      statuses.every((status) => status === 201 || status === 200 || status === 409),
      statuses.join(),
    );
    for (const chunk of chunks) {
      assert.equal((await sendChunk(ada, chunk))?.status, 200);
      const { body } = await ada.call('GET', `/v1/incidents/${chunk.incidentId}/chunks`);
      assert.equal(body.chunks.length, 1);
    }
  });

  for (const [how, lose, back] of [
    ['killed', () => redis.kill(), () => redis.start()],
    ['silent', async () => redis.pause(), async () => redis.resume()],
  ] as const) {
    test(`${how}: what needs it is refused in time, nothing is committed, and it heals by itself`, async () => {
      const chunk = await aChunk();
      await lose();
      try {
        const since = performance.now();
        const [counted, answer, ready] = await Promise.all([
          api(nodes[1]?.url ?? '').call('GET', '/v1/account'),
          sendChunk(ada, chunk),
          readiness(),
        ]);
        const ms = performance.now() - since;
        assert.ok(ms < 4_500, `${ms} ms`);
        assert.deepEqual([counted.status, counted.body.error.code], [503, 'rate_limit_unavailable']);
        assert.equal(counted.headers.get('retry-after'), '2');
        assert.deepEqual([answer?.status, answer?.body.error.code], [503, 'coordination_unavailable']);
        assert.equal(existsSync(blobFile(uploads.dataDir, chunk)), false);
        assert.deepEqual(ready, {
          status: 503,
          body: { status: 'not_ready', checks: { metadata: 'ok', blobs: 'ok', coordination: 'unavailable' } },
        });
        const doctor = await cli(['doctor'], { SAFE_DATA_DIR: dataDir('uploads'), ...env() });
        assert.match(doctor.stdout, /BAD {3}coordination {3}Valkey cannot be used/);
        assert.equal(doctor.code, 1);
      } finally {
        await back();
      }
      const end = performance.now() + 10_000;
      while ((await readiness()).status !== 200) {
        assert.ok(performance.now() < end, 'it did not heal');
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      // What was left to give back is given back with the next sign of life.
      let again = await sendChunk(ada, chunk);
      while (again?.status === 409 && performance.now() < end) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        again = await sendChunk(ada, chunk);
      }
      assert.equal(again?.status, 201);
    });
  }

  test('a server that cannot reach it does not start, and says why without the password', async () => {
    const wrong = `${password}-wrong`;
    const serve = (settings: Record<string, string>) =>
      cli(['serve'], {
        SAFE_MAIN_BIND_ADDRS: '127.0.0.1:0',
        SAFE_ADMIN_BIND_ADDRS: '127.0.0.1:0',
        SAFE_DATA_DIR: dataDir('never'),
        SAFE_COORDINATION_BACKEND: 'redis',
        ...settings,
      });
    for (const [settings, expected] of [
      [{}, /SAFE_VALKEY_ADDR is not set/],
      [{ SAFE_VALKEY_ADDR: '127.0.0.1:1' }, /cannot be used for coordination \(ECONNREFUSED\)/],
      [{ REDIS_URL: `redis://:${wrong}@127.0.0.1:${redis.port}/0` }, /\(WRONGPASS\)/],
      [
        { ...env(), REDIS_URL: `redis://127.0.0.1:${redis.port}/0` },
        /SAFE_VALKEY_PASSWORD and SAFE_VALKEY_URL \(or REDIS_URL\) do not say/,
      ],
    ] as const) {
      const { code, stdout, stderr } = await serve(settings);
      assert.equal(code, 78, stderr);
      assert.match(stderr, expected);
      assert.doesNotMatch(stdout + stderr, /canary/);
    }
    for (const server of [...nodes, uploads]) assert.doesNotMatch(server.log(), /canary/);
  });
});
