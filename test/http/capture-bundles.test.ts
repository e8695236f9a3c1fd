import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { cli } from '../support/server.ts';
import { chunkName } from '../support/stored-blobs.ts';
import { captureSession, variants } from './support/capture-session.ts';
import { type Answer, bytesOf, sha256Hex } from './support/client.ts';
import { assertVerified, verifyDownload } from './support/verify-download.ts';
import { openWorld, type World } from './support/world.ts';
import { readZip } from './support/zip.ts';

let world: World;
before(async () => {
  world = await openWorld('capture-bundles', {
    SAFE_MAIN_API_RATE_LIMIT_ENABLED: 'false',
    SAFE_PUBLIC_VIEWER_RATE_LIMIT_ENABLED: 'false',
  });
});
after(() => world.close());

const kinds = ['completed', 'partial', 'canonical'] as const;
const refused = (answer: Answer, status: number, code: string) =>
  assert.deepEqual([answer.status, answer.code], [status, code]);

/** A preview of six seconds that failed, its first two seconds as a complete master, sound that goes on, and place for a moment. */
async function recording() {
  const session = await captureSession(world.ada);
  const context = bytesOf(30);
  await session.put('preview', { from: 0, to: 2, digest: sha256Hex(context) });
  await session.put('preview', { from: 2, to: 4 });
  await session.put('master', { from: 0, to: 2 });
  await session.put('place', { from: 0, to: 2 }, context);
  await session.put('sound', { from: 2, to: 4 });
  await session.put('sound', { from: 6, to: 8 });
  await world.ada.complete(session.incident, session.stream('master'), 1);
  await world.ada.post(`/v1/incidents/${session.incident}/streams/${session.stream('preview')}/fail`);
  return session;
}

test('each kind has the bytes that it is for, says all that is confirmed, and verifies', async () => {
  const { incident, group, path, stream } = await recording();
  const superseded = await world.ada.post(`${path}/supersessions`, {
    superseding: { stream_id: stream('master'), source_segment_id: 'seg:0-2' },
    superseded: { stream_id: stream('preview'), source_segment_id: 'seg:0-2' },
  });
  assert.equal(superseded.status, 201);
  const entry = (name: keyof typeof variants, index: number) =>
    `streams/${stream(name)}/chunks/${variants[name].media_type}_00000${index}.enc`;
  const expected = {
    completed: [entry('master', 1)],
    partial: [
      entry('master', 1),
      entry('preview', 1),
      entry('preview', 2),
      entry('sound', 1),
      entry('sound', 2),
      entry('place', 1),
    ],
    canonical: [entry('master', 1), entry('preview', 2), entry('sound', 2), entry('place', 1)],
  };
  for (const kind of kinds) {
    const answer = await world.ada.get(`${path}/download?kind=${kind}`);
    assert.equal(
      answer.headers.get('content-disposition'),
      `attachment; filename="incident_${incident}_${group}_${kind}.zip"`,
    );
    assert.equal(Number(answer.headers.get('content-length')), answer.bytes.length);
    const [manifest, sums, ...chunks] = await readZip(answer.bytes);
    assert.deepEqual([manifest?.name, sums?.name], ['manifest.json', 'SHA256SUMS']);
    assert.deepEqual(chunks.map(({ name }) => name).sort(), expected[kind].toSorted(), kind);
    const lines = [manifest, ...chunks].map((one) => `${sha256Hex(one?.bytes ?? Buffer.of())}  ${one?.name}\n`);
    assert.equal(String(sums?.bytes), lines.join(''));
    const told = await world.ada.get(`${path}/manifest?kind=${kind}`);
    assert.ok(told.bytes.equals(manifest?.bytes ?? Buffer.of()), 'the manifest is the same to the byte');
    const { body } = told;
    assert.deepEqual(
      [body.kind, body.chunks.length, body.chunk_count, body.total_bytes],
      [kind, 6, chunks.length, chunks.reduce((total, { bytes }) => total + bytes.length, 0)],
    );
    assert.deepEqual(body.coverage, {
      segment_count: 3,
      fallback: ['seg:2-4', 'seg:6-8'],
      master_missing: ['seg:2-4', 'seg:6-8'],
      master_partial: [],
    });
    const resolved = (await world.ada.get(`${path}/resolution`)).body;
    assert.deepEqual(
      body.resolution.segments.map(({ chosen }: { chosen: string }) => chosen),
      resolved.segments.map(({ chosen }: { chosen: { chunk_id: string } }) => chosen.chunk_id),
    );
    assert.deepEqual(
      body.supersessions.map(({ reason, actor }: { reason: string; actor: string }) => [reason, actor]),
      [['higher_quality_confirmed', 'account']],
    );
    assert.ok(!told.bytes.includes(world.accounts.ada), 'nothing of the account');
    assert.ok(!told.bytes.includes('phone-1'), 'nor of the device');
    assert.ok(!told.bytes.includes('stored_path') && !told.bytes.includes('incidents/'));
    assertVerified(await verifyDownload(world.server.dataDir, answer.bytes, sha256Hex(told.bytes)));
    const again = await world.ada.get(`${path}/download?kind=${kind}`);
    assert.ok(again.bytes.equals(answer.bytes), 'the same bundle to the byte, whenever it is asked for');
  }
  assert.deepEqual((await world.ada.get(`${path}/manifest`)).body.kind, 'canonical');
  refused(await world.ada.get(`${path}/manifest?kind=whole`), 400, 'invalid_request');
});

test('holes in the numbers of a stream are told, and an empty group is an empty bundle', async () => {
  const { incident, path, stream, put } = await captureSession(world.ada);
  for (const kind of kinds) {
    const empty = await world.ada.get(`${path}/download?kind=${kind}`);
    assert.equal((await readZip(empty.bytes)).length, 2);
    assertVerified(await verifyDownload(world.server.dataDir, empty.bytes));
  }
  await put('preview', { from: 0, to: 2 });
  const headers = (from: number) => ({
    'proofline-source-segment': `late:${from}`,
    'proofline-source-sequence': `${from}`,
    'proofline-source-started-at': `2026-01-02T03:05:0${from}Z`,
    'proofline-source-ended-at': `2026-01-02T03:05:0${from + 1}Z`,
  });
  for (const index of [4, 7])
    await world.ada.put(incident, stream('preview'), index, bytesOf(9), { headers: headers(index) });
  const { body } = await world.ada.get(`${path}/manifest?kind=partial`);
  const told = body.variants.find(({ stream_id: id }: { stream_id: string }) => id === stream('preview'));
  assert.deepEqual(told.missing_chunks, [
    { first_index: 2, last_index: 3 },
    { first_index: 5, last_index: 6 },
  ]);
  const { bytes } = await world.ada.get(`${path}/download?kind=partial`);
  assertVerified(await verifyDownload(world.server.dataDir, bytes));
});

test('bytes that are gone, or a row that is missing from a complete stream, make no bundle', async () => {
  const { incident, path, stream, put } = await recording();
  await world.blobs.remove(chunkName(incident, stream('preview'), 1));
  refused(await world.ada.get(`${path}/download?kind=partial`), 409, 'incident_bundle_inconsistent');
  // What is not in a bundle is not looked for.
  for (const kind of ['completed', 'canonical'])
    assert.equal((await world.ada.get(`${path}/download?kind=${kind}`)).status, 200);
  await world.blobs.remove(chunkName(incident, stream('master'), 1));
  for (const kind of kinds)
    refused(await world.ada.get(`${path}/download?kind=${kind}`), 409, 'incident_bundle_inconsistent');
  await put('sound', { from: 8, to: 9 });
  await world.ada.complete(incident, stream('sound'), 3);
  await world.rows(async (query) => {
    await query('DELETE FROM chunks WHERE stream_id = ? AND chunk_index = 2', stream('sound'));
  });
  for (const kind of kinds)
    for (const end of ['manifest', 'download'])
      refused(await world.ada.get(`${path}/${end}?kind=${kind}`), 409, 'incident_bundle_inconsistent');
});

test('who has the link gets the same bytes, of its own incident alone', async () => {
  const { incident, group, path } = await recording();
  const made = await world.ada.post(`/v1/incidents/${incident}/incident-tokens`);
  const other = await captureSession(world.ada);
  const shared = (token: string, groupId = group) => `/i/${token}/capture-groups/${groupId}`;
  for (const end of kinds.flatMap((kind) => [`manifest?kind=${kind}`, `download?kind=${kind}`])) {
    const answer = await world.nobody.get(`${shared(made.body.token)}/${end}`);
    assert.equal(answer.headers.get('cache-control'), 'no-store');
    assert.ok(answer.bytes.equals((await world.ada.get(`${path}/${end}`)).bytes), end);
    const alias = await fetch(`${world.server.url}${shared(made.body.token).replace('/i/', '/e/')}/${end}`);
    assert.ok(Buffer.from(await alias.arrayBuffer()).equals(answer.bytes), 'also under the older address');
    refused(await world.nobody.get(`${shared('x')}/${end}`), 404, 'incident_token_invalid');
    refused(await world.nobody.get(`${shared(made.body.token, other.group)}/${end}`), 404, 'capture_group_not_found');
  }
  refused(await world.bob.get(`${path}/download`), 404, 'incident_not_found');
});

test('bundles of streams and of the incident are what they were: nothing of a variant is in them', async () => {
  const { incident, stream } = await recording();
  const own = await readZip(
    (await world.ada.get(`/v1/incidents/${incident}/streams/${stream('master')}/download`)).bytes,
  );
  assert.deepEqual(
    own.map(({ name }) => name),
    ['manifest.json', 'chunks/video_000001.enc'],
  );
  assert.deepEqual(Object.keys(JSON.parse(String(own[0]?.bytes))), [
    ...['incident_id', 'stream_id', 'media_type', 'status', 'encryption', 'created_at', 'completed_at', 'chunk_count'],
    ...['total_bytes', 'chunks'],
  ]);
  const whole = await readZip((await world.ada.get(`/v1/incidents/${incident}/download`)).bytes);
  assert.equal(whole.length, 3);
  const [summary] = JSON.parse(String(whole[0]?.bytes)).streams;
  const { chunks: _, ...rest } = JSON.parse(String(own[0]?.bytes));
  assert.deepEqual(summary, rest);
});

test('proofline verify says what is chosen, what stands in and what is missing, and finds a changed byte', async () => {
  const { path, group } = await recording();
  const answer = await world.ada.get(`${path}/download?kind=canonical`);
  const root = sha256Hex((await world.ada.get(`${path}/manifest?kind=canonical`)).bytes);
  const file = join(world.server.dataDir, 'group.zip');
  writeFileSync(file, answer.bytes);
  const good = await cli(['verify', file, '--root', root]);
  assert.equal(good.code, 0, good.stdout + good.stderr);
  for (const line of [
    `capture group  ${group}, canonical, chosen by policy 1`,
    `manifest SHA-256 ${root}`,
    '3 segments, chosen: 1 master, 1 sound alone, 1 live preview',
    'fallback, no master chosen:\n                2026-01-02T03:04:02.000Z to 2026-01-02T03:04:04.000Z\n',
    'master missing:',
    'nothing confirmed:\n                2026-01-02T03:04:04.000Z to 2026-01-02T03:04:06.000Z\n',
    '1 of 2 confirmed chunks are here',
  ])
    assert.ok(good.stdout.includes(line), `${line}\n\n${good.stdout}`);
  const other = await cli(['verify', file, '--root', root.replace(/^./, (digit) => (digit === '0' ? '1' : '0'))]);
  assert.deepEqual([other.code, /root_differs/.test(other.stdout)], [1, true]);
  const changed = Buffer.from(
    answer.bytes.toString('latin1').replace('"basis":"exact_segment"', '"basis":"superset"     '),
    'latin1',
  );
  writeFileSync(file, changed);
  const bad = await cli(['verify', file, '--json']);
  assert.equal(bad.code, 1);
  assert.deepEqual(JSON.parse(bad.stdout).ok, false);
  rmSync(file);
});
