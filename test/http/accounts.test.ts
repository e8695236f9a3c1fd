import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import bcrypt from 'bcrypt';
import { cli, scratchFolder, startServer } from '../support/server.ts';
import { Client } from './support/client.ts';
import { Contract } from './support/contract.ts';
import { openWorld, password, signIn, type World } from './support/world.ts';

let world: World;
before(async () => {
  world = await openWorld('accounts');
});
after(() => world.close());

const login = (username: unknown, secret: unknown = password) =>
  world.nobody.post('/v1/auth/login', { username, password: secret });

test('login gives a session with its account and a token that is nowhere else', async () => {
  const answer = await login('ada');
  assert.equal(answer.status, 201);
  assert.deepEqual(Object.keys(answer.body).sort(), ['account', 'created_at', 'expires_at', 'session_id', 'token']);
  assert.match(answer.body.session_id, /^ses_[0-9a-z]{26}$/);
  assert.match(answer.body.token, /^[A-Za-z0-9_-]{43}$/);
  assert.equal(Date.parse(answer.body.expires_at) - Date.parse(answer.body.created_at), 12 * 3_600_000);
  const { account } = answer.body;
  assert.deepEqual(Object.keys(account), ['id', 'username', 'role', 'created_at', 'updated_at', 'password_changed_at']);
  assert.deepEqual([account.id, account.username, account.role], [world.accounts.ada, 'ada', 'user']);
  assert.equal(answer.headers.get('cache-control'), 'no-store');
  await world.rows(async (query) => {
    const rows = JSON.stringify(await query('SELECT * FROM auth_sessions'));
    assert.ok(!rows.includes(answer.body.token));
  });
});

test('a username is compared without case and spaces around it', async () => {
  assert.equal((await login(' ADA ')).status, 201);
});

test('whatever is wrong with a login, the answer is one', async () => {
  const answers = await Promise.all([
    login('ada', 'wrong password here'),
    login('nobody-of-that-name'),
    login('', 'x'),
    login('ada', ''),
    login('ada', `${password} `),
    login('ada', 'x'.repeat(1_024)),
    login("' OR 1=1 --"),
  ]);
  for (const answer of answers) {
    assert.deepEqual([answer.status, answer.code], [401, 'invalid_credentials']);
    assert.equal(answer.body.error.message, answers[0]?.body.error.message);
    assert.equal(answer.headers.get('www-authenticate'), 'Bearer');
  }
});

test('a login for an unknown name costs what a wrong password costs', async () => {
  // An account with a hash of the real cost; the others of this suite have a cheap one.
  const made = await world.root.post('/v1/admin/accounts', { username: 'carol', password });
  assert.equal(made.status, 201);
  const time = async (username: string) => {
    const samples: number[] = [];
    for (let i = 0; i < 5; i++) {
      const from = performance.now();
      await login(username, 'wrong password here');
      samples.push(performance.now() - from);
    }
    return Math.min(...samples);
  };
  await login('unknown-0');
  const [known, unknown] = [await time('carol'), await time('unknown-1')];
  // Least times of five: without the work for unknown names the ratio is far above ten.
  assert.ok(unknown > known / 3 && unknown < known * 3, `known ${known} ms, unknown ${unknown} ms`);
});

test('passwords are 12 to 72 bytes, counted in UTF-8; longer ones are refused, not cut', async () => {
  let n = 0;
  const create = (secret: string) =>
    world.root.post('/v1/admin/accounts', { username: `pw-${n++}-user`, password: secret });
  for (const bad of [
    '',
    'x'.repeat(11),
    'x'.repeat(73),
    'é'.repeat(37),
    '🔥'.repeat(19),
    `long enough \0 but NUL`,
    '\ud800 not well-formed',
  ]) {
    const answer = await create(bad);
    assert.deepEqual([answer.status, answer.code], [400, 'invalid_password'], JSON.stringify(bad));
  }
  for (const good of ['x'.repeat(12), 'é'.repeat(6), '🔥'.repeat(18)]) assert.equal((await create(good)).status, 201);
  const long = 'y'.repeat(72);
  await create(long);
  const name = `pw-${n - 1}-user`;
  assert.equal((await login(name, long)).status, 201);
  assert.equal((await login(name, `${long}z`)).status, 401, 'the first 72 bytes of a longer one are not enough');
});

test('usernames have a form and are unique', async () => {
  for (const username of ['', 'ab', 'x'.repeat(65), '-abc', 'a b c', 'ada\u0130', 'abc\u0000def', '<b>ada</b>']) {
    const answer = await world.root.post('/v1/admin/accounts', { username, password });
    assert.ok(['invalid_username', 'invalid_request'].includes(answer.code), `${username}: ${answer.code}`);
  }
  const taken = await world.root.post('/v1/admin/accounts', { username: 'Ada', password });
  assert.deepEqual([taken.status, taken.code], [409, 'username_conflict']);
  const role = await world.root.post('/v1/admin/accounts', { username: 'dave', password, role: 'owner' });
  assert.equal(role.code, 'invalid_request');
});

test('tokens that are missing, of another scheme, wrong, expired or revoked are told alike', async () => {
  const { token } = await signIn(world.nobody, 'ada');
  const expired = await signIn(world.nobody, 'ada');
  await world.rows(async (query) => {
    const past = new Date(Date.now() - 1_000).toISOString();
    await query('UPDATE auth_sessions SET expires_at = ? WHERE id = ?', past, expired.sessionId);
  });
  const revoked = await signIn(world.nobody, 'ada');
  assert.equal((await world.nobody.as(revoked.token).post('/v1/auth/logout')).status, 204);
  const headers: (string | undefined)[] = [
    undefined,
    'Bearer',
    'Bearer ',
    `Basic ${token}`,
    token,
    `Bearer ${token}x`,
    `Bearer ${token.slice(1)}`,
    `Bearer ${expired.token}`,
    `Bearer ${revoked.token}`,
    `Bearer ${'a'.repeat(600)}`,
    `Bearer ${token} ${token}`,
  ];
  const texts = new Set<string>();
  for (const header of headers) {
    const answer = await world.nobody.get('/v1/account', header === undefined ? {} : { authorization: header });
    assert.deepEqual([answer.status, answer.code], [401, 'authentication_required'], header);
    texts.add(JSON.stringify(answer.body));
  }
  assert.equal(texts.size, 1);
  for (const scheme of ['Bearer', 'bearer', 'BEARER'])
    assert.equal((await world.nobody.get('/v1/account', { authorization: `${scheme} ${token}` })).status, 200);
});

test('logout ends this session and no other', async () => {
  const [one, two] = [await signIn(world.nobody, 'bob'), await signIn(world.nobody, 'bob')];
  assert.equal((await world.nobody.as(one.token).post('/v1/auth/logout')).status, 204);
  assert.equal((await world.nobody.as(one.token).get('/v1/account')).status, 401);
  assert.equal((await world.nobody.as(two.token).get('/v1/account')).status, 200);
});

test('changing the own password ends the other sessions and keeps this one', async () => {
  const made = await world.root.post('/v1/admin/accounts', { username: 'erin', password });
  assert.equal(made.status, 201);
  const [mine, other] = [await signIn(world.nobody, 'erin'), await signIn(world.nobody, 'erin')];
  const erin = world.nobody.as(mine.token);
  const change = (current: string, next: string) =>
    erin.post('/v1/account/password', { current_password: current, new_password: next });
  assert.deepEqual((await change('not the password', 'a new pass phrase')).code, 'invalid_credentials');
  assert.deepEqual((await change(password, 'short')).code, 'invalid_password');
  assert.deepEqual((await change(password, 'z'.repeat(73))).code, 'invalid_password');
  assert.equal((await world.nobody.as(other.token).get('/v1/account')).status, 200, 'refusals end nothing');
  const done = await change(password, 'a new pass phrase');
  assert.deepEqual([done.status, done.body], [200, { sessions_revoked: 1 }]);
  assert.equal((await erin.get('/v1/account')).status, 200);
  assert.equal((await world.nobody.as(other.token).get('/v1/account')).status, 401);
  assert.equal((await login('erin', password)).status, 401);
  assert.equal((await login('erin', 'a new pass phrase')).status, 201);
});

test('an administrator lists accounts in pages, resets passwords and ends sessions', async () => {
  const seen: string[] = [];
  for (let cursor = ''; ; ) {
    const page = await world.root.get(`/v1/admin/accounts?limit=2${cursor}`);
    assert.ok(page.body.accounts.length <= 2);
    seen.push(...page.body.accounts.map(({ id }: { id: string }) => id));
    if (page.body.next_cursor === undefined) break;
    cursor = `&cursor=${page.body.next_cursor}`;
  }
  assert.equal(new Set(seen).size, seen.length);
  for (const id of Object.values(world.accounts)) assert.ok(seen.includes(id));

  const session = await signIn(world.nobody, 'bob');
  const revoke = await world.root.post(`/v1/admin/accounts/${world.accounts.bob}/sessions/revoke`);
  assert.equal(revoke.status, 200);
  assert.ok(revoke.body.sessions_revoked >= 1);
  assert.equal((await world.nobody.as(session.token).get('/v1/account')).status, 401);
  const again = await signIn(world.nobody, 'bob');
  const path = `/v1/admin/accounts/${world.accounts.bob}/password`;
  assert.equal((await world.root.post(path, { new_password: 'short' })).code, 'invalid_password');
  const reset = await world.root.post(path, { new_password: 'given by the admin' });
  assert.deepEqual([reset.status, reset.body.sessions_revoked], [200, 1]);
  assert.equal((await world.nobody.as(again.token).get('/v1/account')).status, 401);
  assert.equal((await login('bob', 'given by the admin')).status, 201);
  for (const action of ['password', 'sessions/revoke', 'quota']) {
    const body =
      action === 'password' ? { new_password: password } : action === 'quota' ? { bytes_limit: 1 } : undefined;
    const answer = await world.root.post(`/v1/admin/accounts/acct_nobody/${action}`, body);
    assert.deepEqual([answer.status, answer.code], [404, 'account_not_found'], action);
  }
});

test('passwords are kept as bcrypt of cost 12 or more', async () => {
  await world.rows(async (query) => {
    const [row] = await query("SELECT password_hash FROM accounts WHERE username = 'erin'");
    assert.ok(bcrypt.getRounds(String(row?.password_hash)) >= 12);
  });
});

test('while no administrator exists everything fails closed', async () => {
  const folder = scratchFolder('setup');
  const server = await startServer({ dataDir: folder.path });
  try {
    const nobody = new Client(server.url, await Contract.of(server.url));
    for (const { method, path, operation } of world.contract.operations()) {
      if (operation['x-access'] === 'anyone' && path !== '/v1/auth/login') continue;
      const body = operation.requestBody?.content['application/json']?.example;
      for (const client of [nobody, nobody.as('x')]) {
        const answer = await client.call(method, path.replace(/\{[a-z_]+\}/g, 'x'), body);
        // An answer to HEAD has no body to say why.
        const code = method === 'HEAD' ? '' : 'setup_required';
        assert.deepEqual([answer.status, answer.code], [503, code], `${method} ${path}`);
      }
    }
    const env = { SAFE_DATA_DIR: folder.path };
    // A user is no administrator: still closed.
    assert.equal(
      (await cli(['accounts', 'create', '--username', 'user-1', '--password-file', '-'], env, password)).code,
      0,
    );
    assert.equal((await nobody.post('/v1/auth/login', { username: 'user-1', password })).code, 'setup_required');
    const created = await cli(
      ['accounts', 'create', '--username', 'admin', '--admin', '--password-file', '-'],
      env,
      password,
    );
    assert.equal(created.code, 0, created.stderr);
    assert.equal((await nobody.post('/v1/auth/login', { username: 'admin', password })).status, 201);
    assert.equal((await nobody.get('/v1/account')).code, 'authentication_required');
  } finally {
    assert.equal(await server.stop(), 0);
    folder.remove();
  }
});
