import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sendRaw } from './support/raw.ts';
import { openWorld, type World } from './support/world.ts';

let world: World;
before(async () => {
  world = await openWorld('json');
});
after(() => world.close());

const limit = 64 * 1024;

test('a body that is not exactly one JSON object is invalid_json', async () => {
  const bodies = [
    '',
    ' ',
    '{',
    '{}{}',
    '{} {}',
    '{},',
    '[]',
    '"text"',
    '1',
    'null',
    'true',
    "{'a':1}",
    '{"client_label":NaN}',
    '\u0000',
    '{"client_label":"a"} x',
  ];
  for (const body of bodies) {
    const answer = await world.ada.post('/v1/admin/accounts', body);
    assert.equal(answer.code, 'forbidden', 'who may not call learns nothing of the body');
    const admin = await world.root.post('/v1/admin/accounts', body);
    assert.deepEqual([admin.status, admin.code], [400, 'invalid_json'], JSON.stringify(body));
  }
});

test('unknown fields are refused, at any route and however they are called', async () => {
  for (const field of [
    'nonsense',
    'id',
    'status',
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'Client_Label',
    '',
  ]) {
    const answer = await world.ada.post('/v1/incidents', `{${JSON.stringify(field)}:{"x":1}}`);
    assert.deepEqual([answer.status, answer.code], [400, 'invalid_json'], field);
  }
  assert.equal(({} as Record<string, unknown>).x, undefined);
});

test('every documented JSON body refuses an unknown field', async () => {
  let checked = 0;
  for (const { method, path, operation } of world.contract.operations()) {
    const example = operation.requestBody?.content['application/json']?.example;
    if (example === undefined) continue;
    const url = path.replace(/\{[a-z_]+\}/g, 'x');
    const answer = await world.root.call(method, url, { ...(example as object), not_a_field: 1 });
    assert.deepEqual([answer.status, answer.code], [400, 'invalid_json'], `${method} ${path}`);
    checked += 1;
  }
  assert.ok(checked >= 14, `${checked}`);
});

test('values of a wrong type or form are refused with the name of the field, not its value', async () => {
  const bodies: Record<string, unknown>[] = [
    { client_label: 1 },
    { client_label: null },
    { client_label: ['a'] },
    { client_label: 'a'.repeat(201) },
    { notes: 'canary-value\u0000' },
    { notes: '\ud800canary-value' },
    { incident_mode: 'canary-value' },
    { capture_profile: '' },
    { escalation_policy: 'NONE' },
    { sharing_state: {} },
  ];
  for (const body of bodies) {
    const answer = await world.ada.post('/v1/incidents', body);
    assert.deepEqual([answer.status, answer.code], [400, 'invalid_request'], JSON.stringify(body));
    assert.match(answer.body.error.message, new RegExp(`^${Object.keys(body)[0]}: `));
    assert.doesNotMatch(answer.body.error.message, /canary-value/);
  }
});

test('text is kept as it was sent: any script, line ends, quotes, markup', async () => {
  const text = 'Ünïcödé 日本語 🔥 \u202e "quoted" \'; DROP TABLE incidents; -- <script>alert(1)</script>\n\tend';
  const id = await world.ada.incident({ client_label: text, notes: text });
  const { incident } = (await world.ada.get(`/v1/incidents/${id}`)).body;
  assert.deepEqual([incident.client_label, incident.notes], [text, text]);
});

test('an empty text is an absent one', async () => {
  const id = await world.ada.incident({ client_label: '', notes: '' });
  const { incident } = (await world.ada.get(`/v1/incidents/${id}`)).body;
  assert.equal('client_label' in incident || 'notes' in incident, false);
  const stream = await world.ada.post(`/v1/incidents/${id}/streams`, { media_type: 'audio', label: '' });
  assert.equal('label' in stream.body.stream, false);
  const failed = await world.ada.post(`/v1/incidents/${id}/streams/${stream.body.stream.id}/fail`, {
    failure_reason: '',
  });
  assert.equal('failure_reason' in failed.body.stream, false);
  const checkin = await world.ada.post(`/v1/incidents/${id}/checkins`, { device_network: '' });
  assert.equal('device_network' in checkin.body, false);
  const token = await world.ada.post(`/v1/incidents/${id}/incident-tokens`, { label: '' });
  assert.equal('label' in token.body, false);
});

test('64 KiB are accepted, one byte more is not, however it is sent', async () => {
  const sized = (size: number) => `{"notes":"n"${' '.repeat(size - 13)}}`;
  assert.equal((await world.ada.post('/v1/incidents', sized(limit))).status, 201);
  const over = await world.ada.post('/v1/incidents', sized(limit + 1));
  assert.deepEqual([over.status, over.code], [413, 'request_too_large']);
  const chunked = (size: number) =>
    sendRaw(world.server.url, [
      `POST /v1/incidents HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${world.ada.token}\r\nTransfer-Encoding: chunked\r\n\r\n`,
      `${size.toString(16)}\r\n${sized(size)}\r\n0\r\n\r\n`,
    ]);
  assert.equal((await chunked(limit)).status, 201);
  const overInChunks = await chunked(limit + 1);
  assert.deepEqual([overInChunks.status, overInChunks.code], [413, 'request_too_large']);
});

test('depth, size of numbers and repeated members do no harm', async () => {
  const deep = `{"notes":${'['.repeat(30_000)}${']'.repeat(30_000)}}`;
  assert.equal((await world.ada.post('/v1/incidents', deep)).code, 'invalid_request');
  const deepUnknown = `{"x":${'{"x":'.repeat(10_000)}1${'}'.repeat(10_000)}}`;
  assert.equal((await world.ada.post('/v1/incidents', deepUnknown)).code, 'invalid_json');
  const incident = await world.ada.incident();
  const stream = await world.ada.stream(incident);
  for (const count of ['1e400', '-1', '0', '1.5', '"1"', '9007199254740993', '2147483648', 'null', 'true']) {
    const answer = await world.ada.post(
      `/v1/incidents/${incident}/streams/${stream}/complete`,
      `{"expected_chunk_count":${count}}`,
    );
    assert.deepEqual([answer.status, answer.code], [400, 'invalid_request'], count);
  }
});

test('bytes that are no UTF-8 are no JSON', async () => {
  for (const bytes of [
    [0x7b, 0xff, 0x7d],
    [0xc0, 0x80],
    [...Buffer.from('{"notes":"'), 0xed, 0xa0, 0x80, ...Buffer.from('"}')],
  ]) {
    const answer = await world.ada.post('/v1/incidents', Uint8Array.from(bytes));
    assert.deepEqual([answer.status, answer.code], [400, 'invalid_json']);
  }
});

test('where the body may be absent, nothing is as good as an empty object', async () => {
  const created = await world.ada.call('POST', '/v1/incidents');
  assert.deepEqual(Object.keys(created.body).sort(), ['incident_id', 'status']);
  assert.equal((await world.ada.post(`/v1/incidents/${created.body.incident_id}/checkins`)).status, 201);
});

test('query values are checked and unknown ones change nothing', async () => {
  for (const query of [
    'limit=0',
    'limit=501',
    'limit=x',
    'limit=',
    'limit=1.5',
    'limit=-1',
    `cursor=${'a'.repeat(201)}`,
  ]) {
    const answer = await world.ada.get(`/v1/incidents?${query}`);
    assert.deepEqual([answer.status, answer.code], [400, 'invalid_request'], query);
  }
  for (const cursor of ['x', '%00', 'MTo', 'Mjp4', '../..', 'MTovLi4v', '__proto__']) {
    const answer = await world.ada.get(`/v1/incidents?cursor=${cursor}`);
    assert.deepEqual([answer.status, answer.code], [400, 'invalid_cursor'], cursor);
  }
  assert.equal((await world.ada.get('/v1/incidents?__proto__=1&nonsense=2')).status, 200);
});
