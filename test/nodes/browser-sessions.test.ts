/** Sign-ins of browsers on two nodes that share one PostgreSQL and one Valkey: whichever answers, there is one truth. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Client } from '../http/support/client.ts';
import { Contract } from '../http/support/contract.ts';
import { SignedInBrowser } from '../http/support/signed-in-browser.ts';
import { lacks, missing } from '../support/needs.ts';
import { createAccount, scratchFolder, startServer, type TestServer } from '../support/server.ts';
import { startPostgres, type TestPostgres } from '../support/services/postgres.ts';
import { startRedis, type TestRedis } from '../support/services/redis.ts';

const needed = ['postgres', 'valkey'] as const;

test('two nodes need something to share', (t) => {
  if (lacks(t, ...needed)) return;
  assert.deepEqual(missing(...needed), []);
});

describe('browsers on two nodes', { skip: missing(...needed).length > 0 }, () => {
  const folder = scratchFolder('browser-nodes');
  let postgres: TestPostgres;
  let redis: TestRedis;
  const nodes: TestServer[] = [];
  let [one, two]: Client[] = [];

  before(async () => {
    [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
    const env = {
      SAFE_METADATA_BACKEND: 'postgresql',
      SAFE_POSTGRES_DSN: await postgres.createDatabase(),
      SAFE_COORDINATION_BACKEND: 'valkey',
      REDIS_URL: redis.url,
      SAFE_MAIN_API_RATE_LIMIT_ENABLED: 'true',
      SAFE_MAIN_API_RATE_LIMIT_WINDOW: '10m',
      SAFE_MAIN_API_RATE_LIMIT_AUTH: '0',
      SAFE_MAIN_API_RATE_LIMIT_REFRESH: '0',
      SAFE_MAIN_API_RATE_LIMIT_ACCOUNT: '0',
      SAFE_MAIN_API_RATE_LIMIT_SIGN_IN: '5',
    };
    for (const name of ['ada', 'bob']) await createAccount(join(folder.path, 'first'), name, 'admin', env);
    for (const name of ['a', 'b']) nodes.push(await startServer({ dataDir: join(folder.path, name), env }));
    [one, two] = await Promise.all(nodes.map(async ({ url }) => new Client(url, await Contract.of(url))));
  });
  after(async () => {
    for (const server of nodes) server.process.kill('SIGKILL');
    await Promise.all([postgres?.stop(), redis?.stop()]);
    folder.remove();
  });

  /** The same browser as each node sees it. */
  async function signedIn(username: string): Promise<[SignedInBrowser, SignedInBrowser]> {
    assert.ok(one && two);
    const browser = new SignedInBrowser(one);
    assert.equal((await browser.signIn(username)).status, 201);
    return [browser, browser.copy(two)];
  }

  test('tabs that renew on both nodes at once get one successor and stay signed in', async () => {
    const [first, second] = await signedIn('ada');
    for (let round = 0; round < 15; round++) {
      const tabs = Array.from({ length: 6 }, (_, n) => (n % 2 === 0 ? first : second).copy());
      const answers = await Promise.all(tabs.map((tab) => tab.refresh()));
      assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200], `round ${round}`);
      assert.equal(new Set(tabs.map((tab) => tab.cookie('refresh'))).size, 1);
      for (const tab of tabs) assert.equal((await tab.get('/v1/account')).status, 200);
      for (const browser of [first, second]) browser.take(tabs[0] ?? first);
    }
  });

  test('a thief and the owner who go on at once on two nodes: at most one round later both are out', async () => {
    for (let round = 0; round < 3; round++) {
      const [owner, thief] = await signedIn(round === 0 ? 'bob' : 'ada');
      const old = owner.copy();
      await Promise.all([owner.refresh(), thief.refresh()]);
      await Promise.all([owner.refresh(), thief.refresh()]);
      // Both went the same way so far. Now the owner goes on, and the thief comes with what is old.
      assert.equal((await old.refresh()).status, 401);
      for (const browser of [owner, thief]) {
        assert.equal((await browser.get('/v1/account')).status, 401);
        assert.equal((await browser.refresh()).status, 401);
      }
    }
  });

  test('what ends on one node has ended on the other, and guesses are counted together', async () => {
    assert.ok(one && two);
    const [first, second] = await signedIn('bob');
    assert.equal((await first.post('/v1/auth/logout-everywhere')).status, 200);
    assert.equal((await second.get('/v1/account')).status, 401);
    assert.equal((await second.refresh()).status, 401);
    const guess = { username: 'nobody', password: 'not the password' };
    const statuses = await Promise.all(
      Array.from({ length: 8 }, (_, n) => (n % 2 === 0 ? one : two)?.post('/v1/auth/login', guess)),
    );
    assert.deepEqual(statuses.map((answer) => answer?.status).sort(), [401, 401, 401, 401, 401, 429, 429, 429]);
    assert.equal((await second.signIn('bob')).status, 201, 'the browser is known on both');
  });
});
