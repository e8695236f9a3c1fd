import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sha256Hex } from './support/client.ts';
import { SignedInBrowser } from './support/signed-in-browser.ts';
import { openWorld, password, signIn, type World } from './support/world.ts';

let world: World;
before(async () => {
  world = await openWorld('browsers');
});
after(() => world.close());

async function signedIn(username = 'ada'): Promise<SignedInBrowser> {
  const browser = new SignedInBrowser(world.nobody);
  const answer = await browser.signIn(username);
  assert.equal(answer.status, 201, answer.code);
  return browser;
}

const isIn = async (browser: SignedInBrowser) => (await browser.get('/v1/account')).status === 200;
const create = (browser: SignedInBrowser, headers?: Record<string, string>) =>
  browser.post('/v1/incidents', {}, headers);

/** Moves what happened to a refresh token into the past. */
async function usedSecondsAgo(token: string, seconds: number): Promise<void> {
  await world.rows(async (query) => {
    const at = new Date(Date.now() - seconds * 1000).toISOString();
    await query('UPDATE refresh_tokens SET used_at = ? WHERE token_hash = ?', at, sha256Hex(Buffer.from(token)));
  });
}

async function audited(action: string): Promise<Record<string, unknown>[]> {
  let found: Record<string, unknown>[] = [];
  await world.rows(async (query) => {
    found = await query(
      'SELECT actor, actor_account_id, owner_account_id, subject_id, outcome, detail FROM audit_log WHERE action = ? ORDER BY id',
      action,
    );
  });
  return found.map((row) => ({ ...row }));
}

test('signing in sets cookies that no script reads, no neighbour gets and no other site sends', async () => {
  const answer = await new SignedInBrowser(world.nobody).signIn('ada');
  const cookies = answer.headers.getSetCookie().map((cookie) => cookie.replace(/=[^;]+/, '=…'));
  const ages = { session: 15 * 60, refresh: 30 * 86_400, device: 180 * 86_400 };
  assert.deepEqual(
    cookies,
    Object.entries(ages).map(
      ([name, age]) => `__Host-proofline_${name}=…; Path=/; HttpOnly; Secure; SameSite=Strict; Max-Age=${age}`,
    ),
  );
  assert.ok(!JSON.stringify(answer.body).includes(answer.headers.getSetCookie()[0]?.split(/[=;]/)[1] ?? '-'));
  assert.equal(answer.body.account.username, 'ada');
});

test('the cookie is the caller for reading; for changing the token and the origin must be right too', async () => {
  const browser = await signedIn();
  assert.equal((await browser.get('/v1/account')).body.account.username, 'ada');
  assert.equal((await create(browser)).status, 201);
  const other = await signedIn();
  const wrong: Record<string, Record<string, string>> = {
    'no token': { 'x-csrf-token': '' },
    'a wrong token': { 'x-csrf-token': 'x'.repeat(43) },
    "another session's token": { 'x-csrf-token': other.csrfToken },
    'another origin': { origin: 'https://evil.example' },
    'no origin': { origin: '' },
    'another site': { 'sec-fetch-site': 'cross-site' },
    'a neighbour': { 'sec-fetch-site': 'same-site' },
  };
  for (const [what, headers] of Object.entries(wrong)) {
    const answer = await create(browser, headers);
    assert.deepEqual([answer.status, answer.code], [403, 'csrf_failed'], what);
  }
  assert.equal((await create(browser, { origin: '', 'sec-fetch-site': 'same-origin' })).status, 201);
});

test('a cookie is no bearer token, a bearer token no cookie, and a bad token is not helped by a cookie', async () => {
  const browser = await signedIn();
  const { token } = await signIn(world.nobody, 'ada');
  const bearer = (value: string) => ({ authorization: `Bearer ${value}` });
  assert.equal((await world.nobody.get('/v1/account', bearer(browser.cookie('session')))).status, 401);
  for (const value of [token, browser.cookie('refresh'), browser.cookie('device'), `${token}.${token}`])
    assert.equal(
      (await world.nobody.get('/v1/account', { cookie: `__Host-proofline_session=${value}` })).status,
      401,
      'what is no session cookie',
    );
  assert.equal((await browser.call('GET', '/v1/account', undefined, bearer('wrong'))).status, 401);
  const withToken = await browser.call('POST', '/v1/auth/logout', undefined, bearer(token));
  assert.equal(withToken.status, 204);
  assert.deepEqual(withToken.headers.getSetCookie(), [], 'the cookies are of another session');
  assert.ok(await isIn(browser));
});

test('over plain http that is no loopback, signing in is refused and says why', async () => {
  const browser = new SignedInBrowser(world.nobody);
  const answer = await fetchAs('vault.example', 'http://vault.example');
  assert.deepEqual([answer.status, answer.code], [403, 'https_required']);
  for (const host of ['localhost:8080', '127.0.0.1', '[::1]:8080', 'proofline.localhost'])
    assert.equal((await fetchAs(host, `http://${host}`)).status, 201, host);
  const foreign = await browser.post(
    '/v1/auth/browser/login',
    { username: 'ada', password },
    { origin: 'https://evil.example' },
  );
  assert.deepEqual([foreign.status, foreign.code], [403, 'csrf_failed']);
});

test('a refresh exchanges both cookies and keeps the CSRF token', async () => {
  const browser = await signedIn();
  const before = browser.copy();
  const answer = await browser.refresh();
  assert.equal(answer.status, 200, answer.code);
  assert.equal(answer.body.csrf_token, browser.csrfToken);
  for (const name of ['session', 'refresh'] as const) assert.notEqual(browser.cookie(name), before.cookie(name));
  assert.ok(await isIn(browser));
  assert.equal((await create(browser)).status, 201);
  for (let i = 0; i < 5; i++) assert.equal((await browser.refresh()).status, 200);
  assert.ok(await isIn(browser));
});

test('tabs that refresh at once all stay signed in, and end with the same token', async () => {
  const browser = await signedIn();
  const tabs = Array.from({ length: 6 }, () => browser.copy());
  const answers = await Promise.all(tabs.map((tab) => tab.refresh()));
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
  assert.equal(new Set(tabs.map((tab) => tab.cookie('refresh'))).size, 1);
  assert.equal(new Set(tabs.map((tab) => tab.cookie('session'))).size, tabs.length);
  for (const tab of tabs) assert.ok(await isIn(tab));
  const [last] = tabs;
  assert.equal((await last?.refresh())?.status, 200);
});

test('an old refresh token after the new one was used ends the family, also within the grace', async () => {
  const [browser, untouched] = [await signedIn(), await signedIn()];
  const thief = browser.copy();
  assert.equal((await browser.refresh()).status, 200);
  assert.equal((await browser.refresh()).status, 200);
  const reused = await thief.refresh();
  assert.deepEqual([reused.status, reused.code], [401, 'authentication_required']);
  assert.deepEqual([...thief.cookies.keys()], ['__Host-proofline_device']);
  assert.equal(await isIn(browser), false, 'its sessions ended');
  assert.equal((await browser.refresh()).status, 401, 'and what renews them');
  assert.ok(await isIn(untouched), 'another sign-in goes on');
  const [entry] = (await audited('account.refresh_reuse')).slice(-1);
  assert.deepEqual([entry?.actor, entry?.owner_account_id, entry?.outcome], ['unknown', world.accounts.ada, 'refused']);
});

test('an old refresh token after the grace ends the family, also when its successor was never used', async () => {
  const browser = await signedIn();
  const thief = browser.copy();
  assert.equal((await browser.refresh()).status, 200);
  await usedSecondsAgo(thief.cookie('refresh'), 9);
  assert.equal((await thief.copy().refresh()).status, 200, 'still within it');
  await usedSecondsAgo(thief.cookie('refresh'), 11);
  assert.equal((await thief.refresh()).status, 401);
  assert.equal(await isIn(browser), false);
  assert.equal((await browser.refresh()).status, 401);
});

test('whoever used a stolen token first is out as soon as the owner comes', async () => {
  const browser = await signedIn();
  const thief = browser.copy();
  assert.equal((await thief.refresh()).status, 200);
  assert.equal((await thief.refresh()).status, 200);
  assert.equal((await browser.refresh()).status, 401);
  assert.equal(await isIn(thief), false);
});

test('a family ends on its day, however often it was renewed, and what is expired is not renewed', async () => {
  const browser = await signedIn();
  const first = await browser.refresh();
  const second = await browser.refresh();
  assert.equal(first.body.sign_in_expires_at, second.body.sign_in_expires_at);
  await world.rows(async (query) => {
    const hash = sha256Hex(Buffer.from(browser.cookie('refresh')));
    const past = new Date(Date.now() - 1000).toISOString();
    await query('UPDATE refresh_tokens SET expires_at = ? WHERE token_hash = ?', past, hash);
  });
  assert.equal((await browser.refresh()).status, 401);
  for (const value of ['', 'x', `${'a'.repeat(43)}.${'a'.repeat(43)}`]) {
    const stranger = new SignedInBrowser(world.nobody);
    stranger.cookies.set('__Host-proofline_refresh', value);
    assert.equal((await stranger.refresh()).code, 'authentication_required');
  }
  const cross = await (await signedIn()).post('/v1/auth/refresh', undefined, { 'sec-fetch-site': 'cross-site' });
  assert.deepEqual([cross.status, cross.code], [403, 'csrf_failed']);
});

test('signing in again ends what the same browser was signed in with', async () => {
  const browser = await signedIn();
  const before = browser.copy();
  assert.equal((await browser.signIn('bob')).status, 201);
  assert.equal((await browser.get('/v1/account')).body.account.username, 'bob');
  assert.equal(await isIn(before), false);
  assert.equal((await before.refresh()).status, 401);
  assert.ok(await isIn(browser));
});

test('signing out ends the session, what renews it, and no other sign-in', async () => {
  const [browser, other] = [await signedIn(), await signedIn()];
  const copy = browser.copy();
  assert.equal((await browser.post('/v1/auth/logout')).status, 204);
  assert.deepEqual([...browser.cookies.keys()], ['__Host-proofline_device']);
  assert.equal(await isIn(copy), false);
  assert.equal((await copy.refresh()).status, 401);
  assert.ok(await isIn(other));
});

test('signing out everywhere ends browsers and programs alike, and nobody else', async () => {
  const [browser, other, bob] = [await signedIn(), await signedIn(), await signedIn('bob')];
  const { token } = await signIn(world.nobody, 'ada');
  const answer = await browser.post('/v1/auth/logout-everywhere');
  assert.equal(answer.status, 200);
  assert.ok(answer.body.sessions_revoked >= 3);
  assert.deepEqual([...browser.cookies.keys()], ['__Host-proofline_device']);
  assert.equal((await world.nobody.as(token).get('/v1/account')).status, 401);
  assert.equal(await isIn(other), false);
  assert.equal((await other.refresh()).status, 401);
  assert.ok(await isIn(bob));
  assert.equal((await world.ada.get('/v1/account')).status, 401);
});

test('a changed password keeps the browser that changed it and ends all others; a reset and a revocation end all', async () => {
  const made = await world.root.post('/v1/admin/accounts', { username: 'carla', password });
  const id = made.body.account.id;
  const [browser, other] = [await signedIn('carla'), await signedIn('carla')];
  const change = { current_password: password, new_password: 'another pass phrase' };
  assert.equal((await browser.post('/v1/account/password', change)).status, 200);
  assert.ok(await isIn(browser));
  assert.equal((await browser.refresh()).status, 200, 'it is still renewed');
  assert.equal((await other.refresh()).status, 401);
  for (const [path, body] of [
    ['password', { new_password: password }],
    ['sessions/revoke', undefined],
  ] as const) {
    const again = new SignedInBrowser(world.nobody);
    assert.equal((await again.signIn('carla', path === 'password' ? change.new_password : password)).status, 201);
    assert.equal((await world.root.post(`/v1/admin/accounts/${id}/${path}`, body)).status, 200);
    assert.equal(await isIn(again), false, path);
    assert.equal((await again.refresh()).status, 401, path);
  }
});

test('what happens to sign-ins is on the audit, without a word that a stranger typed', async () => {
  const browser = await signedIn('bob');
  await browser.post('/v1/auth/logout');
  await new SignedInBrowser(world.nobody).signIn('bob', 'not the password');
  await world.nobody.post('/v1/auth/login', { username: 'typed-by-a-stranger', password });
  const { bob } = world.accounts;
  const signIns = await audited('account.sign_in');
  const told = signIns.map(({ actor, owner_account_id, outcome, detail }) => [
    actor,
    owner_account_id,
    outcome,
    detail,
  ]);
  assert.deepEqual(told.slice(-3), [
    ['account', bob, 'done', 'browser'],
    ['unknown', bob, 'refused', 'wrong password'],
    ['unknown', null, 'refused', 'no such account'],
  ]);
  assert.equal((await audited('account.sign_out')).at(-1)?.owner_account_id, bob);
  await world.rows(async (query) => {
    const [row] = await query(
      "SELECT count(*) AS n FROM audit_log WHERE detail LIKE '%typed%' OR subject_id LIKE '%typed%'",
    );
    assert.equal(Number(row?.n), 0);
  });
});

/** Signs in under another name of this machine; fetch would not let us choose the Host. */
async function fetchAs(host: string, origin: string): Promise<{ status: number; code: string }> {
  const { request } = await import('node:http');
  const { hostname, port } = new URL(world.server.url);
  return await new Promise((resolve, reject) => {
    const asked = request(
      { hostname, port, method: 'POST', path: '/v1/auth/browser/login', headers: { host, origin } },
      async (answer) => {
        const parts: Buffer[] = [];
        for await (const part of answer) parts.push(part as Buffer);
        const body = JSON.parse(Buffer.concat(parts).toString());
        resolve({ status: answer.statusCode ?? 0, code: body.error?.code ?? '' });
      },
    );
    asked.once('error', reject).end(JSON.stringify({ username: 'ada', password }));
  });
}
