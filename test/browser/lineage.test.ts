import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { assertAccessible, desktop, openWatched, phone, startBrowser } from '../support/browser.ts';
import { type LineageServer, lineageToken, startLineageServer } from '../support/lineage-server.ts';

let server: LineageServer;
let browser: Browser;
const api = '/lineage/acme/shop/api';

before(async () => {
  browser = await startBrowser();
  server = await startLineageServer({ clock: Date.now });
  for (let i = 0; i < 60; i++) {
    const [service, month] = [i % 3 === 0 ? 'web' : 'api', String(1 + (i % 9)).padStart(2, '0')];
    await server.store.put(
      {
        organization: 'acme',
        project: 'shop',
        service,
        run_id: `run-${i}`,
        commit_sha: i === 7 || i === 9 ? 'c0ffee0' : `beef00${i}`,
        artifact: `{"version":"1.${i}","price":1.50,"models":[{"name":"orders","fields":["id"]}${i === 59 ? ',{"name":"<b>new</b>","fields":[]}' : ''}]}`,
        ...(i % 2 === 0 ? {} : { diff: '{"models":["orders"]}', summary: '{"impact":"downstream"}' }),
      },
      i === 59 ? '2026-12-01T12:00:00.000Z' : `2026-${month}-01T12:00:${String(i).padStart(2, '0')}.000Z`,
    );
  }
});

after(async () => {
  await browser?.close();
  await server?.close();
});

describe('the pages of lineage', () => {
  for (const [device, viewport] of Object.entries({ phone, desktop }))
    test(`a reader signs in, finds what changed, and leaves, on a ${device}, with the keyboard`, async () => {
      const { complaints, context, page } = await openWatched(browser, server.url, { viewport, expected: [401] });
      await page.goto(`${server.url}${api}/diff`);
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();
      await assertAccessible(page);
      await page.getByLabel('Token').fill('wrong');
      await page.keyboard.press('Enter');
      await page.getByRole('alert').waitFor();
      await assertAccessible(page);
      await page.getByLabel('Token').fill(lineageToken);
      await page.keyboard.press('Enter');
      // Back where the reader wanted to go.
      await page.getByRole('heading', { name: 'What changed' }).waitFor();
      assert.equal(new URL(page.url()).pathname, `${api}/diff`);
      await page.getByText('1 added, 1 changed.').waitFor();
      await page.getByText('models › <b>new</b>').waitFor();
      await assertAccessible(page);

      await page.goto(`${server.url}/lineage`);
      await page.getByRole('rowheader', { name: 'api' }).waitFor();
      await assertAccessible(page);
      await page.getByRole('link', { name: 'api' }).click();
      await page.getByRole('heading', { level: 2, name: '2026-12-01' }).waitFor();
      await assertAccessible(page);
      await page.getByLabel('Commit').fill('c0ffee0');
      await page.getByRole('button', { name: 'Show' }).click();
      await page.getByRole('link', { name: 'run-7' }).click();
      await page.getByText('"price": 1.50').waitFor();
      await assertAccessible(page);
      const [record] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('link', { name: 'The record as it was kept' }).click(),
      ]);
      assert.equal(record.suggestedFilename(), 'run-7.json');

      await page.getByRole('link', { name: 'Search' }).click();
      await page.getByLabel('Run id, or whole commit').fill('c0ffee0');
      await page.keyboard.press('Enter');
      await page.getByText('2 found.').waitFor();
      await assertAccessible(page);
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();
      await page.goto(`${server.url}/lineage`);
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();
      assert.deepEqual(complaints, []);
      await context.close();
    });

  test('without scripts the whole history can be read, page by page', async () => {
    const { complaints, context, page } = await openWatched(browser, server.url, { javaScriptEnabled: false });
    await page.goto(`${server.url}/lineage/sign-in`);
    await page.getByLabel('Token').fill(lineageToken);
    await page.getByRole('button', { name: 'Sign in' }).click();
    for (let i = 0; i < 30; i++)
      await server.store.put(
        { organization: 'acme', project: 'shop', service: 'long', run_id: `l-${i}`, artifact: '1' },
        `2026-03-${String(1 + (i % 20)).padStart(2, '0')}T00:00:00.000Z`,
      );
    await page.goto(`${server.url}/lineage/acme/shop/long?from=2026-03-05&to=2026-03-12`);
    assert.equal(await page.getByRole('listitem').filter({ hasText: 'compare' }).count(), 14);
    await page.goto(`${server.url}/lineage/acme/shop/long/diff?to=l-0`);
    await page.getByText('No run came before').waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('a form of another site is refused, and a way back leads nowhere else', async () => {
    const form = (headers: Record<string, string>, back = '/lineage') =>
      fetch(`${server.url}/lineage/sign-in`, {
        method: 'POST',
        redirect: 'manual',
        headers,
        body: new URLSearchParams({ token: lineageToken, back }),
      });
    assert.equal((await form({ 'sec-fetch-site': 'cross-site' })).status, 403);
    assert.equal((await form({})).status, 403);
    assert.equal((await form({ origin: 'https://elsewhere.example' })).status, 403);
    for (const back of [
      'https://elsewhere.example',
      '//elsewhere.example',
      '/lineage\\@elsewhere',
      '/lineagex',
      '/admin',
    ]) {
      const answer = await form({ 'sec-fetch-site': 'same-origin' }, back);
      assert.deepEqual([answer.status, answer.headers.get('location')], [303, '/lineage'], back);
    }
    const good = await form({ origin: server.url }, `${api}?from=2026-01-01`);
    assert.equal(good.headers.get('location'), `${api}?from=2026-01-01`);
    const cookie = good.headers.get('set-cookie') ?? '';
    assert.match(cookie, /Path=\/lineage; HttpOnly; SameSite=Strict$/);
  });
});
