/** What an account keeps stands on the other side, in a real WebDAV folder and a real S3 bucket, and comes back from there as it was. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openWorld, until, type World } from '../http/support/world.ts';
import { lacks, missing } from '../support/needs.ts';
import { startRadosgw } from '../support/services/radosgw.ts';
import { startWebdav, type TestWebdav } from '../support/services/webdav.ts';
import {
  addDocument,
  addFolder,
  bytesOf,
  cloudSettings,
  connect,
  connectionsPath,
  documentsBelow,
  ended,
  runJob,
} from './support.ts';

let world: World;
let dav: TestWebdav | undefined;
before(async () => {
  if (missing('rclone').length === 0) dav = await startWebdav();
  world = await openWorld('cloud-mirror', { ...cloudSettings, SAFE_CLOUD_MIRROR_INTERVAL: '300ms' });
});
after(async () => {
  await world.close();
  await dav?.stop();
});

/** Names that are fine here and not everywhere, an empty file, one of some size. */
async function fill(parent: string): Promise<Map<string, Buffer<ArrayBuffer>>> {
  const inner = await addFolder(world.ada, 'Müll & Co', parent);
  const deep = await addFolder(world.ada, '100%', inner);
  const places: [string, string, string][] = [
    [parent, '', 'Miete März.pdf'],
    [parent, '', 'What?.txt'],
    [parent, '', 'What*.txt'],
    [inner, 'Müll & Co/', 'empty.bin'],
    [inner, 'Müll & Co/', 'large.bin'],
    [deep, 'Müll & Co/100%/', 'a#b c+d.bin'],
  ];
  const files = new Map<string, Buffer<ArrayBuffer>>();
  for (const [folder, path, name] of places) {
    const bytes = randomBytes({ 'empty.bin': 0, 'large.bin': 2_500_000 }[name] ?? 1_000);
    await addDocument(world.ada, name, bytes, folder);
    files.set(path + name, bytes);
  }
  return files;
}

function filesIn(folder: string, path = ''): string[] {
  return readdirSync(join(folder, path), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesIn(folder, join(path, entry.name)) : [join(path, entry.name)],
  );
}

test('WebDAV: every document once, what changed again, what is gone again, and nothing is removed', async (t) => {
  if (lacks(t, 'rclone') || dav === undefined) return;
  const { endpoint, password, username } = dav;
  const folder = await addFolder(world.ada, 'Mirrored');
  const files = await fill(folder);
  await addDocument(world.ada, 'not in the folder.txt', randomBytes(10));
  const fields = { kind: 'webdav', name: 'Dav', endpoint, username, password, root: 'Backup' };
  const id = await connect(world.ada, { ...fields, mirror_folder_id: folder, mirror_path: 'of/proofline' });
  const first = await runJob(world.ada, id, 'mirror');
  assert.deepEqual([first.state, first.report?.added, first.report?.failed], ['done', 6, 0], JSON.stringify(first));
  const root = join(dav.files, 'Backup/of/proofline');
  const there = filesIn(root);
  assert.equal(there.length, 6);
  const second = there.find((name) => /^What_ ~[0-9a-z]{8}\.txt$/.test(name)) ?? '';
  const nameThere = (name: string) => ({ 'What?.txt': 'What_.txt', 'What*.txt': second })[name] ?? name;
  for (const [name, bytes] of files) assert.ok(readFileSync(join(root, nameThere(name))).equals(bytes), name);

  const documents = await documentsBelow(world.ada, folder);
  const changed = documents.get('Miete März.pdf') ?? '';
  const put = await world.ada.call('PUT', `/v1/documents/${changed}/content`, Buffer.from('second'), {
    'if-match': '"1"',
  });
  assert.ok(put.status < 300, put.code);
  rmSync(join(root, 'What_.txt'));
  writeFileSync(join(root, 'somebody else.txt'), 'stays');
  await world.ada.call('DELETE', `/v1/documents/${documents.get('Müll & Co/large.bin')}`);
  const again = await runJob(world.ada, id, 'mirror');
  assert.deepEqual([again.report.added, again.report.renewed, again.report.unchanged], [0, 2, 3]);
  assert.equal(readFileSync(join(root, 'Miete März.pdf'), 'utf8'), 'second');
  assert.equal(statSync(join(root, 'Müll & Co/large.bin')).size, 2_500_000);
  assert.equal(readFileSync(join(root, 'somebody else.txt'), 'utf8'), 'stays');
  await world.rows(async (query) => {
    const sent = await query('SELECT owner_account_id FROM audit_log WHERE action = ?', 'document.mirror');
    assert.deepEqual([sent.length, sent.every((row) => row.owner_account_id === world.accounts.ada)], [8, true]);
  });
});

test('S3: out and back again, byte for byte', async (t) => {
  if (lacks(t, 'radosgw')) return;
  const store = await startRadosgw();
  try {
    const folder = await addFolder(world.ada, 'To S3');
    const files = await fill(folder);
    const keys = { access_key_id: store.accessKey, secret_access_key: store.secretKey };
    const place = { kind: 's3', endpoint: store.endpoint, bucket: await store.createBucket(), root: 'vault' };
    const id = await connect(world.ada, { name: 'S3', ...place, ...keys, mirror_folder_id: folder, mirror_path: 'm' });
    const out = await runJob(world.ada, id, 'mirror');
    assert.deepEqual([out.state, out.report?.added, out.report?.failed], ['done', 6, 0], JSON.stringify(out));
    const unchanged = await runJob(world.ada, id, 'mirror');
    assert.equal(unchanged.report.unchanged, 6);
    const back = await addFolder(world.ada, 'Back from S3');
    const job = await runJob(world.ada, id, 'import', { path: 'm', folder_id: back });
    assert.deepEqual([job.state, job.report?.added, job.report?.failed], ['done', 6, 0], JSON.stringify(job));
    const found = await documentsBelow(world.ada, back);
    const contents = await Promise.all([...found.values()].map((document) => bytesOf(world.ada, document)));
    const text = (all: Iterable<Buffer>) => [...all].map((bytes) => bytes.toString('base64')).sort();
    assert.deepEqual(text(contents), text(files.values()));
    assert.ok(['Miete März.pdf', 'Müll & Co/100%/a#b c+d.bin'].every((name) => found.has(name)));
  } finally {
    await store.stop();
  }
});

test('a mirror that is due is started once, and the next is due later', async (t) => {
  if (lacks(t, 'rclone') || dav === undefined) return;
  const { endpoint, files, password, username } = dav;
  const folder = await addFolder(world.ada, 'Scheduled');
  await addDocument(world.ada, 'a.bin', randomBytes(100), folder);
  const fields = { kind: 'webdav', name: 'Scheduled', endpoint, username, password, root: 'scheduled' };
  const before = Date.now();
  const id = await connect(world.ada, { ...fields, mirror_folder_id: folder, mirror_every_seconds: 3_600 });
  const job = await until(
    async () => (await world.ada.get(`${connectionsPath}/${id}/jobs`)).body.jobs[0],
    'the schedule',
    20_000,
  );
  assert.equal((await ended(world.ada, id, job.id)).state, 'done');
  assert.deepEqual(filesIn(join(files, 'scheduled')), ['a.bin']);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const { jobs } = (await world.ada.get(`${connectionsPath}/${id}/jobs`)).body;
  assert.equal(jobs.length, 1, 'not again at the next turns');
  const { connections } = (await world.ada.get(connectionsPath)).body;
  const shown = connections.find((one: { id: string }) => one.id === id);
  assert.ok(Date.parse(shown.mirror_due_at) >= before + 3_600_000, shown.mirror_due_at);
  assert.ok(shown.mirrored_at);
});

test('a folder that is gone, and credentials that are wrong, end it with the reason', async (t) => {
  if (lacks(t, 'rclone') || dav === undefined) return;
  const { endpoint, password, username } = dav;
  const folder = await addFolder(world.ada, 'Gone');
  const fields = { kind: 'webdav', endpoint, username, password };
  const id = await connect(world.ada, { ...fields, name: 'Gone', mirror_folder_id: folder });
  await world.ada.call('DELETE', `/v1/folders/${folder}`);
  const gone = await runJob(world.ada, id, 'mirror');
  assert.deepEqual([gone.state, gone.error_code], ['parked', 'folder_not_found']);
  const wrong = await connect(world.ada, { ...fields, name: 'Wrong', password: 'canary-wrong', mirror_path: 'wrong' });
  const refused = await runJob(world.ada, wrong, 'mirror');
  assert.deepEqual([refused.state, refused.error_code], ['parked', 'connection_unauthorized']);
  // Neither credentials nor names, whatever went wrong.
  assert.doesNotMatch(world.server.log(), /canary|remote\.php|Miete|Scheduled/);
  await world.rows(async (query) => {
    for (const table of ['cloud_connections', 'audit_log', 'jobs', 'cloud_items'])
      assert.doesNotMatch(JSON.stringify(await query(`SELECT * FROM ${table}`)), /canary/, table);
  });
});
