import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { adminBrowser, signInToPages } from '../support/admin-pages.ts';
import { signIn } from '../support/api.ts';
import {
  adminPassword,
  createAccount,
  repository,
  scratchFolder,
  startServer,
  type TestServer,
} from '../support/server.ts';
import { withRows } from '../support/stored-rows.ts';

const folder = scratchFolder('admin-http');
let server: TestServer;
const secrets: string[] = [];

before(async () => {
  await createAccount(folder.path, 'ada', 'admin');
  await createAccount(folder.path, 'grace', 'user');
  server = await startServer({ dataDir: folder.path, env: { SAFE_TRUSTED_PROXIES: '127.0.0.1' } });
});

after(async () => {
  assert.equal(await server?.stop(), 0);
  for (const secret of [...secrets, adminPassword]) assert.ok(!server.log().includes(secret), 'a secret is in the log');
  folder.remove();
});

async function signedIn() {
  const browser = adminBrowser(server.adminUrl);
  assert.equal((await signInToPages(browser, 'ada', adminPassword)).status, 303);
  secrets.push(...browser.cookies.values());
  return browser;
}

test('without a session every page leads to the sign-in, and no form does anything', async () => {
  const browser = adminBrowser(server.adminUrl);
  for (const page of [
    '',
    '/overview',
    '/accounts',
    '/accounts/new',
    '/incidents',
    '/incidents/inc_x',
    '/deletions',
    '/jobs',
    '/audit',
  ])
    assert.deepEqual(
      [(await browser.get(`/admin${page}`)).status, (await browser.get(`/admin${page}`)).location],
      [303, '/admin/login'],
      page,
    );
  await browser.get('/admin/login');
  for (const act of [
    '/accounts/new',
    '/accounts/acct_x/password',
    '/accounts/acct_x/quota',
    '/accounts/acct_x/sessions/end-all',
    '/incidents/inc_x/owner',
    '/incidents/inc_x/delete/confirm',
    '/jobs/job_x/repeat',
    '/logout',
  ])
    assert.equal((await browser.post(`/admin${act}`, {})).status, 403, act);
  // A session of the API is none of the pages, even an administrator's.
  const { token } = await signIn(server.url, 'ada');
  browser.cookies.set('proofline_admin_session', token);
  assert.equal((await browser.get('/admin/overview')).location, '/admin/login');
});

test('cookies are for these pages alone, unreadable for scripts, and Secure where the proxy says https', async () => {
  const plain = adminBrowser(server.adminUrl);
  const form = await plain.get('/admin/login');
  assert.match(form.setCookies[0] ?? '', /^proofline_admin_form=[\w-]{43}; Path=\/admin; HttpOnly; SameSite=Strict$/);
  const answer = await plain.post('/admin/login', { username: 'ada', password: adminPassword });
  assert.match(
    answer.setCookies[0] ?? '',
    /^proofline_admin_session=[\w-]{43}; Path=\/admin; HttpOnly; SameSite=Strict; Max-Age=28800$/,
  );
  const behindProxy = adminBrowser(server.adminUrl, { 'x-forwarded-proto': 'https' });
  const secure = await signInToPages(behindProxy, 'ada', adminPassword);
  assert.match(
    secure.setCookies[0] ?? '',
    /^__Secure-proofline_admin_session=[\w-]{43}; Path=\/admin; HttpOnly; SameSite=Strict; Secure; Max-Age=28800$/,
  );
  assert.equal((await behindProxy.get('/admin/overview')).status, 200);
  secrets.push(...plain.cookies.values(), ...behindProxy.cookies.values());
});

test('a form is accepted only from our own page in the same browser', async () => {
  const browser = await signedIn();
  const other = await signedIn();
  const account = { username: 'mallory', password: adminPassword, repeat: adminPassword };
  const host = new URL(server.adminUrl).host;
  const refused: [string, Record<string, string>, Record<string, string>][] = [
    ['another site', {}, { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
    ['another port of this host', {}, { 'sec-fetch-site': 'same-site', origin: 'http://127.0.0.1:1' }],
    ['no token', { form_token: '' }, {}],
    ["another browser's token", { form_token: other.token }, {}],
    ['a made-up token', { form_token: 'A'.repeat(43) }, {}],
  ];
  for (const [what, fields, headers] of refused) {
    const answer = await browser.post('/admin/accounts/new', { ...account, ...fields }, headers);
    assert.equal(answer.status, 403, what);
    assert.match(answer.text, /This form was not accepted/);
  }
  // Browsers that do not send Sec-Fetch-Site (plain http on a network) are judged by Origin.
  const unfetched = async (origin: Record<string, string>) => {
    const body = new URLSearchParams({ form_token: browser.token, ...account });
    const cookie = [...browser.cookies].map((pair) => pair.join('=')).join('; ');
    const headers = { cookie, 'content-type': 'application/x-www-form-urlencoded', ...origin };
    return (await fetch(`${server.adminUrl}/admin/accounts/new`, { method: 'POST', redirect: 'manual', headers, body }))
      .status;
  };
  assert.deepEqual(
    [await unfetched({}), await unfetched({ origin: 'null' }), await unfetched({ origin: 'http://evil.example' })],
    [403, 403, 403],
  );
  assert.equal(await unfetched({ origin: `http://${host}` }), 303);
  const json = await browser.post('/admin/accounts/new', account, { 'content-type': 'text/plain' });
  assert.equal(json.status, 400, 'only what our forms send');
});

test('a parked job is shown with its reason, and repeated', async () => {
  const browser = await signedIn();
  assert.match((await browser.get('/admin/jobs')).text, /No job is parked/);
  await withRows(folder.path, async (query) => {
    const [grace] = await query("SELECT id FROM accounts WHERE username = 'grace'");
    await query(
      "INSERT INTO jobs (id, kind, owner_account_id, state, attempts, run_after, error_code, error_detail, created_at, updated_at) VALUES ('job_x', 'ocr', ?, 'parked', 3, ?, 'too_<big>', 'It is too big.', ?, ?)",
      ...[String(grace?.id), '2036-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z'],
    );
  });
  const page = await browser.get('/admin/jobs');
  for (const words of ['Read text in a picture', '>grace</a>', 'too_&lt;big&gt;', 'It is too big.', '3 times'])
    assert.ok(page.text.includes(words), words);
  const repeated = await browser.post('/admin/jobs/job_x/repeat', {});
  assert.equal(repeated.location, '/admin/jobs?done=repeated');
  const after = await browser.get(repeated.location);
  for (const words of ['will be tried again', 'No job is parked']) assert.ok(after.text.includes(words), words);
  assert.equal((await browser.post('/admin/jobs/job_x/repeat', {})).location, '/admin/jobs?done=changed');
  assert.equal((await browser.post('/admin/jobs/job_y/repeat', {})).status, 404);
  assert.match((await browser.get('/admin/audit')).text, /Repeated a parked job/);
});

test('signing out ends the session on the server, not only in the browser', async () => {
  const browser = await signedIn();
  const kept = new Map(browser.cookies);
  const answer = await browser.post('/admin/logout', {});
  assert.deepEqual([answer.status, answer.location], [303, '/admin/login']);
  assert.match(answer.setCookies[0] ?? '', /Max-Age=0$/);
  for (const [name, value] of kept) browser.cookies.set(name, value);
  assert.equal((await browser.get('/admin/overview')).location, '/admin/login');
});

test('refused sign-ins are audited, without what was typed unless it names an account', async () => {
  const browser = adminBrowser(server.adminUrl);
  for (const [username, password] of [
    ['my-password-in-the-wrong-field', 'x'],
    ['ada', 'not the password'],
    ['grace', adminPassword],
  ] as const) {
    const answer = await signInToPages(browser, username, password);
    assert.equal(answer.status, 401);
    assert.ok(answer.text.includes(`value="${username}"`), 'the username stays in the form');
    assert.ok(!answer.text.includes(password === 'x' ? 'value="x"' : password), 'the password does not');
  }
  const audit = (await (await signedIn()).get('/admin/audit')).text;
  assert.ok(!audit.includes('my-password-in-the-wrong-field'));
  for (const detail of ['no such account', 'wrong password', 'not an administrator', 'Refused'])
    assert.ok(audit.includes(detail), detail);
  assert.match(audit, /entries are in the hash chain\.\s+It ends with\s+<code>\d+:[0-9a-f]{64}<\/code>/);
});

test('pages are never kept, never framed, and name no other origin', async () => {
  const { headers, text } = await (await signedIn()).get('/admin/overview');
  assert.equal(headers.get('cache-control'), 'no-store');
  assert.equal(headers.get('x-frame-options'), 'DENY');
  assert.equal(headers.get('referrer-policy'), 'no-referrer');
  const policy = headers.get('content-security-policy') ?? '';
  assert.ok(
    policy.includes("default-src 'none'") && policy.includes("form-action 'self'") && !policy.includes('unsafe'),
  );
  assert.doesNotMatch(text, /https?:\/\/|<script>|<style|style="|\son[a-z]+=/);
});

test('guessing is limited as a class of its own, and says so on a page', async () => {
  const limited = scratchFolder('admin-limit');
  await createAccount(limited.path, 'ada', 'admin');
  const other = await startServer({
    dataDir: limited.path,
    env: { SAFE_MAIN_API_RATE_LIMIT_ENABLED: 'true', SAFE_MAIN_API_RATE_LIMIT_AUTH: '2' },
  });
  const browser = adminBrowser(other.adminUrl);
  await signInToPages(browser, 'ada', 'wrong');
  const refused = await browser.post('/admin/login', { username: 'ada', password: adminPassword });
  assert.equal(refused.status, 429);
  assert.ok(Number(refused.headers.get('retry-after')) >= 1);
  assert.match(refused.text, /Too many requests/);
  await other.stop();
  limited.remove();
});

test('set-up works once, with the right secret, and then has never been there', async () => {
  const fresh = scratchFolder('admin-set-up');
  const secret = 'a set-up secret of some length';
  const other = await startServer({ dataDir: fresh.path, env: { SAFE_AUTH_BOOTSTRAP_SECRET: secret } });
  const browser = adminBrowser(other.adminUrl);
  assert.equal((await browser.get('/admin')).location, '/admin/bootstrap');
  assert.equal((await browser.get('/admin/login')).location, '/admin/bootstrap');
  assert.equal((await browser.get('/admin/bootstrap')).status, 200);
  const account = { username: 'ada', password: adminPassword, repeat: adminPassword };
  const wrong = await browser.post('/admin/bootstrap', { ...account, secret: 'a guess' });
  assert.equal(wrong.status, 403);
  assert.match(wrong.text, /That is not the set-up secret/);
  const short = await browser.post('/admin/bootstrap', { ...account, secret, password: 'short', repeat: 'short' });
  assert.equal(short.status, 400);
  assert.match(short.text, /A password is 12 to 72 bytes/);
  // Two at once: one account.
  const rival = adminBrowser(other.adminUrl);
  await rival.get('/admin/bootstrap');
  const both = await Promise.all([
    browser.post('/admin/bootstrap', { ...account, secret }),
    rival.post('/admin/bootstrap', { ...account, username: 'eve', secret }),
  ]);
  assert.deepEqual(both.map(({ status }) => status).sort(), [303, 404]);
  for (const answer of [await browser.get('/admin/bootstrap'), await browser.post('/admin/bootstrap', { secret })])
    assert.equal(answer.status, 404);
  assert.ok(!other.log().includes(secret));
  await other.stop();
  fresh.remove();
});

test('without a secret and away from a terminal, set-up says what to do on the machine', async () => {
  const fresh = scratchFolder('admin-no-secret');
  const other = await startServer({ dataDir: fresh.path });
  const browser = adminBrowser(other.adminUrl);
  const page = await browser.get('/admin/bootstrap');
  assert.equal(page.status, 503);
  assert.match(page.text, /proofline accounts create --role admin/);
  assert.doesNotMatch(other.log(), /#secret=/);
  await other.stop();
  fresh.remove();
});

test('on a terminal of its own, a first start prints a set-up link that works', async () => {
  const fresh = scratchFolder('admin-terminal');
  // script(1) gives the server a terminal, as a person has one.
  const command = `exec '${process.execPath}' '${join(repository, 'src/main.ts')}' serve`;
  const child = spawn('script', ['-qefc', command, '/dev/null'], {
    env: {
      PATH: process.env.PATH ?? '',
      SAFE_DATA_DIR: fresh.path,
      SAFE_MAIN_BIND_ADDRS: '127.0.0.1:0',
      SAFE_ADMIN_BIND_ADDRS: '127.0.0.1:0',
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let output = '';
  const link = await new Promise<URL>((resolve, reject) => {
    child.once('error', (error) =>
      reject(new Error('this test needs script(1): apt-get install bsdutils', { cause: error })),
    );
    child.once('exit', () => reject(new Error(output)));
    child.stdout.on('data', (data: Buffer) => {
      output += data.toString();
      const found = /http:\/\/\S+\/admin\/bootstrap#secret=[\w-]{43}/.exec(output);
      if (found !== null) resolve(new URL(found[0]));
    });
  });
  const browser = adminBrowser(link.origin);
  await browser.get('/admin/bootstrap');
  const secret = link.hash.slice('#secret='.length);
  const fields = { secret, username: 'ada', password: adminPassword, repeat: adminPassword };
  assert.equal((await browser.post('/admin/bootstrap', fields)).status, 303);
  const logLines = output.split('\n').filter((line) => line.startsWith('{'));
  assert.ok(logLines.length > 0 && logLines.every((line) => !line.includes(secret)), 'the log does not have it');
  child.removeAllListeners('exit');
  child.kill('SIGTERM');
  await once(child, 'exit');
  fresh.remove();
});
