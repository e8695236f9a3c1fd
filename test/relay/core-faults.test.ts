import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import { sha256 } from '../support/api.ts';
import { scratchFolder, type TestServer } from '../support/server.ts';
import { type CoreAnswer, type CoreDouble, isPreflight, refusal, startCoreDouble } from './support/core-double.ts';
import { send, startRelay, staticToken, upload } from './support/relay-process.ts';

// What the relay does with a core that is broken, overloaded or no core at all. The double says what a real one would not.
const folder = scratchFolder('relay-faults');
let core: CoreDouble;
let relay: TestServer;

before(async () => {
  core = await startCoreDouble();
  const env = {
    SAFE_RELAY_CORE_TIMEOUT: '300ms',
    SAFE_RELAY_FORWARD_TIMEOUT: '2s',
    SAFE_RELAY_DENIALS: '3',
    SAFE_RELAY_PRESSURES: '3',
  };
  relay = await startRelay({ folder: folder.path, coreUrl: core.url, env });
});
beforeEach(() => {
  core.calls.length = 0;
  core.answer = () => undefined;
});
after(async () => {
  await relay.stop();
  core.close();
  folder.remove();
});

const puts = () => core.calls.filter((call) => !isPreflight(call));

test('a chunk goes from the client to the core as it is, and the answer comes back', async () => {
  for (const size of [0, 1, 64 * 1024, 1024 * 1024, 3_000_000]) {
    core.calls.length = 0;
    const wish = upload({
      body: randomBytes(size),
      capability: 'a-capability',
      headers: { 'idempotency-key': 'once' },
    });
    const answer = await send(relay.url, wish);
    assert.equal(answer.status, 201);
    assert.equal(answer.body.byte_size, size);
    const [preflight, put] = core.calls;
    assert.equal(preflight?.method, 'POST');
    assert.equal(preflight?.path, `${wish.path}/preflight`);
    assert.equal(put?.path, wish.path);
    assert.deepEqual(put?.body, wish.body);
    for (const call of [preflight, put]) {
      assert.equal(call?.headers.authorization, `Bearer ${staticToken}`);
      assert.equal(call?.headers['proofline-relay-capability'], 'a-capability');
      assert.equal(call?.headers['proofline-declared-bytes'], String(size));
      assert.equal(call?.headers['idempotency-key'], 'once');
      assert.equal(call?.headers['repr-digest'], wish.headers['repr-digest']);
    }
  }
});

for (const [name, answer] of [
  ['500', refusal(500, 'internal_error')],
  ['503', refusal(503, 'metadata_unavailable')],
  ['502 of a proxy', { status: 502, body: '<html>' }],
  ['a redirect', { status: 307, body: {}, headers: { location: 'http://127.0.0.1:1/' } }],
  ['that it does not know the relay', refusal(401, 'relay_unauthenticated')],
  ['401 of a proxy', { status: 401, body: '<html>' }],
  ['404 of another program', refusal(404, 'not_found')],
  ['200 of another program', { status: 200, body: '<html>' }],
  ['nothing', 'stall'],
  ['and cuts the connection', 'cut'],
] as const satisfies [string, CoreAnswer][])
  for (const where of ['preflight', 'PUT'] as const)
    test(`a core that answers ${name} to the ${where}: try again later, and nothing is counted against the client`, async () => {
      const wish = upload();
      core.answer = (call) => (isPreflight(call) === (where === 'preflight') ? answer : undefined);
      for (let n = 0; n < 5; n++) {
        const { status, code, headers } = await send(relay.url, wish);
        assert.deepEqual([status, code], [503, 'relay_core_unavailable']);
        assert.match(headers.get('retry-after') ?? '', /^\d+$/);
      }
      assert.equal(puts().length, where === 'PUT' ? 5 : 0);
      core.answer = () => undefined;
      assert.equal((await send(relay.url, wish)).status, 201);
    });

test('a core that confirms another chunk has confirmed none', async () => {
  const wish = upload();
  const [, incident = '', stream = ''] = /incidents\/(\w+)\/streams\/(\w+)/.exec(wish.path) ?? [];
  const right = {
    incident_id: incident,
    stream_id: stream,
    chunk_index: 1,
    byte_size: wish.body.length,
    sha256_hex: sha256(wish.body).toString('hex'),
  };
  for (const other of [
    { incident_id: 'inc_another' },
    { stream_id: 'str_another' },
    { chunk_index: 2 },
    { byte_size: 1 },
    { sha256_hex: '0'.repeat(64) },
  ]) {
    core.answer = (call) => (isPreflight(call) ? undefined : { status: 201, body: { ...right, ...other } });
    assert.equal((await send(relay.url, wish)).code, 'relay_core_unavailable', JSON.stringify(other));
  }
  core.answer = (call) => (isPreflight(call) ? undefined : { status: 201, body: right });
  assert.equal((await send(relay.url, wish)).status, 201);
});

for (const [status, code] of [
  [400, 'invalid_time_range'],
  [404, 'stream_not_found'],
  [409, 'duplicate_chunk'],
  [413, 'quota_exceeded'],
  [507, 'staging_full'],
] as const)
  test(`the core's ${status} is the client's answer, and counts nothing`, async () => {
    const wish = upload();
    core.answer = () => refusal(status, code, { 'retry-after': '7' });
    for (let n = 0; n < 5; n++) {
      const answer = await send(relay.url, wish);
      assert.deepEqual([answer.status, answer.code], [status, code]);
      assert.equal(answer.headers.get('retry-after'), '7');
    }
    assert.equal(core.calls.length, 5);
  });

for (const [status, code] of [
  [401, 'relay_capability_invalid'],
  [403, 'forbidden'],
  [429, 'rate_limited'],
] as const)
  test(`the core's ${status}, three times, and the credential is refused without asking`, async () => {
    const wish = upload();
    core.answer = () => refusal(status, code, { 'retry-after': '7' });
    for (let n = 0; n < 3; n++) {
      const answer = await send(relay.url, wish);
      assert.deepEqual([answer.status, answer.code], [status, code]);
      assert.equal(answer.headers.get('retry-after'), '7');
    }
    const refused = await send(relay.url, wish);
    assert.deepEqual([refused.status, refused.code], [429, 'rate_limited']);
    assert.match(refused.headers.get('retry-after') ?? '', /^\d+$/);
    assert.equal(core.calls.length, 3);
    core.answer = () => undefined;
    assert.equal((await send(relay.url, upload())).status, 201, 'another credential');
  });

test('other bytes than the hash says: nothing is forwarded, and nothing stays', async () => {
  for (const size of [1000, 3_000_000]) {
    const wish = upload({ body: randomBytes(size) });
    const answer = await send(relay.url, { ...wish, body: randomBytes(size) });
    assert.deepEqual([answer.status, answer.code], [400, 'hash_mismatch']);
  }
  assert.deepEqual(puts(), []);
});
