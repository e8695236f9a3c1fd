import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { type Api, api, openIncident, signIn } from '../support/api.ts';
import { assertAccessible, openWatched, startBrowser } from '../support/browser.ts';
import { at, captureSession } from '../support/capture-session.ts';
import { createAccount, scratchFolder, startServer, type TestServer } from '../support/server.ts';

const folder = scratchFolder('viewer-captures');
let server: TestServer;
let browser: Browser;
let ada: Api;

before(async () => {
  browser = await startBrowser();
  await createAccount(folder.path, 'ada', 'admin');
  server = await startServer({
    dataDir: folder.path,
    env: {
      SAFE_DELETION_WORKER_INTERVAL: '0',
      SAFE_MAIN_API_RATE_LIMIT_ENABLED: 'false',
      SAFE_PUBLIC_VIEWER_RATE_LIMIT_ENABLED: 'false',
    },
  });
  ada = await signIn(server.url, 'ada');
});

after(async () => {
  await browser?.close();
  assert.equal(await server?.stop(), 0);
  folder.remove();
});

async function linkTo(incident: string): Promise<string> {
  return (await ada.call('POST', `/v1/incidents/${incident}/incident-tokens`, {})).body.token;
}

/** Ten seconds in full, ten by the live version, ten of sealed places, ten missing, ten by the live version. */
async function recorded() {
  const incident = await openIncident(ada);
  const session = await captureSession(ada, incident, 'front');
  await session.put('preview', 0, 20, { length: 2 });
  await session.put('master', 0, 10);
  await session.put('place', 20, 30);
  await session.put('preview', 40, 50, { length: 5 });
  return { incident, session, token: await linkTo(incident) };
}

const states = ['Full recording', 'Stand-in', 'No picture or sound', 'Missing', 'Stand-in'];

describe('the timeline of a capture group', { concurrency: 4 }, () => {
  test('a link answers with the timeline and the resolution, and with nothing of the device or the account', async () => {
    const { incident, session, token } = await recorded();
    const decided = await ada.call('POST', `${session.path}/supersessions`, {
      superseding: { stream_id: await session.stream('master'), source_segment_id: 'seg:0-10' },
      superseded: { stream_id: await session.stream('preview'), source_segment_id: 'seg:0-2' },
    });
    assert.equal(decided.status, 201);
    const ask = async (path: string) => await api(server.url).call('GET', path);
    for (const prefix of ['/i', '/e']) {
      const { capture_groups: groups } = (await ask(`${prefix}/${token}/data`)).body;
      assert.deepEqual(
        groups.map(({ created_at: _, ...group }: { created_at: string }) => group),
        [{ id: session.group, label: 'front', chunk_count: 14, too_large: false }],
      );
      const { body } = await ask(`${prefix}/${token}/capture-groups/${session.group}/timeline`);
      assert.deepEqual(body.lengths_ms, { best: 10_000, fallback: 20_000, context_only: 10_000, missing: 10_000 });
      assert.deepEqual(
        body.rows.map((row: { state: string; source_started_at: string }) => [row.state, row.source_started_at]),
        [
          ['best', at(0)],
          ['fallback', at(10)],
          ['context_only', at(20)],
          ['missing', at(30)],
          ['fallback', at(40)],
        ],
      );
      assert.deepEqual(body.supersessions, { recorded: 1, withdrawn: 0 });
      const resolution = await ask(`${prefix}/${token}/capture-groups/${session.group}/resolution`);
      assert.deepEqual(resolution.body, (await ada.call('GET', `${session.path}/resolution`)).body);
    }
    const me = (await ada.call('GET', '/v1/account')).body.account.id;
    for (const path of ['', '/data', `/capture-groups/${session.group}`, `/capture-groups/${session.group}/timeline`]) {
      const shown = JSON.stringify((await ask(`/i/${token}${path}`)).body);
      assert.ok(!shown.includes('phone-secret-7') && !shown.includes(me), path);
    }

    const stranger = await linkTo(await openIncident(ada));
    for (const end of ['/timeline', '/resolution']) {
      const other = await ask(`/i/${stranger}/capture-groups/${session.group}${end}`);
      assert.deepEqual([other.status, other.body.error.code], [404, 'capture_group_not_found']);
    }
    assert.equal((await ask(`/i/${stranger}/capture-groups/${session.group}`)).status, 404);
    await ada.call('POST', `/v1/incidents/${incident}/deletion`, { allow_open: true });
    for (const end of ['/timeline', '/resolution']) {
      const gone = await ask(`/i/${token}/capture-groups/${session.group}${end}`);
      assert.deepEqual([gone.status, gone.body.error.code], [404, 'incident_token_invalid']);
    }
  });

  test('the page says what is confirmed, what stands in and what is missing, and follows as more comes', async () => {
    const { session, token } = await recorded();
    const { page, context, complaints } = await openWatched(browser, server.url, {
      timezoneId: 'Europe/Berlin',
      locale: 'de-DE',
    });
    await page.goto(`${server.url}/i/${token}`);
    await page.evaluate('document.body.dataset.samePage = "yes"');
    const section = page.getByRole('region', { name: 'What is confirmed: front' });
    await section.getByText('Of 50 s, 10 s are missing.').waitFor();
    assert.deepEqual(await section.locator('.evidence .chip').allTextContents(), states);
    // Midnight in Berlin lies within the timeline.
    await section.getByText('23:58:00 to 23:58:10').waitFor();
    await section.getByText('22:58:00 to 22:58:10 UTC').waitFor();
    await page.getByText('Up to date.').waitFor();

    await session.put('master', 10, 20);
    await session.put('sound', 30, 40);
    await session.put('master', 120, 130);
    await section.getByText('Of 2 min 10 s, 1 min 10 s are missing.').waitFor({ timeout: 20_000 });
    assert.deepEqual(await section.locator('.evidence .chip').allTextContents(), [
      'Full recording',
      'No picture or sound',
      'Stand-in',
      'Stand-in',
      'Missing',
      'Full recording',
    ]);
    await section.getByText('03.01.2026, 00:00:00 to 03.01.2026, 00:00:10').waitFor();
    await section.getByText('Sound, sent ahead').waitFor();

    const later = await captureSession(ada, session.path.split('/')[3] ?? '');
    await page.getByRole('heading', { name: 'What is confirmed', exact: true }).waitFor({ timeout: 12_000 });
    await page.getByText('Nothing of it is confirmed yet.').waitFor();
    await later.put('preview', 0, 2);
    const other = page.getByRole('region', { name: 'What is confirmed', exact: true });
    const downloading = page.waitForEvent('download');
    await other.getByRole('link', { name: /^What was chosen of it.*encrypted ZIP/ }).click();
    assert.match((await downloading).suggestedFilename(), new RegExp(`${later.group}_canonical\\.zip$`));
    assert.equal(await other.getByText('Its complete recordings alone').isVisible(), false);
    const stream = await later.stream('preview');
    const incident = session.path.split('/')[3];
    await ada.call('POST', `/v1/incidents/${incident}/streams/${stream}/complete`, { expected_chunk_count: 1 });
    await other.getByRole('link', { name: /^Its complete recordings alone/ }).waitFor({ timeout: 12_000 });
    await page.getByText('All 2 s are confirmed, but only by stand-ins.').waitFor({ timeout: 20_000 });
    await assertAccessible(page);
    assert.equal(await page.locator('body').getAttribute('data-same-page'), 'yes', 'it was never reloaded');
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('without scripts, and where there is hardly room, all of it is there in UTC', async () => {
    const { token } = await recorded();
    const { page, context, complaints } = await openWatched(browser, server.url, {
      javaScriptEnabled: false,
      viewport: { width: 320, height: 640 },
    });
    await page.goto(`${server.url}/e/${token}`);
    assert.deepEqual(await page.locator('.evidence .chip').allTextContents(), states);
    assert.equal(await page.locator('.evidence .when').first().innerText(), '22:58:00 to 22:58:10 UTC\n10 s');
    await page.getByRole('link', { name: 'Every segment, page by page' }).click();
    await page.getByRole('heading', { name: 'Every segment', exact: true }).waitFor();
    await page.getByText('Kept behind it: Video, small live version').first().waitFor();
    await page.getByText('Nothing of this time has arrived so far.').waitFor();
    await page.getByRole('link', { name: 'Back to the incident' }).click();
    await page.getByRole('heading', { name: 'What is confirmed: front' }).waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('the page of segments is read by keyboard, at twice the size, page by page', async () => {
    const incident = await openIncident(ada);
    const session = await captureSession(ada, incident);
    await session.put('preview', 0, 104, { length: 1 });
    await session.put('master', 110, 112);
    await session.put('sound', 111, 113);
    const token = await linkTo(incident);
    // What 640 px are at 200 %.
    const { page, context, complaints } = await openWatched(browser, server.url, {
      viewport: { width: 320, height: 450 },
      deviceScaleFactor: 2,
    });
    await page.goto(`${server.url}/i/${token}`);
    await page.getByRole('link', { name: 'Every segment, page by page' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Every segment, page 1 of 2' }).waitFor();
    assert.equal(await page.locator('.evidence > li').count(), 100);
    const later = page.getByRole('link', { name: 'Later segments' });
    await later.focus();
    assert.equal(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle'), 'solid');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Every segment, page 2 of 2' }).waitFor();
    assert.equal(await page.locator('.evidence > li').count(), 7);
    await page.getByText('It overlaps seg:111-113.').waitFor();
    await assertAccessible(page);
    assert.deepEqual(complaints, []);
    await context.close();
  });
});
