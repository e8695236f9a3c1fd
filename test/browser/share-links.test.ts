/** The pages behind a link, in a real browser: on a phone and a desk, light and dark, with the keyboard. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { addDocument, addFolder } from '../documents/support/sharing.ts';
import { openWorld, type World } from '../http/support/world.ts';
import { assertAccessible, desktop, openWatched, phone, startBrowser } from '../support/browser.ts';

let world: World;
let browser: Browser;
before(async () => {
  browser = await startBrowser();
  world = await openWorld('share-links');
});
after(async () => {
  await browser?.close();
  await world.close();
});

const secret = 'open sesame, please';
/** Nothing in it to break a line at. */
const longName = `${'Abrechnung_und_Nebenkosten_'.repeat(6)}2026.pdf`;

async function link(path: string, wish: Record<string, unknown> = {}): Promise<string> {
  const made = await world.ada.post(`${path}/shares`, { kind: 'link', ...wish });
  assert.equal(made.status, 201, made.code);
  return `${world.server.url}/s/${made.body.token}`;
}

test('a document behind a password: asked for, refused, opened with the keyboard and downloaded', async () => {
  const document = await addDocument(world.ada, longName, 'the bytes');
  const address = await link(`/v1/documents/${document}`, {
    password: secret,
    max_downloads: 3,
    expires_at: '2099-01-01T00:00:00Z',
  });
  for (const viewport of [phone, desktop]) {
    const { context, page, complaints } = await openWatched(browser, world.server.url, { viewport, expected: [403] });
    await page.goto(address);
    await assertAccessible(page);
    await page.getByLabel('Password').fill('not that');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').waitFor();
    await assertAccessible(page);
    await page.getByLabel('Password').fill(secret);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: longName }).waitFor();
    await assertAccessible(page);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Download' }).click(),
    ]);
    assert.equal(download.suggestedFilename(), longName);
    assert.equal(readFileSync(await download.path(), 'utf8'), 'the bytes');
    await page.reload();
    assert.match(await page.locator('footer').innerText(), viewport === phone ? /2 downloads more/ : /1 download more/);
    assert.deepEqual(complaints, []);
    await context.close();
  }
});

test('a folder is walked down and up again, and a link that does not work says so', async () => {
  const folder = await addFolder(world.ada, 'Papers');
  const inner = await addFolder(world.ada, 'Flat', folder);
  await addDocument(world.ada, 'a.txt', 'a', folder);
  await addDocument(world.ada, longName, 'b', inner);
  const address = await link(`/v1/folders/${folder}`);
  const { context, page, complaints } = await openWatched(browser, world.server.url, { expected: [404] });
  await page.goto(address);
  await assertAccessible(page);
  await page.getByRole('link', { name: /^Flat/ }).click();
  await page.getByRole('heading', { name: 'Flat' }).waitFor();
  await assertAccessible(page);
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByText(longName).click()]);
  assert.equal(readFileSync(await download.path(), 'utf8'), 'b');
  await page.getByRole('navigation').getByRole('link', { name: 'Papers' }).click();
  await page.getByRole('heading', { name: 'Papers' }).waitFor();
  await page.goto(`${world.server.url}/s/${'A'.repeat(43)}`);
  await page.getByRole('heading', { name: 'This link does not work' }).waitFor();
  await assertAccessible(page);
  assert.deepEqual(complaints, []);
  await context.close();
});
