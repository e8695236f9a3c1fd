import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { freePorts } from '../deploy/support.ts';
import { send, startRelay, upload } from '../relay/support/relay-process.ts';
import { type Api, openIncident, signIn } from '../support/api.ts';
import { assertAccessible, openWatched, startBrowser } from '../support/browser.ts';
import { captureSession, sourceHeaders } from '../support/capture-session.ts';
import { type FaultyProxy, startFaultyProxy } from '../support/faulty-proxy.ts';
import { createAccount, scratchFolder, startServer, type TestServer } from '../support/server.ts';

// A real server and a real relay; between them a proxy that holds back what a test wants to see unconfirmed.
const folder = scratchFolder('viewer-relay');
let core: TestServer;
let relay: TestServer;
let between: FaultyProxy;
let browser: Browser;
let ada: Api;

const staticToken = randomBytes(32).toString('base64url');

before(async () => {
  browser = await startBrowser();
  await createAccount(folder.path, 'ada', 'admin');
  const port = await freePorts(1);
  core = await startServer({
    dataDir: folder.path,
    env: {
      SAFE_RELAY_API_BIND_ADDRS: '127.0.0.1:0',
      SAFE_RELAY_STATIC_TOKEN: staticToken,
      SAFE_RELAY_URL: `http://127.0.0.1:${port}`,
      SAFE_DELETION_WORKER_INTERVAL: '0',
    },
  });
  between = await startFaultyProxy(core.relayApiUrl);
  relay = await startRelay({
    folder: folder.path,
    coreUrl: between.url,
    env: {
      SAFE_RELAY_STATIC_TOKEN: staticToken,
      SAFE_RELAY_BIND_ADDRS: `127.0.0.1:${port}`,
      SAFE_RELAY_LIVE_ORIGINS: core.url,
      SAFE_RELAY_CORE_TIMEOUT: '3s',
    },
  });
  ada = await signIn(core.url, 'ada');
});

after(async () => {
  await browser?.close();
  assert.equal(await relay?.stop(), 0);
  between?.close();
  assert.equal(await core?.stop(), 0);
  folder.remove();
});

test('what only a relay has seen is shown as not confirmed, is replaced when it is, and taken back when it never was', async () => {
  const incident = await openIncident(ada);
  const session = await captureSession(ada, incident, 'front');
  await session.put('preview', 0, 4, { length: 2 });
  const stream = await session.stream('preview');
  const capability = async (kind: string) =>
    (await ada.call('POST', `/v1/incidents/${incident}/streams/${stream}/relay-capabilities`, { kind })).body;
  const [uploading, reading] = [await capability('upload'), await capability('fanout')];
  const { token } = (await ada.call('POST', `/v1/incidents/${incident}/incident-tokens`, {})).body;
  const put = (index: number, from: number, body: Buffer) =>
    send(
      relay.url,
      upload({
        incidentId: incident,
        streamId: stream,
        index,
        body,
        capability: uploading.token,
        headers: sourceHeaders(from, from + 2),
      }),
    );

  const { headers } = await fetch(`${core.url}/i/${token}`);
  assert.match(headers.get('content-security-policy') ?? '', new RegExp(`connect-src 'self' ${relay.url};`));

  const { page, context, complaints } = await openWatched(browser, core.url);
  await page.goto(`${core.url}/i/${token}#live=${stream}.${reading.token}`);
  await page.getByText('Also reading along at a relay.').waitFor({ timeout: 12_000 });
  const section = page.getByRole('region', { name: 'What is confirmed: front' });
  const chips = () => section.locator('.evidence .chip').allTextContents();
  assert.deepEqual(await chips(), ['Stand-in']);

  const bytes = randomBytes(1_500);
  between.fault = ({ method }) => (method === 'PUT' ? { kind: 'stall' } : undefined);
  const held = put(3, 4, bytes);
  await section.getByText('Not confirmed', { exact: true }).waitFor({ timeout: 5_000 });
  assert.deepEqual(await chips(), ['Stand-in', 'Not confirmed']);
  await section.getByText('All 4 s are confirmed, but only by stand-ins.').waitFor();
  await assertAccessible(page);
  assert.equal((await held).status, 503);
  await section.getByText('it did not reach the server: it does not count').waitFor({ timeout: 5_000 });
  assert.deepEqual(await chips(), ['Stand-in', 'Withdrawn']);

  between.fault = () => undefined;
  assert.equal((await put(3, 4, bytes)).status, 201);
  await section.getByText('All 6 s are confirmed, but only by stand-ins.').waitFor({ timeout: 15_000 });
  assert.deepEqual(await chips(), ['Stand-in'], 'the confirmed part is in the timeline, and nowhere else');

  assert.equal((await put(3, 6, randomBytes(99))).status, 409);
  await section.getByText('the server refused it: it does not count').waitFor({ timeout: 5_000 });
  await ada.call('POST', `/v1/relay-capabilities/${reading.capability_id}/revoke`);
  await page.getByText('Reading along at the relay is over.').waitFor({ timeout: 5_000 });

  const elsewhere = complaints.filter((complaint) => !complaint.startsWith(`request to ${relay.url}/relay/v1/`));
  assert.deepEqual(elsewhere, []);
  for (const log of [core.log(), relay.log()]) assert.ok(!log.includes(reading.token) && !log.includes(token));
  await context.close();
});
