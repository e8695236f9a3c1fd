/** What a real browser does with the cookies, and what it lets other pages do with them. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { until } from '../http/support/world.ts';
import { startBrowser } from '../support/browser.ts';
import { adminPassword, createAccount, scratchFolder, startServer, type TestServer } from '../support/server.ts';

const folder = scratchFolder('browser-sessions');
let server: TestServer;
let browser: Browser;
let elsewhere: Server;

before(async () => {
  await createAccount(folder.path, 'ada', 'admin');
  [browser, server] = await Promise.all([startBrowser(), startServer({ dataDir: folder.path })]);
  elsewhere = createServer((_, answer) =>
    answer.setHeader('content-type', 'text/html').end('<!doctype html><title>x</title><p>Elsewhere'),
  ).listen(0, '127.0.0.1');
  await once(elsewhere, 'listening');
});
after(async () => {
  await browser?.close();
  elsewhere?.close();
  assert.equal(await server?.stop(), 0);
  folder.remove();
});

interface Told {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever the server says
  body: any;
}

/** As a script of a page of the server asks. */
async function ask(page: Page, method: string, path: string, body?: unknown, csrfToken?: string): Promise<Told> {
  return await page.evaluate(
    async ([method, path, body, csrfToken]) => {
      const answer = await fetch(path ?? '', {
        method: method ?? '',
        ...(body === undefined ? {} : { body }),
        headers: csrfToken === undefined ? {} : { 'x-csrf-token': csrfToken },
      });
      const text = await answer.text();
      return { status: answer.status, body: text === '' ? {} : JSON.parse(text) };
    },
    [method, path, body === undefined ? undefined : JSON.stringify(body), csrfToken] as const,
  );
}

async function signedIn(origin = server.url): Promise<{ context: BrowserContext; page: Page; csrfToken: string }> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${origin}/i/x`);
  const answer = await ask(page, 'POST', '/v1/auth/browser/login', { username: 'ada', password: adminPassword });
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return { context, page, csrfToken: answer.body.csrf_token };
}

/** How the server answered, by its log: the browser keeps it from the page that asked. */
function statusesOf(method: string, route: string): number[] {
  const lines = server
    .log()
    .split('\n')
    .filter((line) => line.includes('"msg":"request"'));
  return lines
    .map((line) => JSON.parse(line))
    .filter((request) => request.method === method && request.route === route)
    .map((request) => request.status);
}

const byFetch = (url: string) =>
  `void fetch('${url}', { method: 'POST', mode: 'no-cors', credentials: 'include', body: '{}' }).catch(() => {})`;

const byForm = (url: string) => `(() => {
  const form = document.createElement('form');
  Object.assign(form, { method: 'post', action: '${url}', enctype: 'text/plain' });
  const field = document.createElement('input');
  Object.assign(field, { name: '{"client_label":"', value: '"}' });
  form.append(field);
  document.body.append(form);
  form.submit();
})()`;

test('Chromium keeps the cookies over plain http on its own machine, under each of its names', async () => {
  const { port } = new URL(server.url);
  for (const host of ['127.0.0.1', 'localhost', 'proofline.localhost']) {
    const { context, page } = await signedIn(`http://${host}:${port}`);
    const cookies = await context.cookies();
    assert.deepEqual(
      cookies.map(({ name, httpOnly, secure, sameSite, path }) => [name, httpOnly, secure, sameSite, path]).sort(),
      ['device', 'refresh', 'session'].map((name) => [`__Host-proofline_${name}`, true, true, 'Strict', '/']),
    );
    assert.equal(await page.evaluate('document.cookie'), '', 'no script reads them');
    assert.equal((await ask(page, 'GET', '/v1/account')).body.account.username, 'ada');
    await context.close();
  }
});

test('a page changes something with its token, not without it and not with that of another sign-in', async () => {
  const [{ context, page, csrfToken }, other] = [await signedIn(), await signedIn()];
  assert.equal((await ask(page, 'POST', '/v1/incidents', {}, csrfToken)).status, 201);
  for (const wrong of [undefined, 'x', other.csrfToken]) {
    const refused = await ask(page, 'POST', '/v1/incidents', {}, wrong);
    assert.deepEqual([refused.status, refused.body.error.code], [403, 'csrf_failed']);
  }
  await Promise.all([context.close(), other.context.close()]);
});

test('pages of another site and of another port of the same host change nothing', async () => {
  const { context, page } = await signedIn();
  const incidents = async () => (await ask(page, 'GET', '/v1/incidents')).body.incidents.length;
  const before = await incidents();
  const { port } = elsewhere.address() as AddressInfo; // listening on TCP
  // A neighbour's port is the same site: the browser sends the cookie along, and the server must tell by itself.
  for (const [origin, status] of [
    [`http://localhost:${port}`, 401],
    [`http://127.0.0.1:${port}`, 403],
  ] as const) {
    for (const way of [byFetch, byForm]) {
      const answered = statusesOf('POST', '/v1/incidents').length;
      const evil = await context.newPage();
      await evil.goto(origin);
      await evil.evaluate(way(`${server.url}/v1/incidents`));
      const told = await until(() => statusesOf('POST', '/v1/incidents')[answered], 'the request');
      assert.equal(told, status, `${origin} ${way.name}`);
      await evil.close();
    }
  }
  assert.equal(await incidents(), before);
  await context.close();
});

test('tabs that renew at once stay signed in, and signing out in one ends all', async () => {
  const { context, page, csrfToken } = await signedIn();
  const tabs = [page];
  for (let i = 0; i < 3; i++) {
    const tab = await context.newPage();
    await tab.goto(`${server.url}/i/x`);
    tabs.push(tab);
  }
  for (let round = 0; round < 5; round++) {
    const renewed = await Promise.all(tabs.map((tab) => ask(tab, 'POST', '/v1/auth/refresh')));
    for (const { status, body } of renewed) assert.deepEqual([status, body.csrf_token], [200, csrfToken]);
    for (const tab of tabs) assert.equal((await ask(tab, 'GET', '/v1/account')).status, 200);
  }
  assert.equal((await ask(page, 'POST', '/v1/auth/logout', undefined, csrfToken)).status, 204);
  for (const tab of tabs) {
    assert.equal((await ask(tab, 'GET', '/v1/account')).status, 401);
    assert.equal((await ask(tab, 'POST', '/v1/auth/refresh')).status, 401);
  }
  assert.deepEqual(
    (await context.cookies()).map(({ name }) => name),
    ['__Host-proofline_device'],
  );
  await context.close();
});
