import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { sha256 } from '../support/api.ts';
import { scratchFolder, type TestServer } from '../support/server.ts';
import { refusal } from './support/core-double.ts';
import { LiveCore, newStream, type StreamName } from './support/live-core.ts';
import { livePath, RawReader } from './support/live-reader.ts';
import { send, startRelay, upload } from './support/relay-process.ts';

// The double stands for a core that says what a test needs, when it needs it: nobody can make a real one hesitate.
const folder = scratchFolder('reading-along');
const page = 'https://evidence.example';
let core: LiveCore;
let relay: TestServer;

before(async () => {
  core = await LiveCore.start();
  const env = {
    SAFE_RELAY_FANOUT_WINDOW_COUNT: '4',
    SAFE_RELAY_LIVE_ORIGINS: page,
    SAFE_RELAY_CORE_TIMEOUT: '400ms',
    SAFE_RELAY_FANOUT_READERS_PER_CAPABILITY: '3',
  };
  relay = await startRelay({ folder: folder.path, coreUrl: core.double.url, env });
});
after(async () => {
  assert.equal(await relay.stop(), 0);
  core.close();
  assert.doesNotMatch(relay.log(), /"level":"(error|fatal)"/);
  folder.remove();
});

const put = (name: StreamName, index: number, body: Buffer = randomBytes(1000)) =>
  send(relay.url, upload({ ...name, index, body }));

async function fetchChunk(name: StreamName, index: number | string, token: string, query = '') {
  const answer = await fetch(`${relay.url}${livePath(name)}/${index}${query}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const bytes = Buffer.from(await answer.arrayBuffer());
  const code = answer.ok ? undefined : JSON.parse(bytes.toString()).error.code;
  return { status: answer.status, bytes, code, headers: answer.headers };
}

test('a reader hears of a chunk before the core has answered, can fetch it, and then hears the answer', async () => {
  const name = newStream();
  const token = core.capability(name);
  const reader = await RawReader.open(relay.url, name, token);
  assert.equal(reader.headers['content-type'], 'text/event-stream; charset=utf-8');
  assert.equal(reader.headers['cache-control'], 'no-store');
  const body = randomBytes(5000);
  core.hold(1);
  const putting = put(name, 1, body);
  await reader.hears('chunk 1 unconfirmed');
  const digest = sha256(body);
  assert.deepEqual(reader.heard[0]?.data, {
    chunk_index: 1,
    sha256_hex: digest.toString('hex'),
    byte_size: 5000,
    started_at: '2026-01-01T00:00:00Z',
    ended_at: '2026-01-01T00:00:02Z',
    state: 'unconfirmed',
  });
  const early = await fetchChunk(name, 1, token);
  assert.deepEqual([early.status, early.headers.get('proofline-chunk-state')], [200, 'unconfirmed']);
  assert.deepEqual(early.bytes, body);
  assert.equal(early.headers.get('repr-digest'), `sha-256=:${digest.toString('base64')}:`);

  core.decide(1, 'accept');
  await reader.hears('state 1 confirmed');
  assert.equal((await putting).status, 201);
  assert.equal((await fetchChunk(name, 1, token)).headers.get('proofline-chunk-state'), 'confirmed');
  const later = await RawReader.open(relay.url, name, token);
  await later.hears('chunk 1 confirmed');
  for (const one of [reader, later]) one.close();
});

test('what the core refuses, or gives no answer for, is withdrawn, and its bytes are not served any more', async () => {
  for (const [answer, state] of [
    [refusal(409, 'stream_not_open'), 'rejected'],
    ['cut', 'failed'],
    [refusal(503, 'storage_unavailable'), 'failed'],
  ] as const) {
    const name = newStream();
    const token = core.capability(name);
    const reader = await RawReader.open(relay.url, name, token);
    core.hold(7);
    const body = randomBytes(60_000_000);
    const putting = put(name, 7, body);
    await reader.hears('chunk 7 unconfirmed');
    // Half read when the answer comes: not one byte more than the sockets had already.
    const half = await fetch(`${relay.url}${livePath(name)}/7`, { headers: { authorization: `Bearer ${token}` } });
    assert.equal(half.status, 200);
    core.decide(7, answer);
    await reader.hears(`state 7 ${state}`);
    await assert.rejects(half.arrayBuffer(), 'a download of withdrawn bytes is broken off');
    const { status, code } = await fetchChunk(name, 7, token);
    assert.deepEqual([status, code], [410, 'chunk_withdrawn']);
    assert.ok((await putting).status >= 400);

    // The client tries again, and this time it is taken.
    await put(name, 7, body);
    await reader.when('both', (one) => one.heard.length === 4);
    assert.deepEqual(reader.said().slice(2), ['chunk 7 unconfirmed', 'state 7 confirmed']);
    assert.deepEqual((await fetchChunk(name, 7, token)).bytes, body);
    reader.close();
  }
});

test('two uploads to one place are two candidates, and the core confirms one of them', async () => {
  const name = newStream();
  const token = core.capability(name);
  const [first, second] = [randomBytes(100), randomBytes(100)];
  const reader = await RawReader.open(relay.url, name, token);
  core.hold(1);
  const putting = put(name, 1, first);
  await reader.hears('chunk 1 unconfirmed');
  core.decide(1, 'accept');
  await putting;
  core.hold(1);
  const putsOther = put(name, 1, second);
  await reader.when('the other', (one) => one.heard.length === 3);
  assert.deepEqual((await fetchChunk(name, 1, token)).bytes, first, 'the confirmed one comes first');
  const hex = sha256(second).toString('hex');
  assert.deepEqual((await fetchChunk(name, 1, token, `?sha256_hex=${hex}`)).bytes, second);
  core.decide(1, refusal(409, 'duplicate_chunk_conflict'));
  await reader.hears('state 1 rejected');
  assert.equal((await putsOther).code, 'duplicate_chunk_conflict');
  assert.equal((await fetchChunk(name, 1, token, `?sha256_hex=${hex}`)).code, 'chunk_withdrawn');
  assert.deepEqual((await fetchChunk(name, 1, token)).bytes, first);
  reader.close();
});

test('a window has an end: what left it is not found, and who comes back late is told so', async () => {
  const name = newStream();
  const token = core.capability(name);
  for (const index of [1, 2]) await put(name, index);
  const reader = await RawReader.open(relay.url, name, token);
  await reader.when('the position', (one) => one.lastId !== undefined && one.heard.length === 2);
  reader.close();
  await put(name, 3);
  const back = await RawReader.open(relay.url, name, token, { 'last-event-id': String(reader.lastId) });
  await back.hears('chunk 3 confirmed');
  assert.deepEqual(back.said(), ['chunk 3 confirmed'], 'only what was missed');
  back.close();

  for (const index of [4, 5, 6, 7, 8]) await put(name, index);
  assert.equal((await fetchChunk(name, 3, token)).code, 'chunk_not_live');
  for (const stale of [String(back.lastId), 'other.17', 'nonsense', `${reader.lastId}0000`]) {
    const late = await RawReader.open(relay.url, name, token, { 'last-event-id': stale });
    await late.hears('chunk 8 confirmed');
    assert.deepEqual(late.said(), ['reset', ...[5, 6, 7, 8].map((index) => `chunk ${index} confirmed`)], stale);
    late.close();
  }
  for (const index of ['9', '0', '-1', '1e3', '99999999999999999999', 'x'])
    assert.equal((await fetchChunk(name, index, token)).code, 'chunk_not_live', index);
});

test('whatever is wrong with a capability, the answer is the same', async () => {
  const [name, other] = [newStream(), newStream()];
  const answers = new Set<string>();
  const ask = async (path: string, headers: Record<string, string>) => {
    const answer = await fetch(relay.url + path, { headers });
    answers.add(`${answer.status} ${answer.headers.get('www-authenticate')} ${await answer.text()}`);
  };
  for (const suffix of ['', '/1', '/0', '/x']) {
    const path = livePath(name) + suffix;
    await ask(path, {});
    await ask(path, { authorization: 'Basic eDp5' });
    await ask(path, { authorization: 'Bearer not-a-capability' });
    await ask(path, { authorization: `Bearer ${core.capability(other)}` });
    await ask(path, { authorization: `Bearer ${core.capability(name, -1)}` });
    await ask(livePath({ ...name, incidentId: 'inc' }) + suffix, { authorization: `Bearer ${core.capability(name)}` });
    await ask(livePath({ ...name, streamId: other.streamId }) + suffix, {
      authorization: `Bearer ${core.capability(name)}`,
    });
  }
  assert.equal(answers.size, 1, [...answers].join('\n'));
  assert.match([...answers].join(), /^401 Bearer .*relay_capability_invalid/);
});

test('a credential that the core denies again and again is not asked about any more', async () => {
  const name = newStream();
  const codes: string[] = [];
  for (let i = 0; i < 8; i++) codes.push((await fetchChunk(name, 1, 'denied-again-and-again')).code);
  assert.deepEqual(codes, [...Array(5).fill('relay_capability_invalid'), ...Array(3).fill('rate_limited')]);
});

test('what is revoked has ended within a second, downloads too', async (t) => {
  const took: number[] = [];
  // More than the sockets between the two can hold: Linux lets them grow to 36 MB.
  const name = newStream();
  await put(name, 1, randomBytes(30_000_000));
  for (let round = 0; round < 8; round++) {
    const token = core.capability(name);
    const reader = await RawReader.open(relay.url, name, token);
    const download = await fetch(`${relay.url}${livePath(name)}/1`, { headers: { authorization: `Bearer ${token}` } });
    await new Promise((resolve) => setTimeout(resolve, round * 110));
    const at = performance.now();
    core.capabilities.delete(token);
    await reader.hears('end revoked');
    took.push((reader.heard.at(-1)?.at ?? Number.POSITIVE_INFINITY) - at);
    await reader.when('over', ({ overAt }) => overAt !== undefined);
    await assert.rejects(download.arrayBuffer());
  }
  t.diagnostic(`${took.length} rounds, at most ${Math.round(Math.max(...took))} ms`);
  assert.ok(Math.max(...took) < 1000, `${took}`);
});

test('a capability ends at its time, whatever the core says', async () => {
  const name = newStream();
  const reader = await RawReader.open(relay.url, name, core.capability(name, 1_500));
  // The relay's own clock ends it: the core does not answer any more.
  core.readersFail = 'cut';
  await reader.hears('end expired');
  core.readersFail = undefined;
});

test('while the core cannot be asked, who reads goes on for ten seconds, and nobody new begins', async () => {
  const name = newStream();
  const token = core.capability(name);
  const reader = await RawReader.open(relay.url, name, token);
  const began = performance.now();
  core.readersFail = 'stall';
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  assert.equal((await fetchChunk(name, 1, core.capability(name))).code, 'relay_core_unavailable');
  await put(name, 1);
  await reader.hears('chunk 1 unconfirmed', 'state 1 confirmed');
  await reader.hears('end core_unavailable');
  core.readersFail = undefined;
  const lasted = (reader.heard.at(-1)?.at ?? 0) - began;
  assert.ok(lasted > 8_500 && lasted < 11_000, `${lasted} ms`);
  const again = await RawReader.open(relay.url, name, token, { 'last-event-id': String(reader.lastId) });
  assert.equal(again.status, 200);
  again.close();
});

test('readers are few enough, each capability has its share, and a seat is free when its reader has gone', async () => {
  const name = newStream();
  const token = core.capability(name);
  const three = await Promise.all([1, 2, 3].map(() => RawReader.open(relay.url, name, token)));
  const fourth = await RawReader.open(relay.url, name, token);
  assert.deepEqual([fourth.status, fourth.headers['retry-after']], [429, '5']);
  const other = await RawReader.open(relay.url, name, core.capability(name));
  assert.equal(other.status, 200);
  three[0]?.close();
  const begin = Date.now();
  for (;;) {
    const next = await RawReader.open(relay.url, name, token);
    next.close();
    if (next.status === 200) break;
    assert.ok(Date.now() - begin < 5_000);
  }
  for (const one of [...three, other]) one.close();
});

test('a page of an allowed origin may read along, and no other', async () => {
  const name = newStream();
  const path = `${relay.url}${livePath(name)}`;
  for (const [origin, isAllowed] of [
    [page, true],
    ['https://evil.example', false],
  ] as const) {
    const asked = await fetch(path, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'GET', 'access-control-request-headers': 'authorization' },
    });
    assert.equal(asked.status, 204);
    assert.equal(asked.headers.get('vary'), 'Origin');
    assert.equal(asked.headers.get('access-control-allow-origin'), isAllowed ? page : null);
    assert.equal(asked.headers.get('access-control-allow-headers'), isAllowed ? 'Authorization, Last-Event-ID' : null);
    assert.equal(asked.headers.get('access-control-allow-credentials'), null);
    const refused = await fetch(path, { headers: { origin } });
    assert.equal(refused.status, 401);
    assert.equal(refused.headers.get('access-control-allow-origin'), isAllowed ? page : null);
  }
  const elsewhere = await fetch(`${relay.url}/health/live`, { headers: { origin: page } });
  assert.equal(elsewhere.headers.get('access-control-allow-origin'), null);
  const head = await fetch(path, { method: 'HEAD', headers: { authorization: `Bearer ${core.capability(name)}` } });
  assert.equal(head.status, 405);
});

test('a relay that stops says so, and does not wait for readers', async () => {
  const own = scratchFolder('relay-stops');
  const stopping = await startRelay({ folder: own.path, coreUrl: core.double.url });
  const name = newStream();
  const reader = await RawReader.open(stopping.url, name, core.capability(name));
  const began = performance.now();
  assert.equal(await stopping.stop(), 0);
  assert.deepEqual(reader.said(), ['end shutting_down']);
  assert.ok(performance.now() - began < 10_000, 'the deadline is 25 s');
  own.remove();
});

test('nothing of a capability, an incident or a stream is in the log', () => {
  for (const [token, { incidentId, streamId }] of core.capabilities)
    for (const secret of [token, incidentId, streamId]) assert.ok(!relay.log().includes(secret));
  assert.match(relay.log(), /"route":"\/relay\/v1\/incidents\/:incident_id\/streams\/:stream_id\/live"/);
});
