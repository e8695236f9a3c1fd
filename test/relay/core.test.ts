import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { bytesOf, endedAt, reprDigest, sha256Hex, startedAt } from '../http/support/client.ts';
import { openWorld, until, type World } from '../http/support/world.ts';
import { cli, scratchFolder } from '../support/server.ts';
import { newRelayKey, type RelayKey, writeKeySet } from './support/relay-keys.ts';

const folder = scratchFolder('relay-core');
const keyFile = join(folder.path, 'relays.json');
let key: RelayKey;
let world: World;
before(async () => {
  key = await newRelayKey('eu-1');
  writeKeySet(keyFile, [key]);
  world = await openWorld('relay-core', {
    SAFE_RELAY_API_BIND_ADDRS: '127.0.0.1:0',
    SAFE_RELAY_PUBLIC_KEYS_FILE: keyFile,
    SAFE_RELAY_URL: 'https://relay.example.org',
  });
});
after(async () => {
  await world.close();
  folder.remove();
});

interface Place {
  incident: string;
  stream: string;
}

async function openStream(fields: object = { media_type: 'video' }): Promise<Place> {
  const incident = await world.ada.incident();
  return { incident, stream: (await world.ada.post(`/v1/incidents/${incident}/streams`, fields)).body.stream.id };
}

const capabilityOf = async ({ incident, stream }: Place, wish: object = { kind: 'upload' }) =>
  await world.ada.post(`/v1/incidents/${incident}/streams/${stream}/relay-capabilities`, wish);

interface Asked {
  token: string;
  index?: number;
  bytes?: Buffer;
  assertion?: string | undefined;
  headers?: Record<string, string>;
}

async function ask(verb: 'preflight' | 'put', { incident, stream }: Place, asked: Asked) {
  const { token, index = 1, bytes = Buffer.from('sealed') } = asked;
  const assertion = 'assertion' in asked ? asked.assertion : await key.assertion();
  const url = `${world.server.relayApiUrl}/relay/v1/incidents/${incident}/streams/${stream}/chunks/${index}`;
  const response = await fetch(verb === 'put' ? url : `${url}/preflight`, {
    method: verb === 'put' ? 'PUT' : 'POST',
    headers: {
      ...(assertion === undefined ? {} : { authorization: `Bearer ${assertion}` }),
      'proofline-relay-capability': token,
      'repr-digest': reprDigest(bytes),
      'proofline-started-at': startedAt,
      'proofline-ended-at': endedAt,
      ...(verb === 'put' ? {} : { 'proofline-declared-bytes': String(bytes.length) }),
      ...asked.headers,
    },
    ...(verb === 'put' ? { body: new Uint8Array(bytes) } : {}),
  });
  const body = JSON.parse(await response.text());
  return { status: response.status, body, code: String(body.error?.code ?? '') };
}

async function readers(asked: readonly object[], assertion?: string) {
  const response = await fetch(`${world.server.relayApiUrl}/relay/v1/fanout-authorisations`, {
    method: 'POST',
    headers: { authorization: `Bearer ${assertion ?? (await key.assertion())}` },
    body: JSON.stringify({ readers: asked }),
  });
  return { status: response.status, body: JSON.parse(await response.text()) };
}

test('a chunk by a relay is a chunk like every other, and its key is answered from either way', async () => {
  const place = await openStream();
  const { token } = (await capabilityOf(place)).body;
  const bytes = bytesOf(5000);
  const { ticket, ...preflight } = (await ask('preflight', place, { token, bytes })).body;
  assert.deepEqual(preflight, { max_bytes: 250_000_000, fanout: true });
  assert.match(ticket, /^[\w-]{22}$/);
  const headers = { 'idempotency-key': 'once' };
  const put = await ask('put', place, { token, bytes, headers });
  assert.deepEqual([put.status, put.body.chunk?.sha256_hex ?? put.body.sha256_hex], [201, sha256Hex(bytes)]);
  assert.equal((await ask('put', place, { token, bytes, headers })).status, 200);
  const direct = await world.ada.put(place.incident, place.stream, 1, bytes, { key: 'once' });
  assert.equal(direct.status, 200, direct.code);
  assert.equal((await ask('put', place, { token, bytes: bytesOf(10) })).code, 'duplicate_chunk');
  assert.equal(
    (await ask('put', place, { token, index: 2, bytes, headers: { 'repr-digest': reprDigest(bytesOf(9)) } })).code,
    'hash_mismatch',
  );
});

test('whatever a relay shows that is not its own fresh assertion is one answer', async () => {
  const place = await openStream();
  const { token } = (await capabilityOf(place)).body;
  const stranger = await newRelayKey('eu-1');
  const used = await key.assertion();
  assert.equal((await ask('preflight', place, { token, assertion: used })).status, 200);
  const bad: Record<string, string | undefined> = {
    none: undefined,
    words: 'not-a-token',
    used,
    'another key': await stranger.assertion(),
    'another relay': await key.assertion({ iss: 'eu-2' }),
    'for somebody else': await key.assertion({ aud: 'another' }),
    expired: await key.assertion({ age: 50, life: 30 }),
    'too long': await key.assertion({ life: 600 }),
    old: await key.assertion({ age: 120, life: 180 }),
    'from the future': await key.assertion({ age: -120 }),
    'a short jti': await key.assertion({ jti: 'x' }),
    'the token of an account': world.ada.token,
  };
  for (const [what, assertion] of Object.entries(bad)) {
    const { status, code } = await ask('put', place, { token, assertion });
    assert.deepEqual([status, code], [401, 'relay_unauthenticated'], what);
  }
  assert.equal((await readers([{ token, incident_id: place.incident, stream_id: place.stream }], used)).status, 401);
  assert.equal((await world.ada.get(`/v1/incidents/${place.incident}/chunks`)).body.chunks.length, 0);
});

test('an assertion opens nothing without a capability of that very stream, and kind', async () => {
  const [place, other] = [await openStream(), await openStream()];
  const { token } = (await capabilityOf(place)).body;
  const fanout = (await capabilityOf(place, { kind: 'fanout' })).body;
  assert.deepEqual(fanout.variant_roles, []);
  const short = (await capabilityOf(place, { kind: 'upload', ttl_seconds: 1 })).body.token;
  const gone = (await capabilityOf(place)).body;
  assert.equal((await world.bob.post(`/v1/relay-capabilities/${gone.capability_id}/revoke`)).status, 404);
  assert.equal((await world.ada.post(`/v1/relay-capabilities/${gone.capability_id}/revoke`)).status, 200);
  assert.equal((await world.ada.post(`/v1/relay-capabilities/${gone.capability_id}/revoke`)).status, 404);
  await new Promise((resolve) => setTimeout(resolve, 1_050));
  for (const [what, wrong] of Object.entries({
    none: '',
    words: 'x',
    kind: fanout.token,
    expired: short,
    revoked: gone.token,
  })) {
    const { status, code } = await ask('put', place, { token: wrong });
    assert.deepEqual([status, code], [401, 'relay_capability_invalid'], what);
  }
  assert.equal((await ask('put', other, { token })).code, 'relay_capability_invalid');
  assert.equal((await ask('put', { ...place, stream: other.stream }, { token })).code, 'relay_capability_invalid');
  assert.equal((await capabilityOf(place, { kind: 'upload', ttl_seconds: 601 })).status, 400);
});

test('readers are judged each, in their order; a stream that ended says so', async () => {
  const place = await openStream();
  const { token, expires_at: expiresAt } = (await capabilityOf(place, { kind: 'fanout' })).body;
  const upload = (await capabilityOf(place)).body.token;
  const named = { incident_id: place.incident, stream_id: place.stream };
  const all = [
    { token, ...named },
    { token: upload, ...named },
    { token, ...named, stream_id: 'str_x' },
  ];
  assert.deepEqual((await readers(all)).body.readers, [
    { granted: true, expires_at: expiresAt },
    { granted: false },
    { granted: false },
  ]);
  await world.ada.post(`/v1/incidents/${place.incident}/streams/${place.stream}/fail`, { failure_reason: 'over' });
  assert.deepEqual((await readers(all.slice(0, 1))).body.readers, [{ granted: false, ended: true }]);
  assert.equal((await ask('put', place, { token: upload })).code, 'stream_not_open');
  assert.equal((await capabilityOf(place)).code, 'stream_not_open');
  assert.equal((await readers([])).status, 400);
  assert.equal((await readers(Array.from({ length: 201 }, () => all[0] ?? {}))).status, 400);
});

test('a master is not shown before it is confirmed; a preview is', async () => {
  const incident = await world.ada.incident();
  const group = (await world.ada.post(`/v1/incidents/${incident}/capture-groups`, { capture_source_id: 'phone' })).body
    .capture_group.id;
  const stream = async (variant_role: string, quality_profile: string, upload_priority: string) =>
    (
      await world.ada.post(`/v1/incidents/${incident}/streams`, {
        ...{ media_type: 'video', capture_stream_group_id: group, variant_role, quality_profile, upload_priority },
      })
    ).body.stream.id as string;
  const master = { incident, stream: await stream('evidence_master', 'full_quality', 'background_queue') };
  const preview = { incident, stream: await stream('live_preview', 'adaptive_low_latency', 'near_live') };
  assert.equal((await capabilityOf(master, { kind: 'fanout' })).code, 'relay_role_not_eligible');
  assert.deepEqual((await capabilityOf(preview, { kind: 'fanout' })).body.variant_roles, ['live_preview']);
  const headers = {
    'proofline-source-segment': 'seg-1',
    'proofline-source-sequence': '1',
    'proofline-source-started-at': startedAt,
    'proofline-source-ended-at': endedAt,
  };
  const { token } = (await capabilityOf(master)).body;
  const answer = await ask('preflight', master, { token, headers });
  assert.deepEqual([answer.body.fanout, answer.body.variant_role], [false, 'evidence_master']);
});

test('keys are changed without a pause: a new one works once the file has it, an old one until it is gone', async () => {
  const place = await openStream();
  const { token } = (await capabilityOf(place)).body;
  const next = await newRelayKey('eu-1');
  const works = async (which: RelayKey) =>
    (await ask('preflight', place, { token, assertion: await which.assertion() })).status === 200 ? true : undefined;
  assert.equal(await works(next), undefined);
  writeKeySet(keyFile, [key, next]);
  await until(() => works(next), 'the new key');
  assert.equal(await works(key), true);
  writeKeySet(keyFile, [next]);
  await until(async () => ((await works(key)) === undefined ? true : undefined), 'the old key is gone');
  writeKeySet(keyFile, [key, next]);
  await until(() => works(key), 'both again');
});

test('the listener of relays has nothing else, and the main one has none of it', async () => {
  for (const path of ['/v1/incidents', '/admin', '/metrics', '/i/x', '/openapi.json'])
    assert.equal((await fetch(`${world.server.relayApiUrl}${path}`)).status, 404, path);
  assert.equal((await fetch(`${world.server.url}/relay/v1/fanout-authorisations`, { method: 'POST' })).status, 404);
});

test('a capability ends with its incident', async () => {
  const place = await openStream();
  const { token } = (await capabilityOf(place)).body;
  await world.ada.post(`/v1/incidents/${place.incident}/deletion`, { allow_open: true });
  assert.equal((await ask('put', place, { token })).code, 'relay_capability_invalid');
  assert.match((await capabilityOf(place)).code, /^(incident_deleting|stream_not_found)$/);
});

test('who gave a capability and who withdrew it stands in the audit log, without the capability', async () => {
  const place = await openStream();
  const { capability_id: id, token } = (await capabilityOf(place)).body;
  const path = `/v1/relay-capabilities/${id}/revoke`;
  assert.equal((await world.ada.post(path)).status, 200);
  const { entries } = (await world.ada.get('/v1/audit?subject_type=relay_capability')).body;
  const its = entries.filter(({ subject_id }: { subject_id: string }) => subject_id === id);
  assert.deepEqual(
    its.map((entry: Record<string, unknown>) => [entry.action, entry.outcome, entry.actor_account_id]),
    [
      ['relay_capability.revoke', 'done', world.accounts.ada],
      ['relay_capability.create', 'done', world.accounts.ada],
    ],
  );
  assert.ok(!JSON.stringify(entries).includes(token));
});

test('keys are made by a command, which writes over nothing', async () => {
  const [own, set] = [join(folder.path, 'eu-2.key.json'), join(folder.path, 'made.json')];
  const make = (relay: string, file = own) => cli(['keys', 'relay', relay, '--private', file, '--public', set]);
  assert.equal((await make('eu-2')).code, 0);
  const before = readFileSync(own, 'utf8');
  assert.equal(statSync(own).mode & 0o777, 0o600);
  const again = await make('eu-2');
  assert.deepEqual([again.code, readFileSync(own, 'utf8')], [73, before]);
  assert.match(again.stderr, /never written over/);
  assert.equal((await make('no such id', join(folder.path, 'x'))).code, 2);
  const { keys } = JSON.parse(readFileSync(set, 'utf8'));
  const { d, ...publicHalf } = JSON.parse(before);
  assert.deepEqual(keys, [publicHalf]);
  assert.match(d, /^[\w-]{43}$/);
  assert.equal(readFileSync(set, 'utf8').includes(d), false);
});

test('the ticket of a preflight spares one PUT of that chunk the assertion, and nothing else', async () => {
  const [place, other] = [await openStream(), await openStream()];
  const { token, capability_id: id } = (await capabilityOf(place)).body;
  const bytes = bytesOf(300);
  const ticketFor = async (index: number) =>
    String((await ask('preflight', place, { token, bytes, index })).body.ticket);
  const put = (ticket: string, index: number, where: Place = place) =>
    ask('put', where, { token, bytes, index, assertion: undefined, headers: { 'proofline-relay-ticket': ticket } });
  const once = await ticketFor(1);
  assert.equal((await put(once, 1)).status, 201);
  assert.equal((await put(once, 1)).code, 'relay_unauthenticated', 'used');
  assert.equal((await put(await ticketFor(2), 3)).code, 'relay_unauthenticated', 'of another chunk');
  assert.equal((await put(await ticketFor(2), 2, other)).code, 'relay_unauthenticated', 'of another stream');
  const unknown = { token, bytes, index: 2, headers: { 'proofline-relay-ticket': 'of another node' } };
  assert.equal((await ask('put', place, unknown)).status, 201, 'with an assertion it is no mistake');
  // Between the two somebody else was first, and then the capability was withdrawn.
  const late = await ticketFor(4);
  assert.equal((await world.ada.put(place.incident, place.stream, 4, bytesOf(300))).status, 201);
  assert.match((await put(late, 4)).code, /^duplicate_chunk/);
  const ended = await ticketFor(5);
  await world.ada.post(`/v1/relay-capabilities/${id}/revoke`);
  assert.equal((await put(ended, 5)).code, 'relay_capability_invalid');
  assert.equal((await world.ada.get(`/v1/incidents/${place.incident}/chunks`)).body.chunks.length, 3);
});
