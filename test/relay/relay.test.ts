import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { sha256Hex } from '../http/support/client.ts';
import { until } from '../http/support/world.ts';
import { head, openRaw } from '../support/raw-request.ts';
import { type Edge, openEdge } from './support/edge.ts';
import { newRelayKey, writeKeySet } from './support/relay-keys.ts';
import { send, type Upload, upload } from './support/relay-process.ts';

let edge: Edge;
before(async () => {
  // Nobody reads along here, so what stays staged is staged for nothing.
  edge = await openEdge('thin', { coreEnv: { SAFE_RELAY_FANOUT_ROLES: 'live_preview' } });
});
after(() => edge.close());

const staged = () => readdirSync(join(edge.folder, 'relay-0/relay/bodies'));
const nothingStaged = async () => {
  await until(
    async () => ((await edge.metric('proofline_relay_staged_bytes')) === 0 ? true : undefined),
    'staging empty',
  );
  assert.deepEqual(staged(), []);
};

test('a chunk goes through the relay and is as good as one that went straight; its key is answered on either way', async () => {
  const place = await edge.openStream();
  const capability = await edge.capability(place);
  for (const [index, size] of [
    [1, 1],
    [2, 64 * 1024],
    [3, 1024 * 1024],
    [4, 5_000_000],
  ] as const) {
    const headers = { 'idempotency-key': `chunk-${index}` };
    const chunk = upload({ ...place, index, body: randomBytes(size), capability, headers });
    const answer = await send(edge.relay.url, chunk);
    assert.deepEqual([answer.status, answer.code], [201, undefined]);
    assert.equal((await edge.accepted(place)).get(index), sha256Hex(chunk.body));
    const again = await send(edge.relay.url, chunk);
    assert.deepEqual([again.status, again.headers.get('idempotency-replayed')], [200, 'true']);
    assert.deepEqual(again.body, answer.body);
    const times = {
      'proofline-started-at': chunk.headers['proofline-started-at'] ?? '',
      'proofline-ended-at': chunk.headers['proofline-ended-at'] ?? '',
    };
    const straight = await edge.world.ada.put(place.incidentId, place.streamId, index, chunk.body, {
      key: `chunk-${index}`,
      headers: times,
    });
    assert.equal(straight.status, 200, straight.code);
  }
  await nothingStaged();
});

test('what the core refuses is refused with its word: another stream, a taken place, a capability that was withdrawn', async () => {
  const [place, other] = [await edge.openStream(), await edge.openStream()];
  const capability = await edge.capability(place);
  const codeOf = async (chunk: Upload) => (await send(edge.relay.url, chunk)).code;
  assert.equal(await codeOf(upload({ ...other, capability })), 'relay_capability_invalid');
  assert.equal(await codeOf(upload({ ...place, capability })), undefined);
  assert.equal(await codeOf(upload({ ...place, capability })), 'duplicate_chunk');
  const made = await edge.world.ada.post(
    `/v1/incidents/${place.incidentId}/streams/${place.streamId}/relay-capabilities`,
    { kind: 'upload' },
  );
  assert.equal(await codeOf(upload({ ...place, index: 2, capability: made.body.token })), undefined);
  await edge.world.ada.post(`/v1/relay-capabilities/${made.body.capability_id}/revoke`);
  const revoked = upload({ ...place, index: 3, capability: made.body.token });
  assert.equal(await codeOf(revoked), 'relay_capability_invalid');
  assert.deepEqual([...(await edge.accepted(place)).keys()], [1, 2]);
});

test('a capability that is withdrawn while the body comes: the chunk is not accepted', async () => {
  const place = await edge.openStream();
  const made = await edge.world.ada.post(
    `/v1/incidents/${place.incidentId}/streams/${place.streamId}/relay-capabilities`,
    { kind: 'upload' },
  );
  const chunk = upload({ ...place, capability: made.body.token, body: randomBytes(200_000) });
  const raw = await begin(chunk, 100_000);
  await edge.world.ada.post(`/v1/relay-capabilities/${made.body.capability_id}/revoke`);
  raw.send(chunk.body.subarray(100_000));
  assert.equal((await raw.answer())?.status, 401);
  raw.reset();
  assert.equal((await edge.accepted(place)).size, 0);
  await nothingStaged();
});

test('a client that goes away in the middle leaves nothing; one that goes after the last byte is still served', async () => {
  const place = await edge.openStream();
  const capability = await edge.capability(place);
  for (const size of [200_000, 4_000_000]) {
    const raw = await begin(upload({ ...place, capability, body: randomBytes(size) }), size >> 1);
    raw.reset();
  }
  await nothingStaged();
  assert.equal((await edge.accepted(place)).size, 0);
  const chunk = upload({ ...place, index: 2, capability, body: randomBytes(3_000_000) });
  const raw = await begin(chunk, chunk.body.length);
  raw.fin();
  await until(async () => ((await edge.accepted(place)).has(2) ? true : undefined), 'accepted');
  raw.reset();
  await nothingStaged();
});

test('a spray of made-up tokens is refused before the bodies are read', async () => {
  const place = await edge.openStream();
  const announced = 8 * 1024 * 1024;
  const before = edge.relay.log().length;
  const spray = await Promise.all(
    Array.from({ length: 100 }, async () => {
      const chunk = upload({ ...place, capability: randomBytes(32).toString('base64url'), body: Buffer.alloc(0) });
      const raw = await openRaw(edge.relay.url);
      raw.send(head('PUT', chunk.path, { ...chunk.headers, 'content-length': announced, expect: '100-continue' }));
      const answer = await raw.answer();
      const sent = raw.socket.bytesWritten;
      raw.reset();
      return { status: answer?.status, sent };
    }),
  );
  assert.deepEqual(new Set(spray.map(({ status }) => status)), new Set([401]));
  // Nobody was told to go on, so the heads are all that was sent; and all that was read, by the relay's own count.
  assert.ok(Math.max(...spray.map(({ sent }) => sent)) < 1_000);
  const received = await until(() => {
    const lines = edge.relay
      .log()
      .slice(before)
      .split('\n')
      .filter((line) => line.includes('"msg":"request"'));
    return lines.length < 100 ? undefined : lines.map((line) => JSON.parse(line).received_bytes as number);
  }, '100 lines');
  assert.ok(received.reduce((sum, bytes) => sum + bytes, 0) < 100 * 1_000);
  await nothingStaged();
});

test('a client that pushes its body without being asked is answered while it does, and none of it is staged', async () => {
  const place = await edge.openStream();
  const chunk = upload({ ...place, capability: randomUUID(), body: Buffer.alloc(32 * 1024 * 1024) });
  const raw = await openRaw(edge.relay.url);
  raw.send(head('PUT', chunk.path, { ...chunk.headers, 'content-length': chunk.body.length }));
  raw.send(chunk.body.subarray(0, 64 * 1024));
  assert.equal((await raw.answer())?.status, 401);
  assert.equal(await edge.metric('proofline_relay_staged_bytes'), 0);
  raw.reset();
});

test('it answers uploads, readers and its health, and nothing else', async () => {
  for (const path of [
    '/',
    '/v1/incidents',
    '/v1/auth/login',
    '/admin',
    '/admin/health/live',
    '/metrics',
    '/i/token',
    '/openapi.json',
  ])
    for (const method of ['GET', 'POST', 'PUT', 'DELETE']) {
      const answer = await fetch(edge.relay.url + path, { method });
      assert.equal(answer.status, 404, `${method} ${path}`);
    }
  assert.deepEqual(await (await fetch(`${edge.relay.url}/health/live`)).json(), { status: 'ok' });
  const ready = await fetch(`${edge.relay.url}/health/ready`);
  assert.equal(ready.status, 200);
  assert.deepEqual(await ready.json(), {
    status: 'ready',
    checks: { uploads: 'ok', core_forwarding: 'configured', staging: 'ok' },
  });
});

test('a key is changed without a pause, and one that was taken away is no use', async () => {
  const place = await edge.openStream();
  const capability = await edge.capability(place);
  let index = 0;
  const put = async () => {
    index += 1;
    return await send(edge.relay.url, upload({ ...place, index, capability }));
  };
  const next = await newRelayKey('north');
  writeKeySet(edge.keySetFile, [edge.key, next]);
  const swap = (content: string) => {
    writeFileSync(`${edge.keyFile}.new`, content, { mode: 0o600 });
    renameSync(`${edge.keyFile}.new`, edge.keyFile);
  };
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  swap(JSON.stringify(next.privateJwk));
  const end = performance.now() + 2_500;
  while (performance.now() < end) assert.equal((await put()).status, 201);
  writeKeySet(edge.keySetFile, [next]);
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  assert.equal((await put()).status, 201, 'the new one');
  // A file that is no key: the one before is kept, and that is on the log.
  swap('{}');
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  assert.equal((await put()).status, 201);
  assert.match(edge.relay.log(), /the new key of this relay cannot be used/);
  swap(JSON.stringify(edge.key.privateJwk));
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  const refused = await put();
  assert.deepEqual([refused.status, refused.code], [503, 'relay_core_unavailable']);
  assert.match(edge.relay.log(), /relay_unauthenticated/);
  swap(JSON.stringify(next.privateJwk));
});

/** So many bytes of a body are sent, and the relay has asked the core and begun to read. */
async function begin({ path, headers, body }: Upload, bytes: number) {
  const raw = await openRaw(edge.relay.url);
  raw.send(head('PUT', path, { ...headers, 'content-length': body.length }));
  raw.send(body.subarray(0, bytes));
  if (bytes < body.length)
    await until(
      async () => ((await edge.metric('proofline_relay_uploads_in_flight')) > 0 ? true : undefined),
      'the relay reads it',
    );
  return raw;
}
