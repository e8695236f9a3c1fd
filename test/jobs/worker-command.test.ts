/** Servers that run no jobs, and workers that run nothing else, on one PostgreSQL and one bucket. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../http/support/world.ts';
import { signIn } from '../support/api.ts';
import { lacks, missing } from '../support/needs.ts';
import { cli, createAccount, scratchFolder, startServer, type TestServer } from '../support/server.ts';
import { startPostgres } from '../support/services/postgres.ts';
import { startRadosgw } from '../support/services/radosgw.ts';
import { startRedis } from '../support/services/redis.ts';
import { s3Environment } from '../support/services/s3-server.ts';
import { startVersitygw } from '../support/services/versitygw.ts';

const s3Here = missing('radosgw').length > 0 && missing('versitygw').length === 0 ? 'versitygw' : 'radosgw';

test('a worker alone says what it lacks', async () => {
  const folder = scratchFolder('worker-alone');
  const run = (env: Record<string, string>, command = 'worker') =>
    cli([command], { SAFE_DATA_DIR: folder.path, ...env }, '', 20_000);
  const postgres = { SAFE_METADATA_BACKEND: 'postgresql', SAFE_POSTGRES_DSN: 'postgresql://nobody@127.0.0.1:1/none' };
  for (const [env, what] of [
    [{}, /shares with the server. SQLite has one process/],
    [postgres, /A folder of blobs belongs to one process/],
    [{ SAFE_JOBS_QUEUE: 'bullmq' }, /neither SAFE_JOBS_VALKEY_URL nor SAFE_VALKEY_ADDR/],
  ] as const) {
    const { code, stderr } = await run({ SAFE_METADATA_BACKEND: 'sqlite', SAFE_BLOB_BACKEND: 'local', ...env });
    assert.equal(code, 78, stderr);
    assert.match(stderr, what);
  }
  const idle = await run({ SAFE_METADATA_BACKEND: 'sqlite', SAFE_JOBS_IN_SERVER: 'false' }, 'serve');
  assert.deepEqual([idle.code, /no other process can run jobs/.test(idle.stderr)], [78, true], idle.stderr);
  const unreachable = await run(
    {
      SAFE_METADATA_BACKEND: 'sqlite',
      SAFE_JOBS_QUEUE: 'bullmq',
      SAFE_JOBS_VALKEY_URL: 'redis://:geheim@127.0.0.1:1/0',
    },
    'serve',
  );
  assert.equal(unreachable.code, 78, unreachable.stderr);
  assert.match(unreachable.stderr, /Valkey cannot be used for the queue of jobs \(ECONNREFUSED\)/);
  assert.doesNotMatch(unreachable.stderr, /geheim/);
  folder.remove();
});

for (const queue of ['table', 'bullmq'] as const)
  test(`a document that one process takes is worked on by another (${queue})`, async (t) => {
    if (lacks(t, 'postgres', s3Here, ...(queue === 'bullmq' ? (['valkey'] as const) : []))) return;
    const folder = scratchFolder('worker');
    const [postgres, s3, redis] = await Promise.all([
      startPostgres(),
      s3Here === 'radosgw' ? startRadosgw() : startVersitygw(),
      queue === 'bullmq' ? startRedis() : undefined,
    ]);
    const running: TestServer[] = [];
    t.after(async () => {
      for (const one of running) one.process.kill('SIGKILL');
      await Promise.all([postgres.stop(), s3.stop(), redis?.stop()]);
      folder.remove();
    });
    const database = await postgres.createDatabase();
    const env = {
      SAFE_METADATA_BACKEND: 'postgresql',
      SAFE_POSTGRES_DSN: database,
      ...s3Environment(s3, await s3.createBucket()),
      SAFE_JOBS_IN_SERVER: 'false',
      SAFE_JOBS_CONCURRENCY: '2',
      SAFE_JOBS_QUEUE: queue,
      // With BullMQ nobody needs to look: the server's word is enough.
      SAFE_JOBS_POLL_INTERVAL: queue === 'bullmq' ? '1m' : '100ms',
      SAFE_WORKER_BIND_ADDRS: '127.0.0.1:0',
      ...(redis === undefined ? {} : { SAFE_JOBS_VALKEY_URL: `${redis.url}/3` }),
    };
    await createAccount(`${folder.path}/server`, 'ada', 'admin', env);
    const begin = async (name: string, command: string) => {
      const started = await startServer({ dataDir: `${folder.path}/${name}`, env, command: [command] });
      running.push(started);
      return started;
    };
    const server = await begin('server', 'serve');
    const worker = await begin('worker', 'worker');
    const { token } = await signIn(server.url, 'ada');
    const headers = { authorization: `Bearer ${token}` };
    const form = new FormData();
    form.set('file', new Blob(['A letter about the rent.'], { type: 'text/plain' }), 'letter.txt');
    const added = await fetch(`${server.url}/v1/documents`, { method: 'POST', headers, body: form });
    assert.equal(added.status, 201);
    // The API's own shape, checked elsewhere.
    const { document } = (await added.json()) as { document: { id: string } };
    const jobs = async () =>
      await postgres.sql(new URL(database).pathname.slice(1), 'SELECT id, kind, state, attempts FROM jobs ORDER BY id');
    await until(
      async () => {
        const { document: now } = (await (
          await fetch(`${server.url}/v1/documents/${document.id}`, { headers })
        ).json()) as { document: { status: string } };
        assert.notEqual(now.status, 'failed', worker.log());
        return now.status === 'ready' ? true : undefined;
      },
      'the document is ready',
      30_000,
    ).catch(async (error: unknown) => {
      throw new Error(`${JSON.stringify(await jobs())}\n${worker.log()}`, { cause: error });
    });
    const done = await jobs();
    assert.ok(done.length >= 2, JSON.stringify(done));
    assert.ok(
      done.every(({ state, attempts }) => state === 'done' && attempts === 1),
      JSON.stringify(done),
    );
    const metrics = async (url: string) => await (await fetch(`${url}/metrics`)).text();
    assert.match(await metrics(worker.adminUrl), /^proofline_job_runs_total\{kind="sniff",outcome="done"\} 1$/m);
    assert.doesNotMatch(await metrics(server.adminUrl), /^proofline_job_runs_total\{/m);
    assert.equal((await fetch(`${worker.adminUrl}/admin/health/ready`)).status, 200);
    for (const path of ['/admin', '/v1/documents', '/documents'])
      assert.equal((await fetch(`${worker.adminUrl}${path}`, { redirect: 'manual' })).status, 404, path);
    for (const one of running.splice(0)) assert.equal(await one.stop(), 0, one.log());
  });
