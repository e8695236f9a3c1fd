import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { type Api, signIn } from '../support/api.ts';
import { assertAccessible, desktop, openWatched, startBrowser } from '../support/browser.ts';
import { adminPassword, createAccount, scratchFolder, startServer, type TestServer } from '../support/server.ts';
import { scriptsReady, signInToVault, signInWithoutScripts } from '../support/vault-pages.ts';

const folder = scratchFolder('vault-keyboard');
let server: TestServer;
let browser: Browser;
let ada: Api;

before(async () => {
  browser = await startBrowser();
  await createAccount(folder.path, 'ada', 'admin');
  server = await startServer({ dataDir: folder.path });
  ada = await signIn(server.url, 'ada');
});

after(async () => {
  await browser?.close();
  assert.equal(await server?.stop(), 0);
  assert.doesNotMatch(server.log(), /"level":"(error|fatal)"/);
  folder.remove();
});

const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name });
const focused = async (page: Page) => await page.evaluate<string>('document.activeElement.textContent.trim()');

async function tabTo(page: Page, name: string): Promise<void> {
  for (let i = 0; i < 40; i++) {
    if ((await focused(page)) === name) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`the keyboard does not reach ${name}`);
}

test('with the keyboard alone: sign in, make a folder, go through the list, rename, throw away, ask for help', async () => {
  const { page, context, complaints } = await openWatched(browser, server.url, { viewport: desktop });
  await page.goto(`${server.url}/documents`);
  await page.waitForFunction(`document.activeElement.id === 'username'`);
  await page.keyboard.type('ada');
  await page.keyboard.press('Tab');
  await page.keyboard.type(adminPassword);
  await page.keyboard.press('Enter');
  await heading(page, 'Files').waitFor();
  await scriptsReady(page);
  for (const name of ['Alpha', 'Beta', 'Gamma']) {
    await page.keyboard.press('n');
    await page.getByRole('dialog').getByLabel('Name').waitFor();
    await page.keyboard.type(name);
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name, exact: true }).waitFor();
  }
  await tabTo(page, 'Alpha');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  assert.equal(await focused(page), 'Gamma');
  await page.keyboard.press('Home');
  assert.equal(await focused(page), 'Alpha');
  assert.equal(await page.locator('main a[data-main][tabindex="0"]').count(), 1, 'one of them is in the order of Tab');
  await page.keyboard.press('F2');
  await page.getByRole('dialog').getByLabel('Name').waitFor();
  await page.keyboard.type('Omega');
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'Omega' }).waitFor();
  await page.waitForFunction(`document.activeElement.textContent.trim() === 'Omega'`);
  await page.keyboard.press('Home');
  assert.equal(await focused(page), 'Beta');
  await page.keyboard.press('Space');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Space');
  await page.getByText('2 chosen').waitFor();
  await page.keyboard.press('Delete');
  await page.locator('.done', { hasText: 'Moved to the trash.' }).waitFor();
  assert.equal(await page.getByRole('link', { name: 'Beta', exact: true }).count(), 0);
  assert.equal(await page.getByRole('link', { name: 'Gamma', exact: true }).count(), 0);
  await page.waitForFunction(`document.activeElement.textContent.trim() === 'Omega'`);
  assert.match((await page.locator('#announcements').textContent()) ?? '', /^Moved to the trash/);
  await page.keyboard.press('Enter');
  await heading(page, 'Omega').waitFor();
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
  await assertAccessible(page);
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  await page.keyboard.press('/');
  await page.keyboard.type('nothing at all');
  await page.keyboard.press('Enter');
  await page.getByText('Nothing found').waitFor();
  await assertAccessible(page);
  const chooser = page.waitForEvent('filechooser');
  await page.goto(`${server.url}/documents`);
  await scriptsReady(page);
  await page.keyboard.press('u');
  await chooser;
  assert.deepEqual(complaints, []);
  await context.close();
});

test('at twice the size nothing is lost, and nothing must be scrolled for sideways', async () => {
  // What 1280 pixels are at 200 %.
  const { page, context } = await openWatched(browser, server.url, { viewport: { width: 640, height: 450 } });
  await signInToVault(page, server.url, 'ada');
  for (const path of ['', '?view=grid', '/trash', '/activity']) {
    await page.goto(`${server.url}/documents${path}`);
    await assertAccessible(page);
  }
  await context.close();
});

test('without scripts: a folder, a file in it, the trash', async () => {
  const { page, context } = await openWatched(browser, server.url, { javaScriptEnabled: false, viewport: desktop });
  await signInWithoutScripts(page, server.url, 'ada');
  await page.getByRole('link', { name: 'New folder' }).click();
  await page.getByLabel('Name').fill('Plain');
  await page.getByRole('button', { name: 'Make the folder' }).click();
  await page.getByRole('link', { name: 'Plain' }).click();
  await page.getByRole('link', { name: 'Upload a file' }).click();
  await page
    .getByLabel('File', { exact: true })
    .setInputFiles({ name: 'plain.txt', mimeType: 'text/plain', buffer: Buffer.from('plain') });
  await page.getByRole('button', { name: 'Upload' }).click();
  await page.locator('.done', { hasText: 'The file was uploaded.' }).waitFor();
  await page.getByRole('checkbox', { name: 'Choose plain.txt' }).check();
  await page.getByRole('button', { name: 'Move to the trash' }).click();
  await page.getByText('This folder is empty').waitFor();
  await page.getByRole('link', { name: 'Trash', exact: true }).click();
  await page.getByRole('checkbox', { name: 'Choose plain.txt' }).check();
  await page.getByRole('button', { name: 'Restore' }).click();
  await page.locator('.done', { hasText: 'Back where it was.' }).waitFor();
  await context.close();
});

test('a session that is over is renewed in passing; one that was ended elsewhere asks for the password', async () => {
  const { page, context, complaints } = await openWatched(browser, server.url, { viewport: desktop, expected: [401] });
  await signInToVault(page, server.url, 'ada');
  const expire = (what: string) => {
    const db = new DatabaseSync(join(folder.path, 'proofline.db'));
    db.exec(what);
    db.close();
  };
  expire("UPDATE auth_sessions SET expires_at = '2020-01-01T00:00:00.000Z' WHERE kind = 'browser'");
  await page.getByRole('link', { name: 'Topics' }).click();
  await heading(page, 'Topics').waitFor();
  expire("UPDATE auth_sessions SET expires_at = '2020-01-01T00:00:00.000Z' WHERE kind = 'browser'");
  await page.reload();
  await heading(page, 'Topics').waitFor();
  expire("UPDATE auth_sessions SET expires_at = '2020-01-01T00:00:00.000Z' WHERE kind = 'browser'");
  await ada.call('POST', '/v1/auth/logout-everywhere');
  await page.getByRole('link', { name: 'Files', exact: true }).click();
  await heading(page, 'Sign in').waitFor();
  assert.deepEqual(complaints, []);
  await context.close();
});
