import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after } from 'node:test';
import { databaseOf, elsewhere, testDatabases, testOnPostgres } from '#platform/metadata/postgres/testing/databases.ts';
import { bytesOf, Client } from '../http/support/client.ts';
import { Contract } from '../http/support/contract.ts';
import { signIn, until } from '../http/support/world.ts';
import { adminPassword, cli, createAccount, scratchFolder, startServer } from '../support/server.ts';

const databases = testDatabases();
const folder = scratchFolder('postgres-server');
after(() => folder.remove());

let places = 0;

/** A data folder and an empty database, as a configuration. */
async function place(): Promise<{ dataDir: string; env: Record<string, string>; dsn: string }> {
  const server = await databases.server();
  const dsn = await server.createDatabase();
  places += 1;
  return {
    dsn,
    dataDir: join(folder.path, String(places)),
    env: { SAFE_METADATA_BACKEND: 'postgresql', SAFE_POSTGRES_DSN: dsn },
  };
}

testOnPostgres('two nodes on one database are one server to their clients, from upload to deletion', async () => {
  const { dataDir, env } = await place();
  await createAccount(dataDir, 'ada', 'admin', env);
  const settings = { ...env, SAFE_DELETION_WORKER_INTERVAL: '150ms' };
  // Each node has a data folder of its own, so only what is in the rows is shared here.
  const nodes = await Promise.all([
    startServer({ dataDir, env: settings }),
    startServer({ dataDir: `${dataDir}-other`, env: settings }),
  ]);
  const contract = await Contract.of(nodes[0].url);
  const [here, there] = nodes.map((node) => new Client(node.url, contract)) as [Client, Client]; // one a node
  const { token, sessionId } = await signIn(here, 'ada');
  assert.ok(sessionId);
  const [ada, adaThere] = [here.as(token), there.as(token)];
  const incident = await ada.incident({ client_label: 'é 😀', notes: "line one\nline 'two'" });
  const stream = await adaThere.stream(incident);
  const bytes = bytesOf(2000);
  const first = await ada.put(incident, stream, 1, bytes, { key: 'k-1' });
  assert.equal(first.status, 201, first.code);
  const replay = await ada.put(incident, stream, 1, bytes, { key: 'k-1' });
  assert.deepEqual([replay.status, replay.body.id], [200, first.body.id]);
  const elsewhereBody = await adaThere.get(`/v1/incidents/${incident}`);
  assert.equal(elsewhereBody.status, 200);
  assert.equal((await adaThere.post(`/v1/incidents/${incident}/close`)).status, 200);
  const late = await ada.put(incident, stream, 2, bytes);
  assert.deepEqual([late.status, late.code], [409, 'incident_closed']);
  assert.equal((await adaThere.post('/v1/auth/logout')).status < 300, true);
  assert.equal((await ada.get(`/v1/incidents/${incident}`)).status, 401, 'a session ended there is ended here');
  const again = here.as((await signIn(here, 'ada')).token);
  assert.equal((await again.post(`/v1/incidents/${incident}/deletion`)).status < 300, true);
  await until(
    async () =>
      (await again.get(`/v1/incidents/${incident}/deletion`)).body.deletion.state === 'deleted' ? true : undefined,
    'deletion',
  );
  for (const node of nodes) {
    const ready = await fetch(`${node.adminUrl}/admin/health/ready`);
    assert.equal(ready.status, 200);
    assert.equal(await node.stop(), 0);
    assert.doesNotMatch(node.log(), /"level":"(error|fatal)"/);
    assert.doesNotMatch(node.log(), /postgres(ql)?:|127\.0\.0\.1:\d+\/test_/);
  }
  assert.equal(existsSync(join(dataDir, 'proofline.db')), false, 'no SQLite file beside it');
});

testOnPostgres('while the database is away every answer is a 503, and readiness says which part it is', async () => {
  const { dataDir, env } = await place();
  const server = await databases.server();
  await createAccount(dataDir, 'ada', 'admin', env);
  const node = await startServer({ dataDir, env });
  const contract = await Contract.of(node.url);
  const ada = new Client(node.url, contract).as((await signIn(new Client(node.url, contract), 'ada')).token);
  await server.halt('immediate');
  const answer = await ada.get('/v1/incidents');
  assert.deepEqual([answer.status, answer.code], [503, 'metadata_unavailable']);
  const ready = await fetch(`${node.adminUrl}/admin/health/ready`);
  assert.equal(ready.status, 503);
  const text = await ready.text();
  assert.match(text, /unavailable/);
  assert.doesNotMatch(text, /127\.0\.0\.1|test_|ECONN/);
  await server.begin();
  assert.equal((await ada.get('/v1/incidents')).status, 200);
  assert.equal(await node.stop(), 0);
  assert.doesNotMatch(node.log(), /postgresql:|test@|test_\d/);
});

testOnPostgres('commands work on PostgreSQL as on a file', async () => {
  const { dataDir, env, dsn } = await place();
  const run = (...args: string[]) => cli(args, { ...env, SAFE_DATA_DIR: dataDir });
  const listed = await run('migrate', '--dry-run');
  assert.deepEqual([listed.code, /would apply 0001_canonical/.test(listed.stdout)], [0, true], listed.stderr);
  assert.equal((await run('doctor')).code, 0);
  const applied = await run('migrate', '--json');
  assert.equal(JSON.parse(applied.stdout).migrations[0], '0001_canonical');
  assert.match((await run('migrate')).stdout, /Nothing to do/);
  await createAccount(dataDir, 'ada', 'admin', env);
  assert.match((await run('accounts', 'list')).stdout, /^ada\s+admin\s+\d{4}-\d\d-\d\dT[\d:.]+Z/);
  assert.match((await run('retention', 'preview')).stdout, /0 incidents/);
  const reset = await cli(
    ['accounts', 'reset-password', '--username', 'ada', '--password-file', '-'],
    { ...env, SAFE_DATA_DIR: dataDir },
    `${adminPassword} again`,
  );
  assert.equal(reset.code, 0, reset.stderr);
  const server = await databases.server();
  assert.deepEqual(await server.sql(databaseOf(dsn), 'SELECT username FROM accounts'), [{ username: 'ada' }]);
});

testOnPostgres('doctor says what is wrong with the database, and never where it is', async () => {
  const { dataDir, env, dsn } = await place();
  const run = async (more: Record<string, string> = {}) => {
    const result = await cli(['doctor'], { ...env, SAFE_DATA_DIR: dataDir, ...more });
    assert.doesNotMatch(result.stdout + result.stderr, /127\.0\.0\.1|test@|test_\d|canary/);
    return result;
  };
  await createAccount(dataDir, 'ada', 'admin', env);
  const good = await run();
  assert.equal(good.code, 0, good.stdout);
  for (const line of [
    /ok +database +PostgreSQL \d+/,
    /ok +durability/,
    /ok +database clock +0\.\d s/,
    /ok +migrations/,
  ])
    assert.match(good.stdout, line);
  assert.doesNotMatch(good.stdout, /roles/);

  const sameRole = await run({ SAFE_POSTGRES_MIGRATE_DSN: dsn });
  assert.deepEqual([sameRole.code, /BAD +roles/.test(sameRole.stdout)], [1, true], sameRole.stdout);
  const gone = await run({ SAFE_POSTGRES_DSN: 'postgresql://canary:canary@127.0.0.1:1/canary' });
  assert.deepEqual(
    [gone.code, /BAD +database +.*ECONNREFUSED/.test(gone.stdout)],
    [1, true],
    gone.stdout + gone.stderr,
  );
  const nobody = await run({ SAFE_POSTGRES_DSN: elsewhere(dsn, { user: 'canary' }) });
  assert.deepEqual([nobody.code, /BAD +database/.test(nobody.stdout)], [1, true], nobody.stdout + nobody.stderr);
  const server = await databases.server();
  await server.sql(databaseOf(dsn), "UPDATE schema_migrations SET checksum = 'x' WHERE id = '0001_canonical'");
  const changed = await run();
  assert.deepEqual(
    [changed.code, /BAD +database +Migration 0001_canonical has changed/.test(changed.stdout)],
    [1, true],
  );
});

testOnPostgres('a start that cannot be is explained without the DSN', async () => {
  const { dataDir, dsn } = await place();
  const serve = async (env: Record<string, string>) => {
    const result = await cli(['serve'], { SAFE_METADATA_BACKEND: 'postgresql', SAFE_DATA_DIR: dataDir, ...env });
    assert.equal(result.code, 78, result.stderr + result.stdout);
    assert.doesNotMatch(result.stdout + result.stderr, /canary|127\.0\.0\.1|test@/);
    return result.stderr;
  };
  assert.match(await serve({}), /SAFE_POSTGRES_DSN is not set/);
  assert.match(
    await serve({ SAFE_POSTGRES_DSN: 'mysql://canary:canary@canary/canary' }),
    /SAFE_POSTGRES_DSN .*is not valid/,
  );
  assert.match(await serve({ DATABASE_URL: 'postgresql://canary:canary@127.0.0.1:1/canary' }), /ECONNREFUSED/);
  assert.match(
    await serve({ SAFE_POSTGRES_DSN: dsn, DATABASE_URL: 'postgresql://canary@canary/canary' }),
    /SAFE_POSTGRES_DSN and DATABASE_URL are the same setting and have different values/,
  );
  assert.match(await serve({ SAFE_POSTGRES_DSN: elsewhere(dsn, { user: 'canary' }) }), /SAFE_POSTGRES_DSN in \(28/);
});
