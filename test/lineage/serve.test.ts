import assert from 'node:assert/strict';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { databaseOf } from '#platform/metadata/postgres/testing/databases.ts';
import { lacks } from '../support/needs.ts';
import { cli, scratchFolder, startServer, type TestServer } from '../support/server.ts';
import { startPostgres } from '../support/services/postgres.ts';
import { startVersitygw } from '../support/services/versitygw.ts';

const folder = scratchFolder('lineage-serve');
after(() => folder.remove());
const token = 'ingest-token-of-the-test';
const auth = { STRICTURE_SERVER_AUTH_MODE: 'token', STRICTURE_SERVER_INGEST_TOKEN: token };
const alone = ['lineage', 'serve'] as const;
const api = '/v1/lineage/acme/shop/api';

async function ask(server: TestServer, path: string, init: RequestInit & { as?: string } = {}) {
  const { as = token, ...rest } = init;
  const answer = await fetch(server.url + path, { ...rest, headers: { authorization: `Bearer ${as}` } });
  const text = await answer.text();
  return { status: answer.status, text, json: () => JSON.parse(text) };
}

const push = (server: TestServer, runId: string, more: object = {}, as = token) =>
  ask(server, '/v1/artifacts', {
    method: 'POST',
    as,
    body: JSON.stringify({
      organization: 'Acme',
      project: 'Shop',
      service: 'API',
      run_id: runId,
      artifact: { v: 1 },
      ...more,
    }),
  });

/** Everything that may be asked about runs. */
async function answers(server: TestServer): Promise<string[]> {
  const paths = ['', '/latest', '/runs', '/runs?commit=c2', '/runs?limit=2', '/runs/r1', '/diffs'];
  const asked = await Promise.all(paths.map((path) => ask(server, path === '' ? '/v1/lineage' : api + path)));
  return asked.map(({ status, text }) => `${status} ${text}`);
}

describe('lineage as a server', () => {
  test('inside of proofline serve: beside the incidents, ready with them, counted and audited', async () => {
    const server = await startServer({ dataDir: join(folder.path, 'inside'), env: auth });
    assert.equal((await push(server, 'r1')).status, 202);
    assert.equal((await push(server, 'r1')).status, 200);
    assert.equal((await push(server, 'r1', { artifact: 2 })).status, 409);
    assert.equal((await push(server, 'r2', {}, 'a-wrong-token-of-some-length')).status, 401);
    assert.equal((await ask(server, `${api}/latest`)).json().run_id, 'r1');
    assert.deepEqual((await ask(server, '/healthz')).json(), { status: 'ok' });
    const ready = await fetch(`${server.adminUrl}/admin/health/ready`);
    assert.equal(((await ready.json()) as { checks: { lineage: string } }).checks.lineage, 'ok');
    const metrics = await (await fetch(`${server.adminUrl}/metrics`)).text();
    assert.match(metrics, /proofline_lineage_acts_total\{action="ingest",outcome="created"\} 1/);
    assert.match(metrics, /proofline_lineage_acts_total\{action="ingest",outcome="run_conflict"\} 1/);
    assert.equal(await server.stop(), 0);
    const acts = server
      .log()
      .split('\n')
      .filter((line) => line.includes('"audit":"lineage"'))
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      acts.map(({ action, outcome, subject }) => `${subject} ${action} ${outcome}`),
      [
        'token ingest created',
        'token ingest replayed',
        'token ingest run_conflict',
        'unknown ingest authentication_required',
        'token read read',
      ],
    );
    assert.ok(!server.log().includes(token));
    assert.ok(readdirSync(join(folder.path, 'inside/lineage')).includes('acme'));
  });

  test('without a word on who may: the server of incidents has no lineage, the one of lineage does not start', async () => {
    const server = await startServer({ dataDir: join(folder.path, 'without') });
    assert.equal((await push(server, 'r1')).status, 404);
    assert.equal(await server.stop(), 0);
    const refused = await cli(alone, { SAFE_DATA_DIR: join(folder.path, 'without') });
    assert.deepEqual([refused.code, /STRICTURE_SERVER_AUTH_MODE is not set/.test(refused.stderr)], [78, true]);
    const exposed = await cli(alone, {
      ...auth,
      STRICTURE_SERVER_ADDR: '0.0.0.0:0',
      SAFE_DATA_DIR: join(folder.path, 'without'),
    });
    assert.deepEqual([exposed.code, /plain HTTP to other machines/.test(exposed.stderr)], [78, true]);
    const away = await cli(alone, {
      ...auth,
      SAFE_DATA_DIR: join(folder.path, 'without'),
      STRICTURE_SERVER_STORAGE_DRIVER: 's3',
      STRICTURE_SERVER_OBJECT_BUCKET: 'lineage',
      STRICTURE_SERVER_OBJECT_ENDPOINT: 'http://127.0.0.1:9',
      STRICTURE_SERVER_OBJECT_ACCESS_KEY_ID: 'key',
      STRICTURE_SERVER_OBJECT_SECRET_ACCESS_KEY: 'secret-of-the-key',
    });
    assert.equal(away.code, 78, away.stderr);
    assert.match(away.stderr, /STRICTURE_SERVER_OBJECT_ENDPOINT/);
    assert.doesNotMatch(away.stderr, /SAFE_S3/);
    const misspelt = await cli(alone, { ...auth, STRICTURE_SERVER_STORAGE_DRIVR: 's3' });
    assert.deepEqual([misspelt.code, /Did you mean STRICTURE_SERVER_STORAGE_DRIVER/.test(misspelt.stderr)], [78, true]);
  });

  test('alone, with an index that is lost, manifests that are lost, and a second process that wants the folder', async () => {
    const dataDir = join(folder.path, 'alone');
    const env = { ...auth, STRICTURE_SERVER_INDEX: 'sqlite', STRICTURE_SERVER_DATA_DIR: dataDir };
    const start = () => startServer({ dataDir: join(folder.path, 'alone-main'), command: alone, env });
    let server = await start();
    for (let i = 0; i < 5; i++)
      await push(server, `r${i}`, { commit_sha: `c${i % 3}`, ...(i % 2 === 0 ? {} : { diff: { a: i } }) });
    const before = await answers(server);
    assert.deepEqual(await answers(server), before);
    assert.match(before[3] ?? '', /"r2"/);
    const second = await cli(alone, {
      ...env,
      STRICTURE_SERVER_ADDR: '127.0.0.1:0',
      SAFE_ADMIN_BIND_ADDRS: '127.0.0.1:0',
    });
    assert.deepEqual([second.code, /Another process keeps its runs/.test(second.stderr)], [78, true]);
    assert.equal(await server.stop(), 0);

    for (const name of readdirSync(dataDir)) if (name.startsWith('.index.db')) rmSync(join(dataDir, name));
    rmSync(join(dataDir, 'acme/shop/api/manifests'), { recursive: true });
    rmSync(join(dataDir, 'acme/shop/api/latest.json'));
    const mended = await cli(['lineage', 'reindex'], env);
    assert.deepEqual(
      [mended.code, mended.stdout],
      [0, 'acme/shop/api: 5 runs, 5 added to the manifests\n1 service, 5 runs, 5 added\n'],
    );
    server = await start();
    assert.deepEqual(await answers(server), before);
    await server.kill();
    server = await start();
    assert.deepEqual(await answers(server), before);
    assert.equal(await server.stop(), 0);
    const again = await cli(['lineage', 'reindex', '--json'], env);
    assert.deepEqual(JSON.parse(again.stdout), {
      organization: 'acme',
      project: 'shop',
      service: 'api',
      runs: 5,
      added: 0,
    });
  });

  test('with its index in PostgreSQL, which is emptied while it runs', async (t) => {
    const env = {
      ...auth,
      STRICTURE_SERVER_INDEX: 'postgresql',
      STRICTURE_SERVER_DATA_DIR: join(folder.path, 'indexed'),
    };
    const unsaid = await cli(alone, { ...env, SAFE_DATA_DIR: join(folder.path, 'indexed-main') });
    assert.deepEqual([unsaid.code, /SAFE_POSTGRES_DSN is not set/.test(unsaid.stderr)], [78, true], unsaid.stderr);
    if (lacks(t, 'postgres')) return;
    const postgres = await startPostgres();
    t.after(() => postgres.stop());
    const dsn = await postgres.createDatabase();
    const server = await startServer({
      dataDir: join(folder.path, 'indexed-main'),
      command: alone,
      env: { ...env, SAFE_POSTGRES_DSN: dsn },
    });
    for (let i = 0; i < 3; i++) await push(server, `r${i}`, { commit_sha: `c${i}` });
    const before = await answers(server);
    assert.deepEqual(await answers(server), before);
    const kept = await postgres.sql(databaseOf(dsn), 'DELETE FROM lineage_days RETURNING day');
    assert.equal(kept.length, 1);
    assert.deepEqual(await answers(server), before);
    assert.equal(await server.stop(), 0);
    assert.doesNotMatch(server.log(), /the index of runs does not answer/);
  });

  test('copied to a bucket: goes on while the bucket is away, and nothing is missing there afterwards', async (t) => {
    if (lacks(t, 'versitygw')) return;
    const gateway = await startVersitygw();
    t.after(() => gateway.stop());
    const bucket = await gateway.createBucket();
    const objects = {
      STRICTURE_SERVER_OBJECT_BUCKET: bucket,
      STRICTURE_SERVER_OBJECT_ACCESS_KEY_ID: gateway.accessKey,
      STRICTURE_SERVER_OBJECT_SECRET_ACCESS_KEY: gateway.secretKey,
    };
    const hybrid = (endpoint: string) =>
      startServer({
        dataDir: join(folder.path, 'hybrid-main'),
        command: alone,
        env: {
          ...auth,
          ...objects,
          STRICTURE_SERVER_STORAGE_DRIVER: 'hybrid',
          STRICTURE_SERVER_DATA_DIR: join(folder.path, 'hybrid'),
          STRICTURE_SERVER_OBJECT_ENDPOINT: endpoint,
        },
      });
    const lagOf = async (server: TestServer) => (await ask(server, '/healthz?verbose')).json().lag;
    let server = await hybrid('http://127.0.0.1:9');
    for (let i = 0; i < 4; i++) assert.equal((await push(server, `r${i}`)).status, 202);
    assert.equal((await lagOf(server)).pending, 4);
    const deployment = JSON.stringify({
      ...{ organization: 'acme', project: 'shop', service: 'api', run_id: 'r1', deployment_id: 'd1' },
      ...{ environment: 'production', version: '1.0.0' },
    });
    assert.equal((await ask(server, '/v1/deployments', { method: 'POST', body: deployment })).status, 201);
    const deployed = await ask(server, '/v1/deployments/d1');
    const before = await answers(server);
    assert.equal(await server.stop(), 0);

    server = await hybrid(gateway.endpoint);
    for (let i = 0; ; i++) {
      const lag = await lagOf(server);
      if (lag.pending === 0 && !lag.counting) break;
      assert.ok(i < 300, JSON.stringify(lag));
      await pause(100);
    }
    assert.equal(await server.stop(), 0);

    const direct = await startServer({
      dataDir: join(folder.path, 's3-main'),
      command: alone,
      env: {
        ...auth,
        ...objects,
        STRICTURE_SERVER_STORAGE_DRIVER: 's3',
        STRICTURE_SERVER_OBJECT_ENDPOINT: gateway.endpoint,
      },
    });
    assert.deepEqual(await answers(direct), before);
    assert.deepEqual((await ask(direct, '/v1/deployments/d1')).json(), deployed.json());
    assert.equal((await push(direct, 'r0')).json().replayed, true);
    assert.equal((await push(direct, 'r9')).status, 202);
    assert.equal(await direct.stop(), 0);
  });
});
