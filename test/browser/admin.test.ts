import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { type Api, openIncident, openStream, signIn } from '../support/api.ts';
import { assertAccessible, desktop, openWatched, startBrowser } from '../support/browser.ts';
import { captureSession } from '../support/capture-session.ts';
import { adminPassword, scratchFolder, startServer, type TestServer } from '../support/server.ts';

const folder = scratchFolder('admin');
const setUpSecret = 'set-up secret of this test';
let server: TestServer;
let browser: Browser;

before(async () => {
  browser = await startBrowser();
  server = await startServer({
    dataDir: folder.path,
    env: { SAFE_AUTH_BOOTSTRAP_SECRET: setUpSecret, SAFE_DELETION_WORKER_INTERVAL: '0' },
  });
});

after(async () => {
  await browser?.close();
  assert.equal(await server?.stop(), 0);
  folder.remove();
});

const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { level: 1, name });

/** As a person without a mouse: Tab until the named thing has the focus. */
async function tabTo(page: Page, name: string): Promise<void> {
  const focused = `(() => {
    const e = document.activeElement;
    return (e.labels?.[0]?.textContent ?? e.getAttribute('aria-label') ?? e.textContent ?? '').trim();
  })()`;
  for (let i = 0; i < 40; i++) {
    if ((await page.evaluate<string>(focused)) === name) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`the keyboard does not reach ${name}`);
}

async function signInByForm(page: Page): Promise<void> {
  await page.goto(`${server.adminUrl}/admin`);
  await page.getByLabel('Username').fill('ada');
  await page.getByLabel('Password').fill(adminPassword);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await heading(page, 'Overview').waitFor();
}

let ada: Api;

test('set-up from the printed link, then sign in and create an account with the keyboard alone', async () => {
  const { page, context, complaints } = await openWatched(browser, server.adminUrl, { expected: [400] });
  await page.goto(`${server.adminUrl}/admin/bootstrap#secret=${encodeURIComponent(setUpSecret)}`);
  assert.equal(await page.getByLabel('Set-up secret').inputValue(), setUpSecret);
  assert.equal(new URL(page.url()).hash, '', 'it leaves the address bar');
  await assertAccessible(page);
  await page.keyboard.type('ada');
  await page.keyboard.press('Tab');
  await page.keyboard.type(adminPassword);
  await page.keyboard.press('Tab');
  await page.keyboard.type(adminPassword);
  await page.keyboard.press('Enter');
  await heading(page, 'Overview').waitFor();
  await tabTo(page, 'Sign out');
  await page.keyboard.press('Enter');
  await heading(page, 'Sign in').waitFor();
  await assertAccessible(page);

  await page.keyboard.type('ada');
  await tabTo(page, 'Password');
  await page.keyboard.type(adminPassword);
  await page.keyboard.press('Enter');
  await heading(page, 'Overview').waitFor();
  await page.getByText('Everything works').waitFor();
  await assertAccessible(page);

  await tabTo(page, 'Accounts');
  await page.keyboard.press('Enter');
  await heading(page, 'Accounts').waitFor();
  await tabTo(page, 'Create an account');
  await page.keyboard.press('Enter');
  await heading(page, 'Create an account').waitFor();
  await tabTo(page, 'Username');
  await page.keyboard.type('Grace');
  await tabTo(page, 'New password');
  await page.keyboard.type(adminPassword);
  await tabTo(page, 'The same again');
  await page.keyboard.type('something else entirely');
  await page.keyboard.press('Enter');
  await page.getByText('The two passwords differ.').waitFor();
  await assertAccessible(page);
  assert.equal(await page.getByLabel('Username').inputValue(), 'Grace', 'nothing but passwords is lost');
  assert.equal(await page.getByLabel('New password').inputValue(), '');
  assert.equal(await page.evaluate('document.activeElement.id'), 'repeat', 'the focus is where the mistake is');
  await page.getByLabel('New password').fill(adminPassword);
  await page.getByLabel('The same again').fill(adminPassword);
  await page.keyboard.press('Enter');
  await heading(page, 'grace').waitFor();
  await page.getByText('The account was created.').waitFor();
  await assertAccessible(page);
  await signIn(server.url, 'grace');
  ada = await signIn(server.url, 'ada');
  assert.deepEqual(complaints, []);
  await context.close();
});

test('an account: quota, sessions, password', async () => {
  const { page, context, complaints } = await openWatched(browser, server.adminUrl, {
    expected: [400],
    viewport: desktop,
  });
  await signInByForm(page);
  await page.getByRole('link', { name: 'Accounts' }).click();
  await page.getByRole('link', { name: 'grace' }).click();
  const limit = page.getByLabel('How much this account may keep');
  await limit.fill('lots');
  await page.getByRole('button', { name: 'Set the quota' }).click();
  await page.getByText('Write a size in bytes').waitFor();
  assert.equal(await limit.inputValue(), 'lots');
  await limit.fill('20 MB');
  await page.getByRole('button', { name: 'Set the quota' }).click();
  await page.getByText('0 bytes of 20 MB').waitFor();

  const grace = await signIn(server.url, 'grace');
  await page.reload();
  await page.getByRole('button', { name: 'End all sessions' }).click();
  await page.getByText('Nobody is signed in with this account.').waitFor();
  assert.equal((await grace.call('GET', '/v1/account')).status, 401);

  const next = 'another quite long password';
  await page.getByLabel('New password').fill(next);
  await page.getByLabel('The same again').fill(next);
  await page.getByRole('button', { name: 'Set the new password' }).click();
  await page.getByText('The new password holds.').waitFor();
  assert.equal((await ada.call('POST', '/v1/auth/login', { username: 'grace', password: next })).status, 201);
  await assertAccessible(page);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('an incident: found by id, deleted in two steps, and the record of it', async () => {
  const attack = `"><script>document.title='owned'</script>`;
  const id = (await ada.call('POST', '/v1/incidents', { client_label: attack, notes: `secret ${attack}` })).body
    .incident_id;
  const stream = await openStream(ada, id);
  await ada.putChunk(id, stream, 1, randomBytes(2_000));
  const { page, context, complaints } = await openWatched(browser, server.adminUrl, { expected: [400, 404] });
  await signInByForm(page);
  await page.getByRole('link', { name: 'Incidents' }).click();
  await assertAccessible(page);
  await page.getByLabel('Find by id').fill('inc_nothing');
  await page.getByRole('button', { name: 'Find' }).click();
  await page.getByText('There is no incident with this id.').waitFor();
  await assertAccessible(page);
  await page.getByLabel('Find by id').fill(id);
  await page.keyboard.press('Enter');
  await heading(page, 'Incident').waitFor();
  await page.getByText(attack, { exact: true }).waitFor();
  assert.ok(!(await page.content()).includes('secret &quot;'), 'notes are not shown');
  await assertAccessible(page);

  await page.getByRole('link', { name: 'Delete this incident…' }).click();
  await page.getByLabel('Reason code').fill('two words');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByText('Write 1 to 64 letters').waitFor();
  await assertAccessible(page);
  await page.getByLabel('Reason code').fill('court_order-17');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByText('It is still open.').waitFor();
  await page.getByLabel('Delete it although').check();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByText('1 stream, 1 part, 2.0 kB').waitFor();
  await page.getByRole('button', { name: 'Delete for good' }).click();
  await page.getByText('Tick this if you are sure.').waitFor();
  await assertAccessible(page);
  assert.equal((await ada.call('GET', `/v1/incidents/${id}/deletion`)).status, 404, 'nothing happened yet');
  await page.getByLabel('I am sure').check();
  await page.getByRole('button', { name: 'Delete for good' }).click();
  await page.getByText('The deletion is decided.').waitFor();
  await assertAccessible(page);
  const { deletion } = (await ada.call('GET', `/v1/admin/incidents/${id}/deletion`)).body;
  assert.deepEqual([deletion.source, deletion.reason_code], ['admin_request', 'court_order-17']);

  await page.getByRole('link', { name: 'Deletions' }).click();
  await page.getByText('1 of 1 part left').waitFor();
  await assertAccessible(page);
  await page.getByRole('link', { name: 'Audit' }).click();
  await page.getByRole('row').filter({ hasText: 'Asked for a deletion' }).filter({ hasText: id }).waitFor();
  await assertAccessible(page);
  const recorded = await openIncident(ada);
  const session = await captureSession(ada, recorded, attack);
  await session.put('preview', 0, 4, { length: 2 });
  await session.put('master', 5, 10);
  await ada.call('POST', `/v1/incidents/${recorded}/close`);
  await page.goto(`${server.adminUrl}/admin/incidents/${recorded}`);
  await page.getByText('5 s in full, 4 s by a stand-in, 1 s missing in 1 gap').waitFor();
  await assertAccessible(page);

  await page.goto(`${server.adminUrl}/admin/incidents/inc_nothing`);
  await heading(page, 'There is nothing here').waitFor();
  await assertAccessible(page);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('an incident from an older server gets its owner, and a deletion that fails is told with its tries', async () => {
  const ownerless = await openIncident(ada);
  const failing = await openIncident(ada);
  await ada.putChunk(failing, await openStream(ada, failing), 1, randomBytes(10));
  await ada.call('POST', `/v1/incidents/${failing}/deletion`, { allow_open: true, reason_code: 'duplicate' });
  const db = new DatabaseSync(join(folder.path, 'proofline.db'));
  db.prepare('UPDATE incidents SET owner_account_id = NULL WHERE id = ?').run(ownerless);
  db.prepare("UPDATE incidents SET deletion_state = 'deletion_failed' WHERE id = ?").run(failing);
  // As the worker leaves it when a blob cannot be removed.
  db.exec(`UPDATE incident_deletion_decisions SET state = 'deletion_failed', error_code = 'storage_unavailable', item_count = 1
    WHERE incident_id = '${failing}';
    INSERT INTO incident_deletion_items (id, decision_id, stored_path, byte_size, state, attempts, updated_at)
    SELECT 'item', id, 'incidents/gone', 10, 'pending', 3, updated_at FROM incident_deletion_decisions
    WHERE incident_id = '${failing}'`);
  db.close();

  const { page, context, complaints } = await openWatched(browser, server.adminUrl, { expected: [400] });
  await signInByForm(page);
  await page.getByText('1 to be tried again').waitFor();
  await page.getByRole('link', { name: 'Deletions' }).click();
  await page.getByText(/1 of 1 part left, tried 3 times, latest .*: storage_unavailable/).waitFor();
  await page.goto(`${server.adminUrl}/admin/incidents?ownerless=yes`);
  await page.getByRole('link', { name: ownerless }).click();
  await page.getByLabel('Username of the new owner').fill('nobody');
  await page.getByRole('button', { name: 'Make this account the owner' }).click();
  await page.getByText('There is no account with this username.').waitFor();
  await assertAccessible(page);
  await page.getByLabel('Username of the new owner').fill('grace');
  await page.getByRole('button', { name: 'Make this account the owner' }).click();
  await page.getByText('The incident has its owner now.').waitFor();
  await page.getByRole('link', { name: 'Audit' }).click();
  await page
    .getByRole('row')
    .filter({ hasText: 'Gave an incident to an account' })
    .filter({ hasText: ownerless })
    .waitFor();
  assert.deepEqual(complaints, []);
  await context.close();
});

test('lists go on over pages, and keep what was asked for', async () => {
  for (let i = 0; i < 55; i++) await ada.call('POST', '/v1/incidents', {});
  const { page, context } = await openWatched(browser, server.adminUrl, { javaScriptEnabled: false });
  await signInByForm(page);
  await page.getByRole('link', { name: 'Incidents' }).click();
  await page.getByLabel('Owner', { exact: true }).fill('ada');
  await page.getByLabel('Status').selectOption('open');
  await page.getByLabel('Deletion').selectOption('active');
  await page.getByRole('button', { name: 'Filter' }).click();
  assert.equal(await page.getByRole('row').count(), 51);
  await page.getByRole('link', { name: 'Next page' }).click();
  assert.equal(await page.getByRole('row').count(), 6);
  assert.equal(await page.getByLabel('Status').inputValue(), 'open');
  await page.getByRole('link', { name: 'First page' }).waitFor();
  await context.close();
});
