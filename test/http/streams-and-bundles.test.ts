import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { chunkName } from '../support/stored-blobs.ts';
import { type Answer, bytesOf, sha256Hex, uploadParts } from './support/client.ts';
import { mistakes } from './support/json-schema-check.ts';
import { openWorld, type World } from './support/world.ts';
import { readZip } from './support/zip.ts';

let world: World;
before(async () => {
  world = await openWorld('bundles');
});
after(() => world.close());

const refused = (answer: Answer, code: string, what = '') =>
  assert.deepEqual([answer.status, answer.code], [409, code], what);

test('a stream is complete when chunks 1 to n are there, and no sooner', async () => {
  const incident = await world.ada.incident();
  const stream = await world.ada.stream(incident);
  refused(await world.ada.complete(incident, stream, 1), 'stream_chunks_incomplete', 'none');
  await world.ada.put(incident, stream, 2, bytesOf(100));
  refused(await world.ada.complete(incident, stream, 2), 'stream_chunks_incomplete', 'one of two');
  refused(await world.ada.complete(incident, stream, 1), 'stream_chunks_not_contiguous', 'one, but not the first');
  await world.ada.put(incident, stream, 1, bytesOf(100));
  await world.ada.put(incident, stream, 4, bytesOf(100));
  refused(await world.ada.complete(incident, stream, 3), 'stream_chunks_not_contiguous', 'three with a gap');
  refused(await world.ada.complete(incident, stream, 2), 'stream_chunks_not_contiguous', 'more than expected');
  refused(await world.ada.complete(incident, stream, 4), 'stream_chunks_incomplete', 'three of four');
  await world.ada.put(incident, stream, 3, bytesOf(100));
  const done = await world.ada.complete(incident, stream, 4);
  assert.deepEqual([done.status, done.body.stream.status, done.body.stream.expected_chunk_count], [200, 'complete', 4]);
  assert.ok(done.body.stream.completed_at);
  refused(await world.ada.complete(incident, stream, 4), 'stream_already_complete');
  refused(await world.ada.post(`/v1/incidents/${incident}/streams/${stream}/fail`), 'stream_already_complete');
  refused(await world.ada.put(incident, stream, 5, bytesOf(100)), 'stream_not_open');
});

test('an open stream of a closed incident can still be completed: nothing of it is lost', async () => {
  const incident = await world.ada.incident();
  const { id } = await world.ada.filledStream(incident, 2);
  await world.ada.post(`/v1/incidents/${incident}/close`);
  assert.equal((await world.ada.complete(incident, id, 2)).status, 200);
});

test('chunks without readable bytes complete nothing', async () => {
  const incident = await world.ada.incident();
  const { id } = await world.ada.filledStream(incident, 2);
  await world.blobs.remove(chunkName(incident, id, 2));
  refused(await world.ada.complete(incident, id, 2), 'stream_chunk_file_missing');
  const other = await world.ada.filledStream(incident, 2);
  await world.blobs.write(chunkName(incident, other.id, 1), Buffer.from('short'));
  refused(await world.ada.complete(incident, other.id, 2), 'stream_chunk_file_missing');
});

test('the bundle of a stream has its manifest first, then the chunks in order, stored and whole', async () => {
  const incident = await world.ada.incident();
  const opened = await world.ada.post(`/v1/incidents/${incident}/streams`, { media_type: 'video', label: 'Front' });
  const stream = opened.body.stream.id;
  refused(await world.ada.get(`/v1/incidents/${incident}/streams/${stream}/download`), 'stream_not_complete');
  const chunks = [bytesOf(70_000), bytesOf(0), bytesOf(1)];
  await world.ada.put(incident, stream, 2, chunks[1] as Buffer);
  await world.ada.form(
    incident,
    uploadParts(chunks[0] as Buffer, { stream_id: stream, original_filename: 'clip.mp4' }),
  );
  await world.ada.put(incident, stream, 3, chunks[2] as Buffer);
  const done = await world.ada.complete(incident, stream, 3);
  const answer = await world.ada.get(`/v1/incidents/${incident}/streams/${stream}/download`);
  assert.deepEqual(
    [answer.status, answer.headers.get('content-type'), answer.headers.get('content-disposition')],
    [200, 'application/zip', `attachment; filename="incident_${incident}_video_${stream}.zip"`],
  );
  assert.equal(Number(answer.headers.get('content-length')), answer.bytes.length);
  const entries = await readZip(answer.bytes);
  assert.deepEqual(
    entries.map(({ name }) => name),
    ['manifest.json', 'chunks/video_000001.enc', 'chunks/video_000002.enc', 'chunks/video_000003.enc'],
  );
  entries.slice(1).forEach(({ bytes }, i) => {
    assert.ok(bytes.equals(chunks[i] as Buffer), `chunk ${i + 1}`);
  });
  assert.ok(
    entries.every(({ compressed, bytes }) => compressed === bytes.length),
    'stored, not compressed',
  );
  const manifest = JSON.parse(String(entries[0]?.bytes));
  assert.deepEqual(mistakes({ $ref: '#/components/schemas/StreamManifest' }, manifest, world.contract.resolve), []);
  const { created_at, completed_at } = done.body.stream;
  assert.deepEqual(
    { ...manifest, chunks: manifest.chunks.length },
    {
      incident_id: incident,
      stream_id: stream,
      media_type: 'video',
      label: 'Front',
      status: 'complete',
      encryption: { expected: 'client-side', scheme: 'safety-recorder-chunk-encryption-v1', server_decrypts: false },
      created_at,
      completed_at,
      chunk_count: 3,
      total_bytes: 70_001,
      chunks: 3,
    },
  );
  manifest.chunks.forEach((chunk: Record<string, unknown>, i: number) => {
    const { chunk_index, byte_size, sha256_hex, original_filename } = chunk;
    const bytes = chunks[i] as Buffer;
    assert.deepEqual([chunk_index, byte_size, sha256_hex], [i + 1, bytes.length, sha256Hex(bytes)]);
    assert.equal(original_filename, i === 0 ? 'clip.mp4' : undefined);
  });
  const again = await world.ada.get(`/v1/incidents/${incident}/streams/${stream}/download`);
  assert.ok(again.bytes.equals(answer.bytes), 'the same bundle to the byte, whenever it is asked for');
  toolsAgree(answer.bytes, 4);
});

test('the bundle of an incident has all complete streams and no others', async () => {
  const incident = await world.ada.incident({ client_label: 'Walk' });
  const empty = await readZip((await world.ada.get(`/v1/incidents/${incident}/download`)).bytes);
  assert.deepEqual(
    empty.map(({ name }) => name),
    ['manifest.json'],
    'nothing is complete yet',
  );
  await world.ada.post(`/v1/incidents/${incident}/checkins`, { device_network: 'old' });
  const checkin = await world.ada.post(`/v1/incidents/${incident}/checkins`, { device_network: 'lte' });
  const [video, audio] = [
    await world.ada.filledStream(incident, 2),
    await world.ada.filledStream(incident, 1, 'audio'),
  ];
  const open = await world.ada.filledStream(incident, 1);
  const failed = await world.ada.filledStream(incident, 1);
  await world.ada.post(`/v1/incidents/${incident}/streams/${failed.id}/fail`);
  await world.ada.complete(incident, video.id, 2);
  await world.ada.complete(incident, audio.id, 1);
  const answer = await world.ada.get(`/v1/incidents/${incident}/download`);
  assert.equal(answer.headers.get('content-disposition'), `attachment; filename="incident_${incident}.zip"`);
  const entries = await readZip(answer.bytes);
  assert.deepEqual(
    entries.map(({ name }) => name),
    [
      'manifest.json',
      `streams/${video.id}/manifest.json`,
      `streams/${video.id}/chunks/video_000001.enc`,
      `streams/${video.id}/chunks/video_000002.enc`,
      `streams/${audio.id}/manifest.json`,
      `streams/${audio.id}/chunks/audio_000001.enc`,
    ],
  );
  assert.ok(!answer.bytes.includes(open.id) && !answer.bytes.includes(failed.id));
  const manifest = JSON.parse(String(entries[0]?.bytes));
  assert.deepEqual(mistakes({ $ref: '#/components/schemas/IncidentManifest' }, manifest, world.contract.resolve), []);
  assert.deepEqual(Object.keys(manifest), [
    'incident',
    'latest_checkin',
    'encryption',
    'streams',
    'stream_count',
    'total_bytes',
    'generated_at',
  ]);
  assert.deepEqual(
    [manifest.incident.id, manifest.latest_checkin, manifest.stream_count, manifest.total_bytes],
    [incident, checkin.body, 2, 3_000],
  );
  for (const summary of manifest.streams) {
    const own = JSON.parse(
      String(entries.find(({ name }) => name === `streams/${summary.stream_id}/manifest.json`)?.bytes),
    );
    const { chunks: _, ...rest } = own;
    assert.deepEqual(rest, summary, 'the summary is the manifest without its chunks');
  }
  toolsAgree(answer.bytes, 6);
});

test('a complete stream that cannot be rebuilt makes no bundle at all, and the other streams keep theirs', async () => {
  const incident = await world.ada.incident();
  const [good, bad] = [await world.ada.filledStream(incident, 2), await world.ada.filledStream(incident, 2)];
  for (const { id } of [good, bad]) await world.ada.complete(incident, id, 2);
  await world.blobs.remove(chunkName(incident, bad.id, 1));
  refused(await world.ada.get(`/v1/incidents/${incident}/streams/${bad.id}/download`), 'incident_bundle_inconsistent');
  refused(await world.ada.get(`/v1/incidents/${incident}/download`), 'incident_bundle_inconsistent');
  assert.equal((await world.ada.get(`/v1/incidents/${incident}/streams/${good.id}/download`)).status, 200);
});

test('a row that is missing from a complete stream is an inconsistency too', async () => {
  const incident = await world.ada.incident();
  const { id } = await world.ada.filledStream(incident, 3);
  await world.ada.complete(incident, id, 3);
  await world.rows(async (query) => {
    await query('DELETE FROM chunks WHERE stream_id = ? AND chunk_index = 2', id);
  });
  refused(await world.ada.get(`/v1/incidents/${incident}/streams/${id}/download`), 'incident_bundle_inconsistent');
  refused(await world.ada.get(`/v1/incidents/${incident}/download`), 'incident_bundle_inconsistent');
});

/** Other programs read the archive as well, where this machine has them. */
function toolsAgree(archive: Buffer, entries: number): void {
  const file = join(world.server.dataDir, 'bundle.zip');
  writeFileSync(file, archive);
  for (const [command, args, expected] of [
    ['unzip', ['-tq', file], /No errors detected/],
    [
      'python3',
      ['-c', 'import sys,zipfile; z=zipfile.ZipFile(sys.argv[1]); print(z.testzip(), len(z.namelist()))', file],
      new RegExp(`None ${entries}`),
    ],
  ] as const) {
    if (!isInstalled(command)) continue;
    assert.match(execFileSync(command, [...args]).toString(), expected, command);
  }
  rmSync(file);
}

function isInstalled(command: string): boolean {
  return (process.env.PATH ?? '').split(':').some((folder) => {
    try {
      return readdirSync(folder).includes(command);
    } catch {
      return false;
    }
  });
}
