import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync, openSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser, Page, Request } from 'playwright-core';
import { type Api, signIn } from '../support/api.ts';
import { assertAccessible, desktop, openWatched, startBrowser } from '../support/browser.ts';
import { createAccount, scratchFolder, startServer, type TestServer } from '../support/server.ts';
import { dropFiles, limitUploads, signInToVault } from '../support/vault-pages.ts';

/** The suite takes a small large file; a gigabyte by PROOFLINE_TEST_LARGE_FILE_BYTES=1000000000. */
const largeBytes = Number(process.env.PROOFLINE_TEST_LARGE_FILE_BYTES ?? 48_000_000);

const folder = scratchFolder('vault-uploads');
const files = scratchFolder('vault-uploads-files');
let server: TestServer;
let browser: Browser;
let ada: Api;

before(async () => {
  browser = await startBrowser();
  await createAccount(folder.path, 'ada', 'admin');
  server = await startServer({ dataDir: folder.path, env: { SAFE_JOBS_CONCURRENCY: '2' } });
  ada = await signIn(server.url, 'ada');
});

after(async () => {
  await browser?.close();
  assert.equal(await server?.stop(), 0);
  assert.doesNotMatch(server.log(), /"level":"(error|fatal)"/);
  folder.remove();
  files.remove();
});

const tray = (page: Page) => page.getByRole('region', { name: 'Uploads', exact: true });

async function allOf(path: string, key: 'documents' | 'folders'): Promise<{ id: string; name: string }[]> {
  const found: { id: string; name: string }[] = [];
  let cursor = '';
  do {
    const { body } = await ada.call('GET', `${path}&limit=500${cursor}`);
    found.push(...body[key]);
    cursor = body.next_cursor === undefined ? '' : `&cursor=${body.next_cursor}`;
  } while (cursor !== '');
  return found;
}

test('a folder with 200 files is dropped on the page and arrives whole', async () => {
  const root = join(files.path, 'Photos');
  mkdirSync(join(root, 'Summer', 'Sea'), { recursive: true });
  for (let i = 0; i < 120; i++) writeFileSync(join(root, `p${i}.txt`), `picture ${i}`);
  for (let i = 0; i < 60; i++) writeFileSync(join(root, 'Summer', `s${i}.txt`), `summer ${i}`);
  for (let i = 0; i < 20; i++) writeFileSync(join(root, 'Summer', 'Sea', `w${i}.txt`), `wave ${i}`);
  const { page, context, complaints } = await openWatched(browser, server.url, { viewport: desktop });
  await signInToVault(page, server.url, 'ada');
  await dropFiles(page, [root]);
  assert.equal(await page.locator('html[data-dropping]').count(), 0, 'the invitation is gone with the drop');
  const summary = tray(page).locator('[data-field="summary"]');
  await tray(page)
    .getByText(/^\d+ of 200 files|^200 files uploaded/)
    .waitFor();
  const total = tray(page).getByRole('progressbar', { name: 'All uploads' });
  const seen = new Set<number>();
  while (!(await summary.textContent())?.includes('uploaded')) {
    seen.add(
      Number(await total.getAttribute('value')) || (await total.evaluate((bar: { value: number }) => bar.value)),
    );
    // The pages can be walked while files are on their way.
    if (seen.size === 2) await page.getByRole('link', { name: 'Topics' }).click();
    if (seen.size === 4) await page.getByRole('link', { name: 'Files', exact: true }).click();
    await page.waitForTimeout(100);
  }
  assert.equal(await summary.textContent(), '200 files uploaded');
  assert.ok(seen.size > 3, `progress moved: ${[...seen]}`);
  await page.getByRole('link', { name: 'Files', exact: true }).click();
  await page.getByRole('link', { name: 'Photos' }).click();
  await page.getByRole('heading', { level: 1, name: 'Photos' }).waitFor();
  await page.getByRole('link', { name: 'p119.txt' }).waitFor();
  await assertAccessible(page);
  const [photos] = await allOf('/v1/folders?parent_id=root', 'folders');
  const [summer] = await allOf(`/v1/folders?parent_id=${photos?.id}`, 'folders');
  const [sea] = await allOf(`/v1/folders?parent_id=${summer?.id}`, 'folders');
  const counts = await Promise.all(
    [photos, summer, sea].map(async (one) => (await allOf(`/v1/documents?folder_id=${one?.id}`, 'documents')).length),
  );
  assert.deepEqual([photos?.name, summer?.name, sea?.name, ...counts], ['Photos', 'Summer', 'Sea', 120, 60, 20]);
  // What is done has made way.
  await summary.click();
  await page.getByRole('button', { name: 'Clear the list' }).click();
  await tray(page).waitFor({ state: 'hidden' });
  assert.deepEqual(complaints, []);
  await context.close();
});

test('a large file is paused, goes on, and after a reload goes on from where it stopped', async () => {
  const path = join(files.path, 'film.bin');
  const handle = openSync(path, 'w');
  // Mostly a hole, so that it takes no room here; the marks make every piece different.
  for (let at = 0; at < largeBytes; at += 5_000_000) writeSync(handle, `mark ${at}`, at);
  truncateSync(path, largeBytes);
  const { page, context, complaints } = await openWatched(browser, server.url, { viewport: desktop });
  page.on('dialog', (dialog) => void dialog.accept());
  await signInToVault(page, server.url, 'ada');
  await limitUploads(page, largeBytes / 4);
  const offsets: number[] = [];
  page.on('request', (request: Request) => {
    if (request.method() === 'PATCH') offsets.push(Number(request.headers()['upload-offset']));
  });
  await page.setInputFiles('#pick-files', path);
  await until(() => offsets.some((offset) => offset > 0), 'the first piece');
  await tray(page).getByRole('button', { name: 'Pause film.bin' }).click();
  await tray(page).getByText('Paused,').waitFor();
  const paused = offsets.length;
  await page.waitForTimeout(500);
  assert.equal(offsets.length, paused, 'nothing is sent while it is paused');
  await tray(page).getByRole('button', { name: 'Go on film.bin' }).click();
  await until(() => offsets.length > paused, 'another piece');

  await page.reload();
  await page.getByRole('heading', { name: 'Unfinished uploads' }).waitFor();
  await assertAccessible(page);
  await limitUploads(page, -1);
  const before = offsets.length;
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Go on with this upload' }).click();
  await (await chooser).setFiles(path);
  await page.locator('[data-field="summary"]', { hasText: '1 file uploaded' }).waitFor({ timeout: 600_000 });
  assert.ok((offsets[before] ?? 0) > 0, 'it did not begin anew');
  await page.getByRole('heading', { name: 'Unfinished uploads' }).waitFor({ state: 'hidden' });
  const kept = (await allOf('/v1/documents?folder_id=root', 'documents')).find(({ name }) => name === 'film.bin');
  const { body } = await ada.call('GET', `/v1/documents/${kept?.id}`);
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path)) hash.update(piece);
  assert.deepEqual([body.document.byte_size, body.document.sha256_hex], [largeBytes, hash.digest('hex')]);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('a name that is taken is kept beside the other, a file that is not wanted is cancelled, and a full vault says so', async () => {
  const { page, context, complaints } = await openWatched(browser, server.url, { expected: [409, 413] });
  await signInToVault(page, server.url, 'ada');
  const note = (text: string) => ({ name: 'note.txt', mimeType: 'text/plain', buffer: Buffer.from(text) });
  await page.setInputFiles('#pick-files', note('one'));
  await tray(page).getByText('1 file uploaded').waitFor();
  await page.setInputFiles('#pick-files', note('two'));
  await tray(page).getByText('Something of this name is in the folder already.').waitFor();
  await assertAccessible(page);
  await tray(page).getByRole('button', { name: 'Keep both note.txt' }).click();
  await page.getByRole('link', { name: 'note (2).txt' }).waitFor();

  await limitUploads(page, 200_000);
  await page.setInputFiles('#pick-files', [
    { name: 'unwanted.bin', mimeType: 'application/octet-stream', buffer: Buffer.alloc(3_000_000) },
  ]);
  await tray(page).getByRole('button', { name: 'Cancel unwanted.bin' }).click();
  await tray(page).locator('li[data-state="cancelled"]').waitFor({ state: 'attached' });
  await limitUploads(page, -1);

  const { account } = (await ada.call('GET', '/v1/account')).body;
  const limit = { bytes_limit: 1, documents_limit: null };
  const set = await ada.call('POST', `/v1/admin/accounts/${account.id}/document-quota`, limit);
  assert.equal(set.status, 200);
  await page.setInputFiles('#pick-files', { ...note('three'), name: 'three.txt' });
  await tray(page).getByText('There is no room left in your vault').waitFor();
  await page.reload();
  await page.getByRole('button', { name: 'Menu' }).click();
  await page.getByText('Your vault is full.').waitFor();
  await assertAccessible(page);
  assert.deepEqual(complaints, []);
  await context.close();
});

async function until(look: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 600; i++) {
    if (look()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`${what} did not come`);
}
