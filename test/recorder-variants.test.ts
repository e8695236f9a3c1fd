import assert from 'node:assert/strict';
import {
  appendFileSync,
  createWriteStream,
  existsSync,
  globSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { after, before, test } from 'node:test';
import { type Chunk, decryptChunk, ProoflineApi, type Stream } from '#client/index.ts';
import type { MediaVariant } from '#recorder/capture/variants.ts';
import { seededRandom } from '#recorder/network/random.ts';
import type { RecorderEvent } from '#recorder/recorder-event.ts';
import { generatedPart } from '#recorder/sources/variants/generated-variants.ts';
import { loadKey } from '#recorder/staging/key-on-disk.ts';
import { startRecorder } from './support/recorder.ts';
import { adminPassword, cli, createAccount, scratchFolder, startServer, type TestServer } from './support/server.ts';
import { chunkName, storedBlobs } from './support/stored-blobs.ts';

const folder = scratchFolder('variants');
const dataDir = join(folder.path, 'data');
const env = { PROOFLINE_PASSWORD: adminPassword };
let server: TestServer;
before(async () => {
  // Without an administrator a server refuses everything.
  await createAccount(dataDir, 'grace', 'admin');
  await createAccount(dataDir, 'ada', 'user');
  server = await startServer({ dataDir });
});
after(async () => {
  await server.stop();
  folder.remove();
});

const media: readonly MediaVariant[] = ['live_preview', 'audio_priority', 'evidence_master'];
const signIn = () => ['--username', 'ada', '--server', server.url];
/** What no place but a sealed chunk may hold. */
const canary = '48.7654321';

interface Delivered {
  incidentId: string;
  groupId: string;
  streams: ReadonlyMap<string, Stream>;
  chunks: readonly Chunk[];
}

async function openApi(): Promise<ProoflineApi> {
  const api = new ProoflineApi({ baseUrl: server.url });
  await api.login('ada', adminPassword);
  return api;
}

async function delivered(api: ProoflineApi, label: string): Promise<Delivered> {
  const { incidents } = await api.incidents({ limit: 100 });
  const found = incidents.filter(({ client_label = '' }) => client_label.startsWith(`${label} (`));
  assert.equal(found.length, 1, 'kills and lost answers made no second incident');
  const incidentId = found[0]?.id ?? '';
  const { streams, chunks } = await api.incident(incidentId);
  const { capture_groups } = await api.captureGroups(incidentId);
  assert.equal(capture_groups.length, 1);
  const byRole = new Map(streams.map((stream) => [String(stream.variant_role), stream]));
  assert.equal(byRole.size, streams.length, 'each variant has one stream');
  return { incidentId, groupId: capture_groups[0]?.id ?? '', streams: byRole, chunks };
}

/** The plaintext of every chunk of a variant on the server, by index. */
async function opened(state: string, { incidentId, streams, chunks }: Delivered, variant: string) {
  const stream = streams.get(variant);
  assert.ok(stream, `no ${variant}`);
  const key = await loadKey(join(state, 'key.json'));
  const { id: streamId, media_type: mediaType } = stream;
  const found = new Map<number, Uint8Array>();
  for (const { stream_id, chunk_index: chunkIndex } of chunks) {
    if (stream_id !== streamId) continue;
    const bytes = await storedBlobs(dataDir).read(chunkName(incidentId, streamId, chunkIndex, mediaType));
    assert.ok(bytes);
    const place = { incidentId, streamId, mediaType, chunkIndex };
    found.set(chunkIndex, await decryptChunk(key, place, new Uint8Array(bytes)));
  }
  return found;
}

function nowhere(text: string, ...folders: readonly string[]): void {
  for (const root of folders)
    for (const path of globSync('**/*', { cwd: root })) {
      assert.ok(!path.includes(text), path);
      const whole = join(root, path);
      if (statSync(whole).isFile()) assert.ok(!readFileSync(whole).includes(text), whole);
    }
}

/** Records `label` with a recorder that is killed at moments drawn from `seed`, and a server that is killed once. */
async function recordAndKill(label: string, seed: number, spec: { segments: number; segmentBytes: number }) {
  const random = seededRandom(seed);
  const state = join(folder.path, `state-${label}`);
  const places = join(folder.path, `places-${label}.jsonl`);
  writeFileSync(places, '');
  let told = 0;
  const gps = setInterval(() => appendFileSync(places, `${JSON.stringify({ lat: canary, n: ++told })}\n`), 40);
  const source = ['--generate', `${spec.segments}x${spec.segmentBytes}`, '--every', '120ms', '--variants'];
  const begin = [...source, '--context', places, '--state', state, '--label', label, ...signIn()];
  const events: RecorderEvent[] = [];
  let kills = 0;
  const address = { SAFE_MAIN_BIND_ADDRS: new URL(server.url).host };
  try {
    for (let run = 0; ; run++) {
      const begun = existsSync(join(state, 'recording.json'));
      const recorder = startRecorder([...(begun ? ['--resume', state] : begin), '--net-fail', '10%'], env);
      const patience = run < 4 ? setTimeout(() => recorder.process.kill('SIGKILL'), 900 + random() * 1200) : undefined;
      if (run === 2) {
        await server.kill();
        server = await startServer({ dataDir, env: address });
      }
      const code = await recorder.ended;
      clearTimeout(patience);
      events.push(...recorder.events);
      assert.ok(!(JSON.stringify(recorder.events) + recorder.stderr()).includes(canary), 'a place was told');
      if (code === null) kills += 1;
      else {
        assert.equal(code, 0, recorder.stderr() + JSON.stringify(recorder.events.slice(-3)));
        return { state, events, kills };
      }
    }
  } finally {
    clearInterval(gps);
  }
}

test('killed at any moment, recorder and server, every variant of every moment is there once and right', {
  timeout: 120_000,
}, async (t) => {
  const spec = { segments: 24, segmentBytes: 30_000 };
  let [kills, acknowledged] = [0, 0];
  const seeds = [1];
  for (const seed of seeds) {
    const label = `walk-${seed}`;
    const { state, events, kills: died } = await recordAndKill(label, seed, spec);
    kills += died;
    const api = await openApi();
    const there = await delivered(api, label);
    for (const variant of media) {
      const chunks = await opened(state, there, variant);
      assert.equal(there.streams.get(variant)?.status, 'complete');
      assert.equal(chunks.size, spec.segments);
      for (const [index, bytes] of chunks)
        assert.deepEqual(bytes, generatedPart({ kind: 'generated', everyMs: 0, seed: 1, ...spec }, variant, index));
    }
    // Every line of context once, in order, however often the recorder was killed.
    const lines = [...(await opened(state, there, 'location_context')).entries()]
      .sort(([a], [b]) => a - b)
      .flatMap(([, bytes]) => Buffer.from(bytes).toString().trim().split('\n'))
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      lines.map(({ n }) => n),
      lines.map((_, position) => position + 1),
    );
    assert.ok(lines.length > spec.segments && lines.every(({ lat }) => lat === canary));
    for (const event of events) {
      if (event.event !== 'accepted') continue;
      acknowledged += 1;
      const stream = there.streams.get(event.variant ?? '')?.id;
      assert.ok(there.chunks.some(({ stream_id, chunk_index }) => stream_id === stream && chunk_index === event.index));
    }
    const resolution = await api.resolution(there.incidentId, there.groupId);
    assert.deepEqual([resolution.segments.length, resolution.overlaps, resolution.conflicts], [spec.segments, [], []]);
    assert.ok(resolution.segments.every(({ chosen }) => chosen.variant_role === 'evidence_master'));
    assert.ok(resolution.segments.every(({ master }) => master === 'present'));
    assert.deepEqual(
      resolution.segments
        .filter(({ context }) => context !== 'present')
        .map((segment) => [segment.source_sequence, segment.context]),
      [],
    );
    for (const variant of [...media, 'location_context'])
      assert.deepEqual(await readdir(join(state, variant, 'chunks')), [], 'what is acknowledged needs no room here');
    nowhere(canary, state, dataDir);
  }
  assert.ok(!server.log().includes(canary));
  assert.ok(kills >= 2 * seeds.length, `the kills came too late to test anything: ${kills}`);
  t.diagnostic(
    `${kills} kills, ${seeds.length * spec.segments} moments in 3 variants, ${acknowledged} acknowledgements, 0 lost, 0 twice`,
  );
});

test('when it never comes back, the server shows what it has: previews where no master came', async () => {
  const state = join(folder.path, 'state-lost');
  const source = ['--generate', '12x400KB', '--every', '150ms', '--variants', '--net-rate', '600KB'];
  const recorder = startRecorder([...source, '--state', state, '--label', 'lost', ...signIn()], env);
  const count = (variant: string) =>
    recorder.events.filter((event) => event.event === 'accepted' && event.variant === variant).length;
  while (count('live_preview') < 12)
    await recorder.accepted(recorder.events.length === 0 ? 1 : acceptedOf(recorder.events) + 1);
  await recorder.kill();
  const masters = count('evidence_master');
  const api = await openApi();
  const { incidentId, groupId } = await delivered(api, 'lost');
  const { segments, gaps } = await api.resolution(incidentId, groupId);
  assert.deepEqual([segments.length, gaps], [12, []], 'every moment is confirmed, by its preview at least');
  const present = segments.filter(({ master }) => master === 'present').length;
  assert.ok(present >= masters && present < 12, `${present} of 12 masters, ${masters} acknowledged`);
  for (const { chosen, master } of segments)
    assert.equal(chosen.variant_role, master === 'present' ? 'evidence_master' : 'live_preview');
  const bundle = join(folder.path, 'lost.zip');
  const { body } = await api.downloadGroupBundle(incidentId, groupId, 'partial');
  assert.ok(body);
  await pipeline(Readable.fromWeb(body), createWriteStream(bundle));
  const verified = await cli(['verify', bundle, '--key-file', join(state, 'key.json')]);
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);
  const resumed = startRecorder(['--resume', state], env);
  assert.equal(await resumed.ended, 0, resumed.stderr());
  const later = await api.resolution(incidentId, groupId);
  assert.ok(later.segments.every(({ chosen }) => chosen.variant_role === 'evidence_master'));
});

const acceptedOf = (events: readonly RecorderEvent[]) => events.filter(({ event }) => event === 'accepted').length;

test('where room ends full quality goes first, no moment loses its evidence, and it is said', async () => {
  const state = join(folder.path, 'state-full');
  const source = ['--generate', '10x80KB', '--every', '0ms', '--variants', '--max-staging', '300KB'];
  const recorder = startRecorder([...source, '--stage-only', '--state', state, '--label', 'full', ...signIn()], env);
  assert.equal(await recorder.ended, 0, recorder.stderr());
  const dropped = recorder.events.filter(({ event }) => event === 'dropped').length;
  assert.ok(dropped > 0);
  const staged = globSync('*/chunks/*', { cwd: state }).reduce(
    (sum, path) => sum + statSync(join(state, path)).size,
    0,
  );
  assert.ok(staged <= 300_000, `${staged} bytes`);
  const deliver = startRecorder(['--resume', state], env);
  assert.equal(await deliver.ended, 1, 'a stream is not whole');
  const api = await openApi();
  const { incidentId, groupId, streams } = await delivered(api, 'full');
  const { segments } = await api.resolution(incidentId, groupId);
  assert.equal(segments.length, 10);
  const missing = segments.filter(({ master }) => master === 'missing').length;
  assert.ok(missing > 0 && missing <= dropped);
  const master = streams.get('evidence_master');
  assert.equal(master?.status, 'failed');
  assert.match(master?.failure_reason ?? '', /of 10 chunks were given up/);
  assert.equal(streams.get('live_preview')?.status, 'complete');
});

test('what the server never takes fails its own stream, and the others are whole', async () => {
  const address = { SAFE_MAIN_BIND_ADDRS: new URL(server.url).host };
  await server.stop();
  server = await startServer({ dataDir, env: { ...address, SAFE_MAX_UPLOAD_BYTES: '50000' } });
  const state = join(folder.path, 'state-refused');
  const source = ['--generate', '4x80KB', '--every', '0ms', '--variants'];
  const recorder = startRecorder([...source, '--state', state, '--label', 'refused', ...signIn()], env);
  assert.equal(await recorder.ended, 1, recorder.stderr());
  assert.equal(recorder.events.filter(({ event }) => event === 'blocked').length, 1, 'said once, not for each chunk');
  const api = await openApi();
  const { incidentId, groupId, streams } = await delivered(api, 'refused');
  assert.deepEqual(
    media.map((variant) => streams.get(variant)?.status),
    ['complete', 'complete', 'failed'],
  );
  const { segments } = await api.resolution(incidentId, groupId);
  assert.ok(segments.length === 4 && segments.every(({ chosen }) => chosen.variant_role === 'live_preview'));
  assert.equal((await readdir(join(state, 'evidence_master', 'chunks'))).length, 4, 'what was refused is kept');
  const again = startRecorder(['--resume', state], env);
  assert.equal(await again.ended, 1);
});
