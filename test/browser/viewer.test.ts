import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { type Api, openStream, signIn } from '../support/api.ts';
import { assertAccessible, desktop, openWatched, startBrowser } from '../support/browser.ts';
import { createAccount, scratchFolder, startServer, type TestServer } from '../support/server.ts';

const folder = scratchFolder('viewer');
let server: TestServer;
let browser: Browser;
let ada: Api;
const tokens: string[] = [];

before(async () => {
  browser = await startBrowser();
  await createAccount(folder.path, 'ada', 'admin');
  server = await startServer({ dataDir: folder.path, env: { SAFE_DELETION_WORKER_INTERVAL: '0' } });
  ada = await signIn(server.url, 'ada');
});

after(async () => {
  await browser?.close();
  assert.equal(await server?.stop(), 0);
  for (const token of tokens) assert.ok(!server.log().includes(token), 'a viewer token stands in the log');
  folder.remove();
});

async function shared(fields: Record<string, string> = {}): Promise<{ id: string; token: string; link: string }> {
  const id = (await ada.call('POST', '/v1/incidents', fields)).body.incident_id;
  const { token } = (await ada.call('POST', `/v1/incidents/${id}/incident-tokens`, {})).body;
  tokens.push(token);
  return { id, token, link: `${server.url}/i/${token}` };
}

// Mostly waiting for the page to ask again, so they wait together.
describe('the page of an incident', { concurrency: 4 }, () => {
  test('the page follows a recording without a reload, from the first part to the download', async () => {
    const incident = await shared({ client_label: 'Walk home' });
    const { page, context, complaints } = await openWatched(browser, server.url);
    await page.goto(incident.link);
    await page.evaluate('document.body.dataset.samePage = "yes"');
    await page.getByRole('heading', { level: 1, name: 'Walk home' }).waitFor();
    await page.getByRole('heading', { name: 'Started, nothing recorded yet' }).waitFor();

    const stream = await openStream(ada, incident.id);
    const bytes = randomBytes(70_000);
    await ada.putChunk(incident.id, stream, 1, bytes);
    await page.getByRole('heading', { name: 'Recording now' }).waitFor({ timeout: 12_000 });
    await page.getByText('1 part, 70 kB').waitFor();
    assert.match((await page.getByRole('status').textContent()) ?? '', /Recording now/);
    assert.match(await page.title(), /^Recording now: Walk home$/);

    await ada.call('POST', `/v1/incidents/${incident.id}/checkins`, {
      device_battery_percent: 34,
      device_network: 'LTE',
      latitude: 52.5200081,
      longitude: 13.4049541,
      accuracy_meters: 11.6,
    });
    await page.getByText('52.520008, 13.404954').waitFor({ timeout: 12_000 });
    assert.equal(
      await page.getByRole('link', { name: 'Open in a map app' }).getAttribute('href'),
      'geo:52.520008,13.404954;u=12',
    );
    await page.getByText('34 %').waitFor();
    await assertAccessible(page);

    await ada.call('POST', `/v1/incidents/${incident.id}/streams/${stream}/complete`, { expected_chunk_count: 1 });
    await page.getByRole('heading', { name: 'Not recording at the moment' }).waitFor({ timeout: 12_000 });
    await ada.call('POST', `/v1/incidents/${incident.id}/close`);
    await page.getByRole('heading', { name: 'Closed' }).waitFor({ timeout: 12_000 });
    const downloading = page.waitForEvent('download');
    await page.getByRole('link', { name: /^Video.*encrypted ZIP, 70 kB/ }).click();
    const download = await downloading;
    assert.equal(download.suggestedFilename(), `incident_${incident.id}_video_${stream}.zip`);
    assert.ok(readFileSync(await download.path()).includes(bytes));

    await assertAccessible(page);
    assert.equal(await page.locator('body').getAttribute('data-same-page'), 'yes', 'it was never reloaded');
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('what a recorder sent stays text, wherever it is shown', async () => {
    const attack = `"><img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`;
    const incident = await shared({ client_label: attack, notes: attack });
    const { page, context, complaints } = await openWatched(browser, server.url);
    await page.goto(incident.link);
    // Shown by the server and by the script: one stream before the page is open, one after.
    await ada.call('POST', `/v1/incidents/${incident.id}/checkins`, { device_network: attack.slice(0, 100) });
    for (let round = 0; round < 2; round++) {
      const answer = await ada.call('POST', `/v1/incidents/${incident.id}/streams`, {
        media_type: 'audio',
        label: attack,
      });
      await ada.call('POST', `/v1/incidents/${incident.id}/streams/${answer.body.stream.id}/fail`, {
        failure_reason: attack,
      });
      await page.getByRole('heading', { level: 3 }).nth(round).waitFor({ timeout: 12_000 });
    }
    const file = new FormData();
    file.set('file', new Blob(['x']), attack);
    const facts = { chunk_index: '0', media_type: 'audio', started_at: '2026-01-01T00:00:00Z' };
    const sha256_hex = '2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881';
    for (const [name, value] of Object.entries({ ...facts, ended_at: '2026-01-01T00:00:01Z', sha256_hex }))
      file.set(name, value);
    const upload = await fetch(`${server.url}/v1/incidents/${incident.id}/chunks`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ada.token}` },
      body: file,
    });
    assert.equal(upload.status, 201);
    await page.getByText('Also sent one by one: Sound, 1 part.').waitFor({ timeout: 12_000 });
    await page.reload();
    await page.getByText('Also sent one by one: Sound, 1 part.').waitFor();
    assert.equal(await page.getByRole('heading', { level: 1 }).textContent(), attack);
    assert.equal(await page.locator('img, main script').count(), 0);
    assert.ok(!(await page.title()).startsWith('owned'));
    await assertAccessible(page);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('a lost connection is said plainly, with the time, and mended by itself', async () => {
    const incident = await shared();
    const { page, context } = await openWatched(browser, server.url);
    await page.goto(incident.link);
    await page.getByText('Up to date.').waitFor();
    await context.setOffline(true);
    await page.getByText(/No connection to the server since \d\d:\d\d:\d\d\. What you see is from then\./).waitFor({
      timeout: 12_000,
    });
    await page.getByRole('heading', { name: 'Last known: Started, nothing recorded yet' }).waitFor();
    await assertAccessible(page);
    await context.setOffline(false);
    await page.getByText('Up to date.').waitFor({ timeout: 10_000 });
    assert.match((await page.getByRole('status').textContent()) ?? '', /The connection is back/);
    await context.close();
  });

  test('a limit is respected for as long as the server asks', async () => {
    const incident = await shared();
    const { page, context } = await openWatched(browser, server.url, { expected: [429] });
    let asked = 0;
    await page.route('**/data', async (route) => {
      asked += 1;
      await route.fulfill({ status: 429, headers: { 'Retry-After': '5' }, body: '{}' });
    });
    await page.goto(incident.link);
    await page.getByText('Trying again in 5 seconds').waitFor();
    await page.waitForTimeout(3_500);
    assert.equal(asked, 1, 'not before Retry-After is over');
    await context.close();
  });

  test('without JavaScript everything is there, and the page says how to see what is new', async () => {
    const incident = await shared({ client_label: 'Old phone' });
    const stream = await openStream(ada, incident.id);
    await ada.putChunk(incident.id, stream, 1, randomBytes(1000));
    await ada.call('POST', `/v1/incidents/${incident.id}/streams/${stream}/complete`, { expected_chunk_count: 1 });
    const { page, context, complaints } = await openWatched(browser, server.url, {
      javaScriptEnabled: false,
      viewport: desktop,
    });
    // The alias works alike.
    await page.goto(`${server.url}/e/${incident.token}`);
    await page.getByRole('heading', { name: 'Not recording at the moment' }).waitFor();
    await page.getByText('Reload the page to see what is new.').waitFor();
    assert.equal(await page.locator('noscript meta[http-equiv=refresh]').getAttribute('content'), '30');
    const downloading = page.waitForEvent('download');
    await page.getByRole('link', { name: /^Video/ }).click();
    assert.match((await downloading).suggestedFilename(), /\.zip$/);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('a link that stops working takes what was shown with it', async () => {
    const incident = await shared({ client_label: 'Not for ever' });
    const { page, context } = await openWatched(browser, server.url, { expected: [404] });
    await page.goto(incident.link);
    await page.getByText('Up to date.').waitFor();
    await ada.call('POST', `/v1/incidents/${incident.id}/deletion`, { allow_open: true });
    await page.getByRole('heading', { name: 'This link does not work' }).waitFor({ timeout: 12_000 });
    assert.ok(!(await page.content()).includes('Not for ever'));
    await assertAccessible(page);
    await context.close();
  });

  test('the keyboard reaches everything, first of all the way past the header', async () => {
    const incident = await shared();
    await ada.call('POST', `/v1/incidents/${incident.id}/checkins`, { latitude: 1, longitude: 2 });
    const { page, context } = await openWatched(browser, server.url);
    await page.goto(incident.link);
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'Skip to the content');
    await page.keyboard.press('Enter');
    const reached: string[] = [];
    for (let i = 0; i < 3; i++) {
      await page.keyboard.press('Tab');
      reached.push(await page.evaluate('document.activeElement.textContent.trim()'));
      const outline = await page.evaluate('getComputedStyle(document.activeElement).outlineStyle');
      assert.equal(outline, 'solid', 'the focus can be seen');
    }
    assert.deepEqual(reached, [
      'Copy coordinates',
      'Open in a map app',
      'What the files are, and how to check and open them',
    ]);
    await context.close();
  });
});
