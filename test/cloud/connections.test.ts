/** Connections through the API, to a real WebDAV server and a real S3 store: made, changed, tested, looked into, removed. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { openWorld, type World } from '../http/support/world.ts';
import { lacks, missing } from '../support/needs.ts';
import { startRadosgw } from '../support/services/radosgw.ts';
import { startWebdav, type TestWebdav } from '../support/services/webdav.ts';

const secretKey = 'canary-secret-key-0123456789-0123456789';
let world: World;
let dav: TestWebdav | undefined;
before(async () => {
  if (missing('rclone').length === 0) dav = await startWebdav();
  world = await openWorld('cloud-connections', {
    SAFE_SECRET_KEY: secretKey,
    SAFE_CLOUD_ALLOWED_HOSTS: '127.0.0.1',
    SAFE_LOG_LEVEL: 'debug',
  });
});
after(async () => {
  await world.close();
  await dav?.stop();
});

const path = '/v1/cloud-connections';
const webdav = { kind: 'webdav', endpoint: 'https://cloud.example/dav', username: 'ada', password: 'canary-password' };
const s3 = {
  kind: 's3',
  endpoint: 'https://s3.example',
  bucket: 'papers',
  access_key_id: 'canary-key-id',
  secret_access_key: 'canary-secret',
};

async function added(fields: object): Promise<string> {
  const answer = await world.ada.post(path, fields);
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return answer.body.connection.id;
}

test("a connection is its owner's alone, and its credentials never come out", async () => {
  const id = await added({
    ...webdav,
    name: 'Cloud',
    root: '/Papers/',
    mirror_path: 'mirror',
    mirror_every_seconds: 300,
  });
  const other = await added({ ...s3, name: 'Store' });
  const listed = await world.ada.get(path);
  assert.deepEqual(
    listed.body.connections.map(({ endpoint, kind, root }: Record<string, string>) => [kind, endpoint, root]),
    [
      ['webdav', 'https://cloud.example/dav', 'Papers'],
      ['s3', 'https://s3.example', undefined],
    ],
  );
  assert.ok(!JSON.stringify(listed.body).includes('canary'));
  const changed = await world.ada.call('PATCH', `${path}/${id}`, { name: 'Cloud 2', mirror_every_seconds: null });
  assert.deepEqual(
    [changed.status, changed.body.connection.name, changed.body.connection.mirror_due_at],
    [200, 'Cloud 2', undefined],
  );
  assert.deepEqual((await world.bob.get(path)).body.connections, []);
  for (const client of [world.bob, world.root]) {
    const attempts: [string, string, object?][] = [
      ['PATCH', '', { name: 'mine' }],
      ['DELETE', ''],
      ['POST', '/test'],
      ['GET', '/entries'],
      ['POST', '/import', {}],
      ['POST', '/mirror'],
      ['GET', '/jobs'],
    ];
    for (const [method, end, body] of attempts) {
      const answer = await client.call(method, `${path}/${id}${end}`, body);
      assert.deepEqual([answer.status, answer.code], [404, 'connection_not_found'], `${method} ${end}`);
    }
  }
  assert.equal((await world.ada.call('DELETE', `${path}/${other}`)).status, 204);
  assert.equal((await world.ada.call('DELETE', `${path}/${other}`)).code, 'connection_not_found');
  await world.rows(async (query) => {
    const audit = await query('SELECT action, owner_account_id FROM audit_log WHERE subject_type = ?', 'connection');
    assert.deepEqual(
      audit.map(({ action }) => action),
      ['connection.add', 'connection.add', 'connection.change', 'connection.remove'],
    );
    assert.ok(audit.every(({ owner_account_id }) => owner_account_id === world.accounts.ada));
  });
});

test('what makes no sense is refused in words, and never repeated', async () => {
  const wrong: [object, string][] = [
    [{ ...webdav, endpoint: 'ftp://cloud.example' }, 'invalid_request'],
    [{ ...webdav, endpoint: 'https://ada:canary@cloud.example' }, 'invalid_request'],
    [{ ...webdav, endpoint: 'https://cloud.example/dav?canary' }, 'invalid_request'],
    [{ ...webdav, password: undefined }, 'invalid_request'],
    [{ ...webdav, access_key_id: 'canary' }, 'invalid_request'],
    [{ ...webdav, bucket: 'papers' }, 'invalid_request'],
    [{ ...webdav, username: 'ca:nary' }, 'invalid_request'],
    [{ ...webdav, root: '../canary' }, 'invalid_remote_path'],
    [{ ...webdav, mirror_every_seconds: 299 }, 'invalid_request'],
    [{ ...webdav, mirror_folder_id: 'fld_0' }, 'folder_not_found'],
    [{ ...s3, bucket: 'arn:aws:s3:::canary' }, 'invalid_request'],
    [{ ...s3, endpoint: 'https://s3.example/canary' }, 'invalid_request'],
    [{ ...s3, region: 'a/b' }, 'invalid_request'],
    [{ ...s3, access_key_id: 'canary ü' }, 'invalid_request'],
    [{ ...webdav, token: 'canary' }, 'invalid_json'],
  ];
  for (const [fields, code] of wrong) {
    const answer = await world.ada.post(path, { name: 'Wrong', ...fields });
    assert.equal(answer.code, code, JSON.stringify(fields));
    assert.ok(!answer.bytes.includes('canary'));
  }
  await added({ ...webdav, name: 'Twice' });
  assert.equal((await world.ada.post(path, { ...webdav, name: ' Twice ' })).code, 'connection_name_conflict');
});

test('no address inside gets a request, whoever names it', async (t) => {
  let heard = 0;
  const inside = createServer((_, response) => {
    heard += 1;
    response.end();
  });
  await new Promise<void>((resolve) => {
    inside.listen(0, '::', resolve);
  });
  t.after(() => inside.close());
  const { port } = inside.address() as AddressInfo; // it listens on a port
  // 127.0.0.1 itself is allowed here.
  const hosts = ['127.0.0.2', '2130706434', '0177.0.0.2', '[::1]', '[::ffff:127.0.0.2]', '169.254.169.254'];
  for (const [i, host] of [...hosts, '[64:ff9b::7f00:2]', '10.0.0.1', '0'].entries()) {
    for (const [kind, fields] of Object.entries({ webdav, s3 })) {
      const id = await added({ ...fields, name: `${kind} ${i}`, endpoint: `https://${host}:${port}` });
      for (const answer of [await world.ada.post(`${path}/${id}/test`), await world.ada.get(`${path}/${id}/entries`)])
        assert.deepEqual([answer.status, answer.code], [400, 'connection_address_refused'], `${kind} ${host}`);
      await world.ada.call('DELETE', `${path}/${id}`);
    }
  }
  assert.equal(heard, 0);
});

test('WebDAV: tested, looked into, and refused with other credentials', async (t) => {
  if (lacks(t, 'rclone') || dav === undefined) return;
  mkdirSync(join(dav.files, 'Papers/Müll & Co'), { recursive: true });
  for (const name of ['a.txt', 'b 100%.txt', 'c#?.txt']) writeFileSync(join(dav.files, 'Papers', name), name);
  const { endpoint, password, username } = dav;
  const id = await added({ ...webdav, name: 'Dav', endpoint, username, password });
  const tested = await world.ada.post(`${path}/${id}/test`);
  assert.equal(tested.status, 200, tested.code);
  assert.ok(tested.body.connection.checked_at);
  const first = await world.ada.get(`${path}/${id}/entries?path=Papers&limit=3`);
  const second = await world.ada.get(
    `${path}/${id}/entries?path=/Papers&limit=3&cursor=${encodeURIComponent(first.body.next_cursor)}`,
  );
  assert.deepEqual(
    [...first.body.entries, ...second.body.entries].map((entry: Record<string, unknown>) => [
      entry.path,
      entry.kind,
      entry.byte_size,
    ]),
    [
      ['Papers/Müll & Co', 'folder', undefined],
      ['Papers/a.txt', 'file', 5],
      ['Papers/b 100%.txt', 'file', 10],
      ['Papers/c#?.txt', 'file', 7],
    ].sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
  );
  assert.equal(second.body.next_cursor, undefined);
  assert.equal((await world.ada.get(`${path}/${id}/entries?path=Nowhere`)).code, 'remote_path_not_found');
  assert.equal((await world.ada.get(`${path}/${id}/entries?path=a/../b`)).code, 'invalid_remote_path');
  await world.ada.call('PATCH', `${path}/${id}`, { username, password: 'canary-wrong' });
  const refused = await world.ada.post(`${path}/${id}/test`);
  assert.deepEqual([refused.status, refused.code], [400, 'connection_unauthorized']);
  const listed = await world.ada.get(path);
  const shown = listed.body.connections.find((one: { id: string }) => one.id === id);
  assert.equal(shown.check_error, 'connection_unauthorized');
});

test('S3: tested, looked into page by page, and refused with other keys', async (t) => {
  if (lacks(t, 'radosgw')) return;
  const store = await startRadosgw();
  try {
    const bucket = await store.createBucket();
    const { accessKey, endpoint, secretKey: secret } = store;
    const client = new S3Client({
      endpoint,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { accessKeyId: accessKey, secretAccessKey: secret },
    });
    const keys = ['in/a ü.txt', 'in/b//c.txt', 'in/d/e.txt', 'in/', 'in/z.txt', 'out.txt'];
    for (const Key of keys) await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: Key }));
    client.destroy();
    const fields = { ...s3, endpoint, bucket, access_key_id: accessKey, secret_access_key: secret };
    const id = await added({ ...fields, name: 'Rados', root: 'in' });
    assert.equal((await world.ada.post(`${path}/${id}/test`)).code, '');
    const names: string[] = [];
    let cursor = '';
    do {
      const page = await world.ada.get(`${path}/${id}/entries?limit=2${cursor}`);
      assert.equal(page.status, 200, page.code);
      names.push(...page.body.entries.map((entry: { path: string; kind: string }) => `${entry.kind} ${entry.path}`));
      cursor = page.body.next_cursor === undefined ? '' : `&cursor=${encodeURIComponent(page.body.next_cursor)}`;
    } while (cursor !== '');
    assert.deepEqual(names.sort(), ['file a ü.txt', 'file z.txt', 'folder b', 'folder d']);
    const wrong: [object, string][] = [
      [{ secret_access_key: 'canary-wrong' }, 'connection_unauthorized'],
      [{ access_key_id: 'nobody' }, 'connection_unauthorized'],
      [{ bucket: 'not-there' }, 'remote_path_not_found'],
    ];
    for (const [change, code] of wrong) {
      const other = await added({ ...fields, ...change, name: code + Object.keys(change)[0] });
      assert.equal((await world.ada.post(`${path}/${other}/test`)).code, code, Object.keys(change)[0]);
    }
  } finally {
    await store.stop();
  }
});

test('without SECRET_KEY there are no connections, and everything else works', async () => {
  const bare = await openWorld('cloud-bare');
  const answer = await bare.ada.post(path, { ...webdav, name: 'Cloud' });
  assert.deepEqual([answer.status, answer.code], [503, 'secret_key_missing']);
  assert.deepEqual((await bare.ada.get(path)).body.connections, []);
  assert.equal((await bare.ada.get('/v1/documents')).status, 200);
  await bare.close();
});

test('no credential is in the log, in an answer or in a row', async () => {
  const log = world.server.log();
  assert.ok(log.split('\n').length > 20, 'there is a log');
  assert.doesNotMatch(log, /canary|cloud\.example|remote\.php/);
  await world.rows(async (query) => {
    for (const table of ['cloud_connections', 'audit_log', 'jobs', 'cloud_items'])
      assert.doesNotMatch(JSON.stringify(await query(`SELECT * FROM ${table}`)), /canary/, table);
  });
});
