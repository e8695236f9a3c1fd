import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { cloudSettings } from '../cloud/support.ts';
import { assertAccessible, desktop, openWatched, startBrowser } from '../support/browser.ts';
import { createAccount, scratchFolder, startServer, type TestServer } from '../support/server.ts';
import { startWebdav, type TestWebdav } from '../support/services/webdav.ts';
import { signInToVault } from '../support/vault-pages.ts';

const folder = scratchFolder('vault-connections');
let server: TestServer;
let browser: Browser;
let webdav: TestWebdav;

before(async () => {
  browser = await startBrowser();
  webdav = await startWebdav();
  mkdirSync(join(webdav.files, 'Holidays'));
  for (const name of ['one', 'two']) writeFileSync(join(webdav.files, 'Holidays', `${name}.txt`), name);
  await createAccount(folder.path, 'ada', 'admin');
  server = await startServer({ dataDir: folder.path, env: cloudSettings });
});

after(async () => {
  await browser?.close();
  assert.equal(await server?.stop(), 0);
  assert.doesNotMatch(server.log(), /"level":"(error|fatal)"/);
  assert.ok(!server.log().includes(webdav.password));
  await webdav.stop();
  folder.remove();
});

const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name });

test('a WebDAV folder is connected, tested, looked into, imported from and mirrored to', async () => {
  const { page, context, complaints } = await openWatched(browser, server.url, { viewport: desktop, expected: [400] });
  await signInToVault(page, server.url, 'ada');
  await page.getByRole('link', { name: 'Connections' }).click();
  await page.getByText('No connection yet').waitFor();
  await assertAccessible(page);
  await page.getByRole('link', { name: 'Add a connection' }).click();
  await page.getByLabel('A name for it').fill('The cloud at home');
  await page.getByLabel('Address of the folder').fill('not an address');
  await page.getByLabel('Username there').fill(webdav.username);
  await page.getByLabel('Password there').fill(webdav.password);
  await page.getByRole('button', { name: 'Connect' }).click();
  await page.locator('[data-wrong="yes"]').waitFor();
  await assertAccessible(page);
  assert.equal(await page.getByLabel('Password there').inputValue(), '', 'a secret is not sent back');
  await page.getByLabel('Address of the folder').fill(webdav.endpoint);
  await page.getByLabel('Password there').fill(webdav.password);
  await page.getByRole('button', { name: 'Connect' }).click();
  await heading(page, 'The cloud at home').waitFor();
  await page.getByRole('button', { name: 'Test it' }).click();
  await page.locator('.done', { hasText: 'The other side answers.' }).waitFor();
  await assertAccessible(page);

  await page.getByRole('link', { name: 'Browse and import' }).click();
  await page.getByRole('link', { name: 'Holidays' }).click();
  await page.getByRole('button', { name: 'Import two.txt' }).waitFor();
  await assertAccessible(page);
  await page.getByRole('button', { name: 'Import everything here' }).click();
  await page.locator('.done', { hasText: 'The import has begun.' }).waitFor();
  // The page looks again by itself.
  await page.getByText('2 new, 0 changed, 0 as before').waitFor({ timeout: 60_000 });
  await assertAccessible(page);

  await page.getByLabel('Folder on the other side').fill('Copy');
  await page.getByLabel('How often').selectOption('86400');
  await page.getByRole('button', { name: 'Keep this and mirror now' }).click();
  await page.locator('.done', { hasText: 'The mirror was set.' }).waitFor();
  await page.getByText('2 new, 0 changed, 0 as before').nth(1).waitFor({ timeout: 60_000 });
  assert.ok(existsSync(join(webdav.files, 'Copy')));
  await page.getByRole('button', { name: 'Remove the connection' }).click();
  await page.locator('.done', { hasText: 'The connection was removed.' }).waitFor();
  await page.getByRole('link', { name: 'Files', exact: true }).click();
  await page
    .getByRole('link', { name: 'one.txt' })
    .or(page.getByRole('link', { name: 'Holidays' }))
    .first()
    .waitFor();
  assert.deepEqual(complaints, []);
  await context.close();
});
