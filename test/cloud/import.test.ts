/** Files of a real WebDAV server become documents: each once, byte for byte, whatever happens to the server meanwhile. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Client } from '../http/support/client.ts';
import { openWorld, until } from '../http/support/world.ts';
import { lacks, missing } from '../support/needs.ts';
import { startServer } from '../support/server.ts';
import { startWebdav, type TestWebdav } from '../support/services/webdav.ts';
import {
  addDocument,
  addFolder,
  bytesOf,
  cloudSettings,
  connect,
  documentsBelow,
  ended,
  runJob,
  startJob,
} from './support.ts';

let dav: TestWebdav | undefined;
before(async () => {
  if (missing('rclone').length === 0) dav = await startWebdav();
});
after(async () => await dav?.stop());

function place(folder: string, path: string, bytes: Uint8Array): void {
  mkdirSync(join(folder, path, '..'), { recursive: true });
  writeFileSync(join(folder, path), bytes);
}

test('an import that is killed in the middle goes on: each file once, byte for byte', async (t) => {
  if (lacks(t, 'rclone') || dav === undefined) return;
  const files = new Map<string, Buffer>();
  for (let i = 0; i < 160; i++) {
    const folder = ['', 'Müll & Co/', 'a/b c/d#e/', 'a/100%/'][i % 4] ?? '';
    files.set(`${folder}file ${i} ?ü.bin`, randomBytes(i === 7 ? 3_000_000 : i * 97));
  }
  for (const [path, bytes] of files) place(dav.files, `killed/${path}`, bytes);
  const world = await openWorld('cloud-import', {
    ...cloudSettings,
    PROOFLINE_FAILPOINT: 'after-import-document:60',
  });
  t.after(() => world.remove());
  const { endpoint, password, username } = dav;
  const id = await connect(world.ada, { kind: 'webdav', name: 'Dav', endpoint, username, password });
  const folder = await addFolder(world.ada, 'Imported');
  const job = await startJob(world.ada, id, 'import', { path: 'killed', folder_id: folder });
  await until(() => (world.server.process.signalCode === 'SIGKILL' ? true : undefined), 'the kill', 60_000);

  const server = await startServer({ dataDir: world.server.dataDir, env: cloudSettings });
  const ada = new Client(server.url, world.contract, world.ada.token);
  const done = await ended(ada, id, job);
  assert.deepEqual([done.state, done.progress_done, done.progress_total], ['done', 160, 160], JSON.stringify(done));
  // The sixtieth was a document without a record when the process died, and is told by its key.
  assert.deepEqual([done.report.added, done.report.unchanged, done.report.failed], [100, 60, 0]);
  const found = await documentsBelow(ada, folder);
  assert.deepEqual([...found.keys()].sort(), [...files.keys()].sort());
  for (const [path, bytes] of files) assert.ok(bytes.equals(await bytesOf(ada, found.get(path) ?? '')), path);
  assert.equal((await ada.get('/v1/quota')).body.documents_used, 160);
  await world.rows(async (query) => {
    assert.equal((await query('SELECT * FROM cloud_items')).length, 160);
  });
  assert.equal(await server.stop(), 0);
});

test('told to stop in the middle it gives the job back at once, and the next process goes on', async (t) => {
  if (lacks(t, 'rclone') || dav === undefined) return;
  for (let i = 0; i < 60; i++) place(dav.files, `stopped/${i}.bin`, randomBytes(1_000));
  const world = await openWorld('cloud-stopped', cloudSettings);
  t.after(() => world.remove());
  const { endpoint, password, username } = dav;
  const fields = { kind: 'webdav', name: 'Dav', endpoint, username, password, root: 'stopped' };
  const id = await connect(world.ada, fields);
  const job = await startJob(world.ada, id, 'import');
  const brought = async () => {
    let count = 0;
    await world.rows(async (query) => {
      count = (await query('SELECT remote_path FROM cloud_items')).length;
    });
    return count;
  };
  await until(async () => ((await brought()) >= 5 ? true : undefined), 'the first files', 30_000);
  assert.equal(await world.server.stop(), 0);
  assert.doesNotMatch(world.server.log(), /"level":"(error|fatal)"/);
  const before = await brought();
  assert.ok(before < 60, 'it was in the middle');
  await world.rows(async (query) => {
    const [row] = await query('SELECT state, attempts, holder FROM jobs WHERE id = ?', job);
    assert.deepEqual({ ...row }, { state: 'waiting', attempts: 0, holder: null });
  });
  const server = await startServer({ dataDir: world.server.dataDir, env: cloudSettings });
  const ada = new Client(server.url, world.contract, world.ada.token);
  const done = await ended(ada, id, job);
  assert.deepEqual([done.state, done.report.added + done.report.unchanged], ['done', 60]);
  assert.equal((await documentsBelow(ada)).size, 60);
  assert.equal(await server.stop(), 0);
});

test('what has not changed is passed over, what has becomes the next version, and names make way', async (t) => {
  if (lacks(t, 'rclone') || dav === undefined) return;
  const world = await openWorld('cloud-again', cloudSettings);
  const { endpoint, files, password, username } = dav;
  const fields = { kind: 'webdav', endpoint, username, password };
  for (const name of ['taken.txt', 'changed.txt', 'same.txt', 'touched.txt', 'thrown-away.txt', 'sub/inner.txt'])
    place(files, `again/${name}`, Buffer.from(name));
  const id = await connect(world.ada, { ...fields, name: 'Dav', root: 'again' });
  const folder = await addFolder(world.ada, 'Imported');
  await addDocument(world.ada, 'taken.txt', Buffer.from('was here before'), folder);
  await addDocument(world.ada, 'sub', Buffer.from('a document, no folder'), folder);
  const first = await runJob(world.ada, id, 'import', { folder_id: folder });
  assert.deepEqual([first.state, first.report.added], ['done', 6]);
  const found = await documentsBelow(world.ada, folder);
  const names = ['changed.txt', 'same.txt', 'sub', 'sub (2)/inner.txt', 'taken (2).txt', 'taken.txt'];
  assert.deepEqual([...found.keys()].sort(), [...names, 'thrown-away.txt', 'touched.txt']);
  const documentOf = (path: string) => found.get(path) ?? '';

  const second = await runJob(world.ada, id, 'import', { folder_id: folder });
  assert.deepEqual([second.report.added, second.report.renewed, second.report.unchanged], [0, 0, 6]);

  place(files, 'again/changed.txt', Buffer.from('changed bytes'));
  place(files, 'again/new.txt', Buffer.from('new'));
  utimesSync(join(files, 'again/touched.txt'), new Date(), new Date(Date.now() + 60_000));
  await world.ada.call('DELETE', `/v1/documents/${documentOf('thrown-away.txt')}`);
  place(files, 'again/thrown-away.txt', Buffer.from('changed too, but nobody wants it'));
  const third = await runJob(world.ada, id, 'import', { folder_id: folder });
  assert.deepEqual([third.report.added, third.report.renewed, third.report.unchanged], [1, 1, 5]);
  const { document } = (await world.ada.get(`/v1/documents/${documentOf('changed.txt')}`)).body;
  assert.equal(document.version, 2);
  assert.equal(String(await bytesOf(world.ada, document.id)), 'changed bytes');
  assert.equal((await world.ada.get(`/v1/documents/${documentOf('touched.txt')}`)).body.document.version, 1);

  const one = await connect(world.ada, { ...fields, name: 'One file' });
  const single = await runJob(world.ada, one, 'import', { path: 'again/sub/inner.txt' });
  assert.deepEqual([single.state, single.report.added, single.path], ['done', 1, 'again/sub/inner.txt']);
  const nothing = await runJob(world.ada, one, 'import', { path: 'again/nowhere' });
  assert.deepEqual([nothing.state, nothing.error_code], ['parked', 'remote_path_not_found']);
  await world.close();
});

test('without room it ends with the reason, and goes on when there is room', async (t) => {
  if (lacks(t, 'rclone') || dav === undefined) return;
  for (let i = 0; i < 8; i++) place(dav.files, `room/${i}.txt`, Buffer.from(`${i}`));
  const world = await openWorld('cloud-quota', { ...cloudSettings, SAFE_DOCUMENTS_QUOTA_COUNT: '5' });
  const { endpoint, password, username } = dav;
  const id = await connect(world.ada, { kind: 'webdav', name: 'Dav', endpoint, username, password, root: 'room' });
  const full = await runJob(world.ada, id, 'import');
  assert.deepEqual([full.state, full.error_code], ['parked', 'quota_exceeded']);
  assert.equal((await documentsBelow(world.ada)).size, 5);
  await world.rows(async (query) => {
    await query('UPDATE quotas SET documents_limit = 100 WHERE account_id = ?', world.accounts.ada);
  });
  const rest = await runJob(world.ada, id, 'import');
  assert.deepEqual([rest.state, rest.report.added, rest.report.unchanged], ['done', 3, 5]);
  await world.close();
});

test('a file that cannot be had is told by name, and the others come', async (t) => {
  if (lacks(t, 'rclone') || dav === undefined) return;
  for (const name of ['a.txt', 'large.bin', 'z.txt']) place(dav.files, `partly/${name}`, randomBytes(100));
  place(dav.files, 'partly/large.bin', randomBytes(5_000));
  const world = await openWorld('cloud-partly', { ...cloudSettings, SAFE_DOCUMENTS_MAX_UPLOAD_BYTES: '2000' });
  const { endpoint, files, password, username } = dav;
  const id = await connect(world.ada, { kind: 'webdav', name: 'Dav', endpoint, username, password, root: 'partly' });
  const job = await runJob(world.ada, id, 'import');
  assert.deepEqual([job.state, job.report.added, job.report.failed], ['done', 2, 1]);
  assert.deepEqual(job.report.failures, [{ path: 'large.bin', code: 'upload_too_large' }]);
  const found = await documentsBelow(world.ada);
  for (const [name, document] of found)
    assert.ok(readFileSync(join(files, 'partly', name)).equals(await bytesOf(world.ada, document)));
  rmSync(join(files, 'partly'), { recursive: true });
  await world.close();
});
