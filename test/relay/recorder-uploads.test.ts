import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ProoflineApi } from '#client/api/api.ts';
import type { ChunkFacts } from '#client/api/chunk-facts.ts';
import { type RelayEvent, RelayUploads } from '#client/relay/relay-uploads.ts';
import { uploadChunk } from '#client/upload/upload-chunk.ts';
import { endedAt, sha256Hex, startedAt } from '../http/support/client.ts';
import { openWorld, until, type World } from '../http/support/world.ts';
import { cli, scratchFolder, type TestServer } from '../support/server.ts';
import { unusedPort } from '../support/services/unused-port.ts';
import { startRelay } from './support/relay-process.ts';

const folder = scratchFolder('relay-recorder');
const [privateKey, publicKeys] = [join(folder.path, 'eu-1.key.json'), join(folder.path, 'relays.json')];
let world: World;
let api: ProoflineApi;
let port: number;
let relay: TestServer;

const start = () =>
  startRelay({
    folder: folder.path,
    coreUrl: world.server.relayApiUrl,
    env: {
      SAFE_RELAY_STATIC_TOKEN: '',
      SAFE_RELAY_PRIVATE_KEY_FILE: privateKey,
      SAFE_RELAY_BIND_ADDRS: `127.0.0.1:${port}`,
    },
  });

before(async () => {
  assert.equal((await cli(['keys', 'relay', 'eu-1', '--private', privateKey, '--public', publicKeys])).code, 0);
  port = await unusedPort();
  world = await openWorld('relay-recorder', {
    SAFE_RELAY_API_BIND_ADDRS: '127.0.0.1:0',
    SAFE_RELAY_PUBLIC_KEYS_FILE: publicKeys,
    SAFE_RELAY_URL: `http://127.0.0.1:${port}`,
  });
  api = new ProoflineApi({ baseUrl: world.server.url, token: world.ada.token });
  relay = await start();
});
after(async () => {
  const code = await relay.stop();
  await world.close();
  folder.remove();
  assert.equal(code, 0, relay.log());
});

async function openUploads() {
  const incidentId = await world.ada.incident();
  const streamId = await world.ada.stream(incidentId);
  const events: RelayEvent[] = [];
  let now = Date.now();
  const uploads = new RelayUploads({
    core: api,
    incidentId,
    streamId,
    report: (event) => events.push(event),
    now: () => now,
  });
  const send = (index: number) => {
    const bytes = new Uint8Array(randomBytes(20_000));
    const facts: ChunkFacts = {
      ...{ incident_id: incidentId, stream_id: streamId, chunk_index: index, media_type: 'video' },
      ...{ started_at: startedAt, ended_at: endedAt, sha256_hex: sha256Hex(bytes), byte_size: bytes.length },
    };
    const upload = { facts, bytes, idempotencyKey: randomUUID() };
    return uploadChunk({ api: uploads }, upload, { baseMs: 20, maxMs: 50 });
  };
  const pass = (ms: number) => {
    now += ms;
  };
  const count = async () => (await world.ada.get(`/v1/incidents/${incidentId}/chunks`)).body.chunks.length;
  return { incidentId, streamId, events, send, pass, count, names: () => events.map(({ event }) => event) };
}

/** Waits until the relay has written that it answered so many chunks in this way. */
const relayed = (count: number, status = 201) =>
  until(() => {
    const found = relay.log().match(new RegExp(`"method":"PUT"[^\n]*"status":${status},`, 'g'))?.length ?? 0;
    return found === count ? true : undefined;
  }, `${count} chunks answered with ${status}`);
const written = () => relay.log().match(/"method":"PUT"[^\n]*"status":201,/g)?.length ?? 0;

test('chunks go through the relay; while it is gone they go straight to the server, and then through it again', async () => {
  const one = await openUploads();
  assert.equal((await one.send(1)).status, 'accepted');
  await relayed(1);
  await relay.kill();
  const second = await one.send(2);
  assert.deepEqual([second.status, second.attempts], ['accepted', 2]);
  assert.equal((await one.send(3)).attempts, 1, 'it is left alone for a while');
  relay = await start();
  one.pass(2_000);
  assert.equal((await one.send(4)).status, 'accepted');
  await relayed(1);
  assert.deepEqual(one.names(), ['relay_used', 'relay_away', 'relay_used']);
  assert.equal(await one.count(), 4);
});

test('a capability that was withdrawn holds no chunk back; the next is asked for', async () => {
  const one = await openUploads();
  const before = written();
  assert.equal((await one.send(1)).status, 'accepted');
  await relayed(before + 1);
  await world.rows(async (query) => {
    await query('UPDATE relay_capabilities SET revoked_at = created_at WHERE stream_id = ?', one.streamId);
  });
  assert.deepEqual(await one.send(2).then(({ status, attempts }) => [status, attempts]), ['accepted', 1]);
  await relayed(1, 401);
  assert.equal((await one.send(3)).status, 'accepted');
  await relayed(before + 2);
});

test('a capability is renewed before it ends, by one question of all uploads that are under way', async () => {
  const one = await openUploads();
  const all = (from: number) => Promise.all([0, 1, 2, 3].map((n) => one.send(from + n)));
  for (const outcome of await all(1)) assert.equal(outcome.status, 'accepted');
  one.pass(9 * 60_000);
  for (const outcome of await all(5)) assert.equal(outcome.status, 'accepted');
  assert.deepEqual(one.names(), ['relay_used', 'relay_used']);
  await world.rows(async (query) => {
    const [row] = await query('SELECT count(*) AS n FROM relay_capabilities WHERE stream_id = ?', one.streamId);
    assert.equal(Number(row?.n), 2);
  });
});

test('the yes of a relay is not enough: what the server does not have is sent to it', async () => {
  await relay.kill();
  let asked = 0;
  const liar = createServer((request, response) => {
    asked += 1;
    const [, , , , incident, , stream, , index] = (request.url ?? '').split('/');
    request.resume().on('end', () => {
      const chunk = { id: 'chk_x', incident_id: incident, stream_id: stream, chunk_index: Number(index) };
      const rest = { media_type: 'video', byte_size: 20_000, sha256_hex: 'a'.repeat(64), created_at: startedAt };
      response.writeHead(201, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ ...chunk, ...rest, started_at: startedAt, ended_at: endedAt }));
    });
  }).listen(port, '127.0.0.1');
  try {
    const one = await openUploads();
    const { status, attempts } = await one.send(1);
    assert.deepEqual([status, attempts, asked], ['accepted', 2, 1]);
    assert.equal(await one.count(), 1);
    assert.deepEqual(one.names(), ['relay_used', 'relay_away']);
  } finally {
    liar.closeAllConnections();
    liar.close();
    await once(liar, 'close');
  }
  relay = await start();
});
