/** What a client says of its captures, and above all where they were made: in no log, no table, no file and no answer in the clear. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createKey } from '#client/envelope/key-file.ts';
import { encryptChunk } from '#client/envelope/seal-chunk.ts';
import { tableNames } from '../support/stored-rows.ts';
import { captureSession, sourceHeaders, variants } from './support/capture-session.ts';
import { bytesOf, sha256Hex, uploadParts } from './support/client.ts';
import { openWorld, type World } from './support/world.ts';

let world: World;
before(async () => {
  world = await openWorld('canary-captures', { SAFE_LOG_LEVEL: 'debug' });
});
after(() => world.close());

/** As the position of a phone is written, so that no number of the server's own can be taken for it. */
const place = '48.87654321,2.29448765';
/** Of the client: the server keeps and shows them, and must not log them. */
const words = {
  source: 'canary-source',
  clock: 'canary-clock',
  label: 'canary-capture-label',
  segment: 'canary-segment',
};

test('a place is sealed before it leaves, and no field takes one in the clear', async () => {
  const { ada } = world;
  const { group, incident, path, put, stream } = await captureSession(ada);
  const binding = { incidentId: incident, streamId: stream('place'), mediaType: 'location', chunkIndex: 1 } as const;
  const sealed = await encryptChunk(createKey(), binding, new TextEncoder().encode(`{"position":"${place}"}`));
  const range = { from: 0, to: 2, id: words.segment };
  assert.equal((await put('place', range, Buffer.from(sealed))).status, 201);
  assert.equal((await put('preview', { ...range, digest: sha256Hex(sealed) })).status, 201);
  assert.equal((await put('master', range)).status, 201);
  await ada.post(`/v1/incidents/${incident}/capture-groups`, {
    capture_source_id: words.source,
    source_clock_id: words.clock,
    label: words.label,
  });

  // Every field of the wire that could be mistaken for one of a place.
  const refusals = [
    await ada.post(`/v1/incidents/${incident}/capture-groups`, { capture_source_id: 'a', place }),
    await ada.post(`/v1/incidents/${incident}/capture-groups`, { capture_source_id: place }),
    await ada.post(`/v1/incidents/${incident}/capture-groups`, { capture_source_id: 'a', source_timeline_hash: place }),
    await ada.post(`/v1/incidents/${incident}/streams`, {
      ...variants.place,
      capture_stream_group_id: group,
      position: place,
    }),
    await ada.post(`/v1/incidents/${incident}/streams`, { ...variants.place, capture_stream_group_id: place }),
    await ada.put(incident, stream('place'), 2, bytesOf(9), { headers: sourceHeaders({ ...range, id: place }) }),
    await ada.put(incident, stream('place'), 2, bytesOf(9), {
      headers: sourceHeaders({ from: 2, to: 4, digest: place }),
    }),
    await ada.form(
      incident,
      uploadParts(bytesOf(9), { stream_id: stream('place'), media_type: 'location', source_segment_id: place }),
    ),
    await ada.form(
      incident,
      uploadParts(bytesOf(9), { stream_id: stream('place'), media_type: 'location', source_place: place }),
    ),
    await ada.post(`${path}/supersessions`, { place }),
    await ada.get(`${path}/manifest?kind=${place}`),
    await ada.get(`/v1/incidents/${incident}/capture-groups/${place}/resolution`),
  ];
  for (const { bytes, status } of refusals) {
    assert.ok(status >= 400 && status < 500, String(status));
    assert.ok(!bytes.includes(place), bytes.toString());
  }
  // A header that nobody knows is nobody's.
  await put('sound', { from: 2, to: 4 });
  await ada.put(incident, stream('sound'), 2, bytesOf(9), {
    headers: { ...sourceHeaders({ from: 4, to: 6 }), 'proofline-source-place': place, 'user-agent': place },
  });

  const link = await ada.post(`/v1/incidents/${incident}/incident-tokens`, {});
  const shared = `/i/${link.body.token}`;
  const answers = [
    ...(await Promise.all(
      [
        `/v1/incidents/${incident}`,
        `/v1/incidents/${incident}/streams`,
        `/v1/incidents/${incident}/chunks`,
        `/v1/incidents/${incident}/capture-groups`,
        path,
        `${path}/resolution`,
        `${path}/supersessions`,
        ...['completed', 'partial', 'canonical'].flatMap((kind) => [
          `${path}/manifest?kind=${kind}`,
          `${path}/download?kind=${kind}`,
        ]),
      ].map((url) => ada.get(url)),
    )),
    ...(await Promise.all(
      // Pages are in no contract.
      ['', '/data', `/capture-groups/${group}`, `/capture-groups/${group}/timeline`].map(async (end) => {
        const response = await fetch(`${world.server.url}${shared}${end}`);
        return { status: response.status, bytes: Buffer.from(await response.arrayBuffer()) };
      }),
    )),
  ];
  let resolved = false;
  for (const { bytes, status } of answers) {
    assert.equal(status, 200);
    assert.ok(!bytes.includes(place) && !bytes.includes('48.8765'), 'a place was answered');
    resolved ||= bytes.includes(words.segment);
  }
  assert.ok(resolved, 'the answers are of these captures');

  await nowhere(world);
});

async function nowhere({ rows, server }: World): Promise<void> {
  const log = server.log();
  assert.ok(log.split('\n').length > 20, 'there is a log');
  const metrics = await (await fetch(`${server.adminUrl}/metrics`)).text();
  for (const word of [...Object.values(words), place, '48.8765'])
    for (const text of [log, metrics]) assert.ok(!text.includes(word), `the log or the metrics have ${word}`);
  for (const file of readdirSync(server.dataDir, { recursive: true, withFileTypes: true }))
    if (file.isFile()) assert.ok(!readFileSync(join(file.parentPath, file.name)).includes('48.8765'), file.name);
  await rows(async (query) => {
    let kept = 0;
    for (const name of await tableNames(query)) {
      const text = JSON.stringify(await query(`SELECT * FROM "${name}"`));
      assert.ok(!text.includes('48.8765'), `table ${name} has a place`);
      if (Object.values(words).some((word) => text.includes(word))) kept += 1;
    }
    assert.ok(kept >= 3, 'the rows looked at are those of the captures');
  });
}
