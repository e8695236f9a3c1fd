import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { LiveClient } from '#client/live/live-client.ts';
import type { LiveEvent } from '#client/live/live-events.ts';
import { bytesOf, endedAt, sha256Hex, startedAt } from '../http/support/client.ts';
import { openWorld, until, type World } from '../http/support/world.ts';
import { scratchFolder, type TestServer } from '../support/server.ts';
import { newRelayKey, writeKeySet } from './support/relay-keys.ts';
import { send, startRelay, upload } from './support/relay-process.ts';

// A real server, a real relay and the library for readers, all by HTTP.
const folder = scratchFolder('live-with-core');
const secrets: string[] = [];
let world: World;
let relay: TestServer;
/** Of the relay before the one that runs. */
let firstLog = '';
const relayEnv: Record<string, string> = { SAFE_RELAY_STATIC_TOKEN: '', SAFE_RELAY_METRICS_BIND_ADDRS: '127.0.0.1:0' };

const openRelay = async (env: Record<string, string> = {}) =>
  await startRelay({ folder: folder.path, coreUrl: world.server.relayApiUrl, env: { ...relayEnv, ...env } });

before(async () => {
  const key = await newRelayKey('eu-1');
  const [keys, privateKey] = [join(folder.path, 'relays.json'), join(folder.path, 'private.jwk')];
  writeKeySet(keys, [key]);
  writeFileSync(privateKey, JSON.stringify(key.privateJwk), { mode: 0o600 });
  relayEnv.SAFE_RELAY_PRIVATE_KEY_FILE = privateKey;
  world = await openWorld('live-with-core', {
    SAFE_RELAY_API_BIND_ADDRS: '127.0.0.1:0',
    SAFE_RELAY_PUBLIC_KEYS_FILE: keys,
    SAFE_RELAY_URL: 'https://relay.example.org',
  });
  relay = await openRelay();
});
after(async () => {
  assert.equal(await relay.stop(), 0);
  assert.doesNotMatch(relay.log(), /"level":"(error|fatal)"/);
  await world.close();
  folder.remove();
});

interface Place {
  incidentId: string;
  streamId: string;
}

async function openStream(): Promise<Place> {
  const incidentId = await world.ada.incident();
  return { incidentId, streamId: await world.ada.stream(incidentId) };
}

async function capability({ incidentId, streamId }: Place, kind: 'upload' | 'fanout') {
  const made = await world.ada.post(`/v1/incidents/${incidentId}/streams/${streamId}/relay-capabilities`, { kind });
  assert.equal(made.status, 201, made.code);
  secrets.push(made.body.token, incidentId, streamId);
  return { id: String(made.body.capability_id), token: String(made.body.token) };
}

const clientOf = (place: Place, token: string) => new LiveClient({ relayUrl: relay.url, token, ...place });

/** What a client hears, as words; ends with the client's following. */
class Ear {
  readonly heard: string[] = [];
  readonly #stop = new AbortController();
  readonly over: Promise<unknown>;

  constructor(client: LiveClient) {
    this.over = this.#follow(client).catch((error: unknown) => error);
  }

  async #follow(client: LiveClient): Promise<void> {
    for await (const event of client.follow({ signal: this.#stop.signal })) this.heard.push(words(event));
  }

  async hears(what: string): Promise<void> {
    await until(() => (this.heard.includes(what) ? true : undefined), what).catch((cause: unknown) => {
      throw new Error(`heard ${this.heard.join(', ')}`, { cause });
    });
  }

  stop(): void {
    this.#stop.abort();
  }
}

function words(event: LiveEvent): string {
  switch (event.kind) {
    case 'chunk':
      return ['chunk', event.chunk.chunk_index, event.chunk.state, event.chunk.variant_role ?? []].flat().join(' ');
    case 'state':
      return `state ${event.change.chunk_index} ${event.change.state}`;
    case 'end':
    case 'disconnected':
      return `${event.kind} ${event.reason}`;
    default:
      return event.kind;
  }
}

const put = async (place: Place, token: string, index: number, body = bytesOf(2000)) =>
  await send(relay.url, upload({ ...place, index, body, capability: token }));

test('what was uploaded is heard of, fetched, confirmed, and is at the server', async () => {
  const place = await openStream();
  const [writing, reading] = [await capability(place, 'upload'), await capability(place, 'fanout')];
  const client = clientOf(place, reading.token);
  const ear = new Ear(client);
  await ear.hears('connected');
  const bodies = [1, 2, 3, 4, 5].map(() => bytesOf(2000));
  for (const [at, body] of bodies.entries()) {
    assert.equal((await put(place, writing.token, at + 1, body)).status, 201);
    await ear.hears(`state ${at + 1} confirmed`);
    const { bytes, state } = await client.chunk(at + 1, sha256Hex(body));
    assert.equal(state, 'confirmed');
    assert.deepEqual(Buffer.from(bytes), body);
  }
  assert.deepEqual(
    ear.heard.slice(1),
    [1, 2, 3, 4, 5].flatMap((index) => [`chunk ${index} unconfirmed`, `state ${index} confirmed`]),
  );
  const listed = await world.ada.get(`/v1/incidents/${place.incidentId}/chunks`);
  assert.deepEqual(
    listed.body.chunks.map(({ sha256_hex }: { sha256_hex: string }) => sha256_hex).toSorted(),
    bodies.map(sha256Hex).toSorted(),
  );

  // Other bytes for a place that has its own: shown, refused by the server, withdrawn.
  const other = bytesOf(2000);
  assert.equal((await put(place, writing.token, 3, other)).status, 409);
  await ear.hears('state 3 rejected');
  await assert.rejects(client.chunk(3, sha256Hex(other)), { code: 'chunk_withdrawn', status: 410 });
  assert.equal((await client.chunk(3, sha256Hex(bodies[2] ?? Buffer.alloc(0)))).state, 'confirmed');

  // The stream is over, and so is reading along.
  assert.equal((await world.ada.complete(place.incidentId, place.streamId, 5)).status, 200);
  await ear.over;
  assert.equal(ear.heard.at(-1), 'end closed');
});

test('a capability that was revoked has ended within a second, and stays so', async (t) => {
  const took: number[] = [];
  for (let round = 0; round < 6; round++) {
    const place = await openStream();
    const { id, token } = await capability(place, 'fanout');
    const client = clientOf(place, token);
    const ear = new Ear(client);
    await ear.hears('connected');
    await new Promise((resolve) => setTimeout(resolve, 130 * round));
    assert.equal((await world.ada.post(`/v1/relay-capabilities/${id}/revoke`)).status, 200);
    const answeredAt = performance.now();
    await ear.over;
    took.push(performance.now() - answeredAt);
    assert.equal(ear.heard.at(-1), 'end revoked');
    await assert.rejects(client.follow().next(), { code: 'relay_capability_invalid', status: 401 });
  }
  t.diagnostic(`${took.length} revocations, at most ${Math.round(Math.max(...took))} ms`);
  assert.ok(Math.max(...took) < 1_000, `${took}`);
});

test('a capability of the other kind, of another stream or of nobody opens nothing, and all hear the same', async () => {
  const [place, other] = [await openStream(), await openStream()];
  const [writing, elsewhere, reading] = [
    await capability(place, 'upload'),
    await capability(other, 'fanout'),
    await capability(place, 'fanout'),
  ];
  const answers = new Set<string>();
  for (const token of [writing.token, elsewhere.token, 'nobody', world.ada.token]) {
    const error = await clientOf(place, token)
      .follow()
      .next()
      .then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
    assert.ok(error instanceof Error && 'status' in error && 'code' in error);
    answers.add(`${error.status} ${error.code} ${error.message}`);
    await assert.rejects(clientOf(place, token).chunk(1, sha256Hex(Buffer.alloc(0))), { code: error.code });
  }
  assert.equal(answers.size, 1, [...answers].join('\n'));
  assert.equal((await put(place, reading.token, 1)).code, 'relay_capability_invalid');
});

test('chunks of a master are not offered to anybody before the server has them', async () => {
  const incidentId = await world.ada.incident();
  const group = (await world.ada.post(`/v1/incidents/${incidentId}/capture-groups`, { capture_source_id: 'phone' }))
    .body.capture_group.id;
  const stream = async (variant_role: string, quality_profile: string, upload_priority: string): Promise<Place> => {
    const fields = {
      capture_stream_group_id: group,
      media_type: 'video',
      variant_role,
      quality_profile,
      upload_priority,
    };
    return {
      incidentId,
      streamId: (await world.ada.post(`/v1/incidents/${incidentId}/streams`, fields)).body.stream.id,
    };
  };
  const master = await stream('evidence_master', 'full_quality', 'background_queue');
  const preview = await stream('live_preview', 'adaptive_low_latency', 'near_live');
  const refused = await world.ada.post(`/v1/incidents/${incidentId}/streams/${master.streamId}/relay-capabilities`, {
    kind: 'fanout',
  });
  assert.equal(refused.code, 'relay_role_not_eligible');
  const ear = new Ear(clientOf(preview, (await capability(preview, 'fanout')).token));
  await ear.hears('connected');
  const headers = {
    'proofline-source-segment': 'seg-1',
    'proofline-source-sequence': '1',
    'proofline-source-started-at': startedAt,
    'proofline-source-ended-at': endedAt,
  };
  for (const place of [master, preview]) {
    const wish = { ...place, capability: (await capability(place, 'upload')).token, headers };
    const answer = await send(relay.url, upload(wish));
    assert.equal(answer.status, 201, answer.code);
  }
  await ear.hears('state 1 confirmed');
  assert.equal(ear.heard[1], 'chunk 1 unconfirmed live_preview');
  const windows = await fetch(`${relay.adminUrl}/metrics`).then((answer) => answer.text());
  assert.match(windows, /^proofline_relay_window_bytes 11000$/m);
  ear.stop();
  await ear.over;
});

test('a reader that lost its connection, or its relay, goes on by itself', async () => {
  const place = await openStream();
  const [writing, reading] = [await capability(place, 'upload'), await capability(place, 'fanout')];
  const ear = new Ear(clientOf(place, reading.token));
  await ear.hears('connected');
  await put(place, writing.token, 1);
  await ear.hears('state 1 confirmed');
  const { port } = new URL(relay.url);
  assert.equal(await relay.stop(), 0);
  firstLog = relay.log();
  await ear.hears('disconnected shutting_down');
  relay = await openRelay({ SAFE_RELAY_BIND_ADDRS: `127.0.0.1:${port}` });
  await ear.hears('reset');
  await put(place, writing.token, 2);
  await ear.hears('state 2 confirmed');
  ear.stop();
  assert.equal(((await ear.over) as Error).name, 'AbortError');
});

test('no capability, incident or stream is in the log of the relay, and no capability in that of the server', async () => {
  assert.ok(secrets.length > 20);
  assert.match(firstLog, /streams\/:stream_id\/live/);
  const metrics = await fetch(`${relay.adminUrl}/metrics`).then((answer) => answer.text());
  assert.match(metrics, /^proofline_relay_readers \d/m);
  for (const secret of secrets) assert.ok(!`${firstLog}${relay.log()}${metrics}`.includes(secret), secret);
  for (const secret of secrets.filter((one) => !/^(inc|str)_/.test(one)))
    assert.ok(!world.server.log().includes(secret));
});
