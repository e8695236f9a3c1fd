import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { upload } from '../documents/support/vault.ts';
import { tableNames } from '../support/stored-rows.ts';
import { openWorld, type World } from './support/world.ts';

const secretKey = 'canary-secret-key-0123456789-0123456789';
let world: World;
before(async () => {
  world = await openWorld('canary-documents', { SAFE_LOG_LEVEL: 'debug', SAFE_SECRET_KEY: secretKey });
});
after(() => world.close());

async function visit(token: string, body: URLSearchParams): Promise<number> {
  return (await fetch(`${world.server.url}/s/${token}`, { method: 'POST', body, redirect: 'manual' })).status;
}

test('no secret and no word of a document is in the log, and no token is in a file of the server', async () => {
  const words = {
    name: 'canary-name',
    text: 'canary-text',
    folder: 'canary-folder',
    topic: 'canary-topic',
    key: 'canary-idempotency-key',
    search: 'canary-search',
    group: 'canary-group',
    remote: 'canary-remote-user',
  };
  const secrets = { link: 'canary-link-password', remote: 'canary-remote-password', secretKey, wrong: 'canary-wrong' };
  const folder = (await world.ada.post('/v1/folders', { name: words.folder })).body.folder.id;
  for (let i = 0; i < 2; i++) {
    const answer = await upload(world.ada, {
      name: `${words.name}.txt`,
      bytes: Buffer.from(words.text),
      fields: { folder_id: folder, topics: words.topic },
      headers: { 'idempotency-key': words.key },
    });
    assert.ok(answer.status < 300, answer.code);
  }
  const conflict = await upload(world.ada, { name: `${words.name}.txt`, fields: { folder_id: folder } });
  assert.equal(conflict.code, 'name_conflict');
  await world.root.post('/v1/admin/groups', { name: words.group });
  assert.equal((await world.ada.get(`/v1/documents?q=${words.search}`)).status, 200);
  const begun = await world.ada.call('POST', '/v1/documents/uploads', undefined, {
    'tus-resumable': '1.0.0',
    'upload-length': '9',
    'upload-metadata': `name ${Buffer.from(`${words.name} two`).toString('base64')}`,
  });
  assert.equal(begun.status, 201);
  const link = await world.ada.post(`/v1/folders/${folder}/shares`, { kind: 'link', password: secrets.link });
  assert.equal(link.status, 201, link.code);
  for (const password of [secrets.link, secrets.wrong])
    assert.notEqual(await visit(link.body.token, new URLSearchParams({ password })), 404);
  for (const path of ['', '/content']) await fetch(`${world.server.url}/s/${link.body.token}${path}`);
  const connection = await world.ada.post('/v1/cloud-connections', {
    ...{ kind: 'webdav', name: words.remote, endpoint: 'https://127.0.0.1:1/dav' },
    ...{ username: words.remote, password: secrets.remote },
  });
  assert.equal(connection.status, 201, connection.code);

  const log = world.server.log();
  assert.ok(log.split('\n').length > 10, 'there is a log');
  const tokens = [...Object.values(secrets), link.body.token, world.ada.token, words.key];
  for (const word of [...Object.values(words), ...tokens]) assert.ok(!log.includes(word), `the log has ${word}`);
  assert.doesNotMatch(log, /users\/acct_|SELECT |INSERT /i, 'no stored path, no statement');
  for (const file of readdirSync(world.server.dataDir, { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue;
    const content = readFileSync(join(file.parentPath, file.name));
    for (const token of tokens) assert.ok(!content.includes(token), `${file.name} has ${token}`);
  }
  await world.rows(async (query) => {
    for (const name of await tableNames(query)) {
      const rows = JSON.stringify(await query(`SELECT * FROM "${name}"`));
      for (const token of tokens) assert.ok(!rows.includes(token), `table ${name} has ${token}`);
    }
  });
  const metrics = await (await fetch(`${world.server.adminUrl}/metrics`)).text();
  for (const word of [...Object.values(words), ...tokens]) assert.ok(!metrics.includes(word), 'nor in the metrics');
});
