import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { type Api, signIn } from '../support/api.ts';
import { assertAccessible, desktop, openWatched, startBrowser } from '../support/browser.ts';
import { adminPassword, createAccount, scratchFolder, startServer, type TestServer } from '../support/server.ts';
import { signInToVault } from '../support/vault-pages.ts';

const folder = scratchFolder('vault');
let server: TestServer;
let browser: Browser;
let ada: Api;
let grace: Api;

before(async () => {
  browser = await startBrowser();
  await createAccount(folder.path, 'ada', 'admin');
  await createAccount(folder.path, 'grace', 'user');
  server = await startServer({
    dataDir: folder.path,
    env: { SAFE_JOBS_CONCURRENCY: '2', SAFE_JOBS_POLL_INTERVAL: '200ms' },
  });
  [ada, grace] = [await signIn(server.url, 'ada'), await signIn(server.url, 'grace')];
});

after(async () => {
  await browser?.close();
  assert.equal(await server?.stop(), 0);
  assert.doesNotMatch(server.log(), /"level":"(error|fatal)"/);
  assert.ok(!server.log().includes(adminPassword));
  folder.remove();
});

const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { level: 1, name });
const row = (page: Page, name: string) => page.getByRole('row').filter({ hasText: name });
const choose = (page: Page, name: string) =>
  page.getByRole('checkbox', { name: `Choose ${name}`, exact: true }).check();

/** No other page is on its way. */
const settled = (page: Page) => page.locator('html:not([data-busy])').waitFor();

/** A document by the API, as quick as can be. */
async function add(
  as: Api,
  name: string,
  content: string | Uint8Array<ArrayBuffer>,
  type = 'text/plain',
  folderId = '',
) {
  const form = new FormData();
  form.set('name', name);
  if (folderId !== '') form.set('folder_id', folderId);
  form.set('file', new Blob([content], { type }), name);
  const headers = { authorization: `Bearer ${as.token}` };
  const answer = await fetch(`${server.url}/v1/documents`, { method: 'POST', headers, body: form });
  assert.equal(answer.status, 201);
  const { document } = (await answer.json()) as { document: { id: string } }; // as the API says
  return document.id;
}

async function ready(as: Api, id: string): Promise<void> {
  for (let i = 0; i < 400; i++) {
    const { status } = (await as.call('GET', `/v1/documents/${id}`)).body.document;
    if (status !== 'processing') return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail('it is still being read');
}

test('signing in leads to where one wanted to go, a wrong password is said, and signing out ends it', async () => {
  const { page, context, complaints } = await openWatched(browser, server.url, { expected: [401] });
  await page.goto(`${server.url}/documents/trash`);
  await heading(page, 'Sign in').waitFor();
  await assertAccessible(page);
  await page.getByLabel('Username').fill('ada');
  await page.getByLabel('Password').fill('not the password at all');
  await page.keyboard.press('Enter');
  await page.getByText('The username or the password is wrong.').waitFor();
  await assertAccessible(page);
  assert.equal(await page.getByLabel('Username').inputValue(), 'ada');
  await page.getByLabel('Password').fill(adminPassword);
  await page.keyboard.press('Enter');
  await heading(page, 'Trash').waitFor();
  await page.getByRole('button', { name: 'Menu' }).click();
  await page.getByRole('link', { name: 'Settings' }).click();
  await heading(page, 'Settings').waitFor();
  await assertAccessible(page);
  await page.getByRole('button', { name: 'Sign out everywhere' }).click();
  await page.getByText('You are signed out.').waitFor();
  await page.goto(`${server.url}/documents`);
  await heading(page, 'Sign in').waitFor();
  // Everywhere: the session of the API too.
  assert.equal((await ada.call('GET', '/v1/account')).status, 401);
  ada = await signIn(server.url, 'ada');
  assert.deepEqual(complaints, []);
  await context.close();
});

test('folders are made, renamed, moved into one another by hand, and things go to the trash and come back', async () => {
  await add(ada, 'letter.txt', 'Dear Grace');
  const { page, context, complaints } = await openWatched(browser, server.url, { viewport: desktop, expected: [400] });
  await signInToVault(page, server.url, 'ada');
  await page.getByRole('link', { name: 'New folder' }).click();
  await page.getByRole('dialog').getByLabel('Name').fill('Letters');
  await assertAccessible(page);
  await page.getByRole('button', { name: 'Make the folder' }).click();
  await page.locator('.done', { hasText: 'The folder was made.' }).waitFor();
  await page.getByRole('link', { name: 'New folder' }).click();
  await page.getByRole('dialog').getByLabel('Name').fill('letter.txt');
  await page.getByRole('button', { name: 'Make the folder' }).click();
  await page.getByRole('dialog').getByText('Something of that name is in this folder already.').waitFor();
  await assertAccessible(page);
  await page.keyboard.press('Escape');

  await row(page, 'letter.txt').dragTo(row(page, 'Letters'));
  await page.locator('.done', { hasText: 'Moved.' }).waitFor();
  await page.getByRole('link', { name: 'Letters' }).click();
  await heading(page, 'Letters').waitFor();
  await choose(page, 'letter.txt');
  await page.getByRole('button', { name: 'Rename…' }).click();
  await page.getByRole('dialog').getByLabel('Name').fill('to Grace.txt');
  await page.getByRole('button', { name: 'Rename', exact: true }).click();
  await page.getByRole('link', { name: 'to Grace.txt' }).waitFor();
  await assertAccessible(page);
  await choose(page, 'to Grace.txt');
  await page.getByRole('button', { name: 'Move…' }).click();
  await page.getByRole('dialog').getByLabel('To').selectOption('');
  await page.getByRole('button', { name: 'Move', exact: true }).click();
  await page.getByText('This folder is empty').waitFor();
  await page.getByRole('navigation', { name: 'Where this folder is' }).getByRole('link', { name: 'Files' }).click();

  await choose(page, 'to Grace.txt');
  await page.getByRole('button', { name: 'Move to the trash' }).click();
  await page.locator('.done', { hasText: 'Moved to the trash.' }).waitFor();
  await page.getByRole('link', { name: 'Trash', exact: true }).click();
  await choose(page, 'to Grace.txt');
  await assertAccessible(page);
  await page.getByRole('button', { name: 'Restore' }).click();
  await page.getByText('The trash is empty').waitFor();
  await page.goBack();
  await settled(page);
  await page.getByRole('link', { name: 'Files', exact: true }).click();
  await settled(page);
  await page.getByRole('link', { name: 'to Grace.txt' }).waitFor();
  await choose(page, 'to Grace.txt');
  await page.getByRole('button', { name: 'Move to the trash' }).click();
  await page.getByRole('link', { name: 'Trash', exact: true }).click();
  // Until then the list before has a box of that name.
  await settled(page);
  await heading(page, 'Trash').waitFor();
  await choose(page, 'to Grace.txt');
  await page.getByRole('button', { name: 'Delete for good…' }).click();
  await page.getByRole('dialog').getByText('Nothing brings that back.').waitFor();
  await assertAccessible(page);
  await page.getByRole('dialog').getByRole('button', { name: 'Delete for good' }).click();
  await page.getByText('The trash is empty').waitFor();
  assert.deepEqual(complaints, []);
  await context.close();
});

test('a document is found by its words, looked at without danger, and gets topics and versions', async () => {
  const attack = '<script>parent.document.title="owned"</script> the heron stands in the reeds';
  const id = await add(ada, 'birds.html', attack, 'text/html');
  await ready(ada, id);
  const { page, context, complaints } = await openWatched(browser, server.url, { viewport: desktop });
  await signInToVault(page, server.url, 'ada');
  await page.getByRole('searchbox').fill('heron');
  await page.keyboard.press('Enter');
  await row(page, 'birds.html').locator('mark', { hasText: 'heron' }).waitFor();
  await assertAccessible(page);
  await page.getByRole('link', { name: 'birds.html' }).click();
  await heading(page, 'birds.html').waitFor();
  await page.frameLocator('iframe').getByText('the heron stands in the reeds').waitFor();
  assert.notEqual(await page.title(), 'owned');
  assert.equal(await page.locator('iframe').getAttribute('sandbox'), '');
  await page.getByLabel('Another topic').fill('Birds');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByRole('button', { name: 'Remove: Birds' }).waitFor();
  await assertAccessible(page);

  await page.getByRole('link', { name: 'Versions' }).click();
  await page.setInputFiles('#pick-version', {
    name: 'b.html',
    mimeType: 'text/html',
    buffer: Buffer.from('the stork is on the roof'),
  });
  await page.getByText('Version 2', { exact: true }).waitFor();
  await assertAccessible(page);
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download version 1' }).click();
  assert.equal((await download).suggestedFilename(), 'birds.html');
  await page.getByRole('link', { name: 'Activity' }).last().click();
  await page.getByRole('row').filter({ hasText: 'Added a version' }).waitFor();
  await assertAccessible(page);
  await page.getByRole('link', { name: 'Topics' }).click();
  await heading(page, 'Topics').waitFor();
  await page.getByRole('link', { name: 'Birds' }).click();
  await page.getByRole('link', { name: 'birds.html' }).waitFor();
  assert.deepEqual(complaints, []);
  await context.close();
});

test('what the server suggests is confirmed one by one, and the rest stays', async () => {
  const id = await add(ada, 'suggested.txt', 'about tax and rent');
  await ready(ada, id);
  const { DatabaseSync } = await import('node:sqlite');
  const db = new DatabaseSync(`${folder.path}/proofline.db`);
  const owner = (await ada.call('GET', '/v1/account')).body.account.id;
  for (const name of ['Tax', 'Rent', 'Weather']) {
    db.prepare('INSERT INTO topics (id, owner_account_id, name, created_at) VALUES (?, ?, ?, ?)').run(
      ...[`top_${name}`, owner, name, '2026-01-01T00:00:00.000Z'],
    );
    db.prepare('INSERT INTO document_topics VALUES (?, ?, ?, ?, ?)').run(
      ...[id, `top_${name}`, owner, 'suggested', '2026-01-01T00:00:00.000Z'],
    );
  }
  db.close();
  const { page, context, complaints } = await openWatched(browser, server.url);
  await signInToVault(page, server.url, 'ada');
  await page.goto(`${server.url}/documents/files/${id}`);
  await assertAccessible(page);
  await page.getByRole('button', { name: 'Confirm: Tax' }).click();
  await page.getByRole('button', { name: 'Remove: Tax' }).waitFor();
  await page.getByRole('button', { name: 'Refuse: Weather' }).click();
  await page.getByRole('button', { name: 'Refuse: Weather' }).waitFor({ state: 'detached' });
  const { document } = (await ada.call('GET', `/v1/documents/${id}`)).body;
  assert.deepEqual([document.topics, document.suggested_topics], [['Tax'], ['Rent']]);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('shared with somebody here and by a link: they see it, until it ends', async () => {
  const id = await add(ada, 'plan.txt', 'the plan');
  const { page, context, complaints } = await openWatched(browser, server.url, { viewport: desktop, expected: [400] });
  await signInToVault(page, server.url, 'ada');
  await page.goto(`${server.url}/documents/files/${id}/sharing`);
  await page.getByLabel('Username').fill('nobody here');
  await page.getByRole('button', { name: 'Share', exact: true }).click();
  await page.getByText('There is no account with this username.').waitFor();
  await assertAccessible(page);
  await page.getByLabel('Username').fill('grace');
  await page.getByRole('button', { name: 'Share', exact: true }).click();
  await page.locator('.done', { hasText: 'It is shared now.' }).waitFor();
  await page.getByLabel('Downloads at most').fill('3');
  await page.getByRole('button', { name: 'Make a link' }).click();
  const link = await page.getByLabel('The new link').inputValue();
  assert.ok(link.startsWith(`${server.url}/s/`), 'the link leads here');
  await assertAccessible(page);
  await page.reload();
  assert.equal(await page.getByLabel('The new link').count(), 0, 'it is shown once');

  const stranger = await openWatched(browser, server.url, { expected: [404] });
  await stranger.page.goto(link);
  await stranger.page.getByText('plan.txt').first().waitFor();
  await page.getByRole('button', { name: 'End the share with Whoever has the link' }).click();
  await page.locator('.done', { hasText: 'The share has ended.' }).waitFor();
  assert.equal((await stranger.page.goto(link))?.status(), 404);
  assert.deepEqual(stranger.complaints, []);
  await stranger.context.close();

  const other = await openWatched(browser, server.url, { expected: [404] });
  await signInToVault(other.page, server.url, 'grace');
  await other.page.getByRole('button', { name: 'Menu' }).click();
  await other.page.getByRole('link', { name: 'Shared with me' }).click();
  await assertAccessible(other.page);
  await other.page.getByRole('link', { name: 'plan.txt' }).click();
  await heading(other.page, 'plan.txt').waitFor();
  assert.equal(await other.page.getByRole('link', { name: 'Rename' }).count(), 0, 'it may only be viewed');
  await assertAccessible(other.page);
  await other.page.goto(`${server.url}/documents/files/${id}/sharing`);
  await other.page.getByText(/You may not do that|There is nothing here/).waitFor();
  assert.deepEqual(
    other.complaints.filter((words) => !words.includes('403')),
    [],
  );
  await other.context.close();
  assert.deepEqual(complaints, []);
  await context.close();
});

test('every other page, in both colours, on a phone of 320 pixels', async () => {
  await add(grace, 'one.txt', 'one');
  const { page, context, complaints } = await openWatched(browser, server.url, {
    viewport: { width: 320, height: 640 },
    expected: [404],
  });
  await signInToVault(page, server.url, 'grace');
  for (const path of [
    '',
    '?view=grid',
    '/topics',
    '/activity',
    '/connections',
    '/connections/new',
    '/keys',
    '/settings',
  ]) {
    await page.goto(`${server.url}/documents${path}`);
    await assertAccessible(page);
  }
  await page.getByRole('button', { name: 'Menu' }).click();
  await assertAccessible(page);
  await page.goto(`${server.url}/documents/files/doc_nothing`);
  await heading(page, 'There is nothing here').waitFor();
  await assertAccessible(page);
  assert.deepEqual(complaints, []);
  await context.close();
});
