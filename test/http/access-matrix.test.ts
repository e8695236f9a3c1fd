import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { metadataHeader } from '../support/tus-client.ts';
import { type Client, endedAt, sha256Hex, startedAt } from './support/client.ts';
import type { DocumentedOperation } from './support/contract.ts';
import { openWorld, until, type World } from './support/world.ts';

let world: World;
before(async () => {
  world = await openWorld('matrix', {
    SAFE_DELETION_WORKER_INTERVAL: '200ms',
    SAFE_RESUMABLE_MAX_OPEN: '1000',
    SAFE_RELAY_URL: 'https://relay.example.org',
  });
});
after(() => world.close());

interface Cell {
  method: string;
  path: string;
  operation: DocumentedOperation;
}

/** Objects of Ada's, fresh for each cell that may change them. */
async function objectsOf(owner: Client): Promise<Record<string, string>> {
  const incident = await owner.incident();
  const { id: stream } = await owner.filledStream(incident, 1);
  const token = await owner.post(`/v1/incidents/${incident}/incident-tokens`);
  const group = await owner.post(`/v1/incidents/${incident}/capture-groups`, { capture_source_id: 'phone' });
  const upload = await owner.call('POST', `/v1/incidents/${incident}/uploads`, undefined, {
    'tus-resumable': '1.0.0',
    'upload-length': '10',
    'upload-metadata': metadataHeader({
      stream_id: stream,
      chunk_index: '9',
      started_at: startedAt,
      ended_at: endedAt,
      sha256_hex: sha256Hex(Buffer.from('x')),
    }),
  });
  assert.equal(upload.status, 201, upload.code);
  const lane = `/v1/incidents/${incident}/streams/${await owner.stream(incident)}`;
  const capability = await owner.post(`${lane}/relay-capabilities`, { kind: 'upload' });
  const check = await owner.post(`/v1/incidents/${incident}/safety-checks`, {
    due_at: new Date(Date.now() + 3_600_000).toISOString(),
  });
  return {
    incident_id: incident,
    safety_check_id: check.body.safety_check.id,
    stream_id: stream,
    capture_group_id: group.body.capture_group.id,
    token_id: token.body.token_id,
    capability_id: capability.body.capability_id,
    token: token.body.token,
    account_id: world.accounts.bob,
    media_type: 'video',
    chunk_index: '2',
    upload_id: upload.headers.get('location')?.split('/').at(-1) ?? '',
  };
}

function request({ method, path, operation }: Cell, objects: Record<string, string>, client: Client) {
  const url = path.replace(/\{([a-z_]+)\}/g, (_, name: string) => objects[name] ?? name);
  const example = operation.requestBody?.content['application/json']?.example;
  const body = example === undefined && operation.requestBody !== undefined ? 'bytes' : example;
  return client.call(method, url, body);
}

const notFound =
  /^(incident|capture_group|safety_check|stream|chunk|upload|incident_token|relay_capability|incident_deletion|account)_not_found$/;
const isPublic = ({ path }: Cell) => path.startsWith('/i/{token}');

test('every operation x nobody: a signed-in route is closed', async (t) => {
  const objects = await objectsOf(world.ada);
  let cells = 0;
  for (const cell of world.contract.operations()) {
    if (cell.operation['x-access'] === 'anyone') continue;
    const answer = await request(cell, objects, world.nobody);
    // The answer to a HEAD has no body that could say a code.
    const code = cell.method === 'HEAD' ? '' : 'authentication_required';
    assert.deepEqual([answer.status, answer.code], [401, code], `${cell.method} ${cell.path}`);
    cells += 1;
  }
  assert.ok(cells >= 30);
  t.diagnostic(`cells with nobody: ${cells}`);
});

test("every operation on an incident x another user: it does not exist; every administrator's route x a user: forbidden", async (t) => {
  const objects = await objectsOf(world.ada);
  const state = async () => JSON.stringify((await world.ada.get(`/v1/incidents/${objects.incident_id}`)).body);
  const before = await state();
  let cells = 0;
  for (const cell of world.contract.operations()) {
    const access = cell.operation['x-access'];
    if (access === 'anyone') continue;
    const foreign = cell.path.includes('{incident_id}') || /\{(token|capability)_id\}/.test(cell.path);
    if (access === 'account' && !foreign) continue;
    const answer = await request(cell, objects, world.bob);
    const where = `${cell.method} ${cell.path}: ${answer.status} ${answer.code}`;
    if (access === 'admin') assert.deepEqual([answer.status, answer.code], [403, 'forbidden'], where);
    else {
      assert.equal(answer.status, 404, where);
      // The answer to a HEAD has no body that could say a code.
      if (cell.method !== 'HEAD')
        assert.match(answer.code, /^(incident|incident_token|relay_capability)_not_found$/, where);
      // Told just like an incident that never was.
      const never = {
        ...objects,
        incident_id: 'inc_00000000000000000000000000',
        token_id: 'itk_00000000000000000000000000',
        capability_id: 'cap_00000000000000000000000000',
      };
      assert.deepEqual((await request(cell, never, world.bob)).body, answer.body, where);
    }
    cells += 1;
  }
  assert.equal(await state(), before, 'and nothing changed');
  assert.ok(cells >= 24, `${cells}`);
  t.diagnostic(`cells with another user: ${cells}`);
});

test('every operation x its owner and x an administrator: never refused for who is asking', async (t) => {
  let cells = 0;
  for (const cell of world.contract.operations()) {
    const access = cell.operation['x-access'];
    // These two end the very sessions that the next cells need.
    if (access === 'anyone' || cell.path.startsWith('/v1/auth/logout')) continue;
    for (const [who, client] of [
      ['owner', world.ada],
      ['administrator', world.root],
    ] as const) {
      if (who === 'owner' && access === 'admin') continue;
      const answer = await request(cell, await objectsOf(world.ada), client);
      const where = `${who}: ${cell.method} ${cell.path}: ${answer.status} ${answer.code}`;
      assert.ok(![401, 403].includes(answer.status) || answer.code === 'invalid_credentials', where);
      const owns =
        who === 'administrator' && /^\/v1\/incidents\/\{incident_id\}\/(deletion|safety-checks)/.test(cell.path);
      if (owns) assert.deepEqual([answer.status, answer.code], [404, 'incident_not_found'], where);
      else if (cell.path.includes('{incident_id}')) assert.notEqual(answer.code, 'incident_not_found', where);
      cells += 1;
    }
  }
  assert.ok(cells >= 50, `${cells}`);
  t.diagnostic(`cells with owner and administrator: ${cells}`);
});

test('an object of one incident is not found in another, not even of the same owner', async () => {
  const mine = await objectsOf(world.ada);
  const other = await world.ada.incident();
  for (const cell of world.contract.operations()) {
    const noun = /\{(stream|capture_group|safety_check|upload)_id\}/.exec(cell.path)?.[1];
    if (!cell.path.includes('{incident_id}') || noun === undefined) continue;
    const answer = await request(cell, { ...mine, incident_id: other }, world.ada);
    const code = cell.method === 'HEAD' ? '' : `${noun}_not_found`;
    assert.deepEqual([answer.status, answer.code], [404, code], `${cell.method} ${cell.path}`);
  }
});

test('after deletion nothing answers any more but what was deleted', async () => {
  const objects = await objectsOf(world.ada);
  const path = `/v1/incidents/${objects.incident_id}/deletion`;
  await world.ada.post(path, { allow_open: true });
  await until(
    async () => ((await world.ada.get(path)).body.deletion.state === 'deleted' ? true : undefined),
    'deletion',
  );
  let cells = 0;
  for (const cell of world.contract.operations()) {
    if (!cell.path.includes('{incident_id}') && !cell.path.includes('{token_id}') && !isPublic(cell)) continue;
    const client = cell.operation['x-access'] === 'admin' ? world.root : world.ada;
    const answer = await request(cell, objects, client);
    const where = `${cell.method} ${cell.path}: ${answer.status} ${answer.code}`;
    const isRecord =
      cell.path.endsWith('/deletion') ||
      (cell.method === 'GET' &&
        /\{incident_id\}(\/streams|\/chunks|\/capture-groups|\/safety-checks)?$/.test(cell.path));
    // What can be done there is told to everybody.
    if (isRecord || cell.method === 'OPTIONS') assert.ok(answer.status < 300, where);
    else if (cell.method === 'HEAD') assert.equal(answer.status, 409, where);
    else
      assert.ok(
        answer.code === 'incident_deleting' || answer.code === 'incident_token_invalid' || notFound.test(answer.code),
        where,
      );
    cells += 1;
  }
  assert.ok(cells >= 20, `${cells}`);
});
