import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { ProoflineApi } from '#client/api/api.ts';
import { decryptChunk } from '#client/envelope/seal-chunk.ts';
import { type DoubleStream, type EvidenceDouble, startEvidenceDouble } from '../../test/support/evidence-double.ts';
import { serverSession } from './delivery/server-session.ts';
import { poorNetwork } from './network/poor-network.ts';
import { RecorderError } from './recorder-error.ts';
import type { RecorderEvent } from './recorder-event.ts';
import { type RecordingDeps, runRecording } from './run-recording.ts';
import { generatedBytes, generatedSource } from './sources/generated.ts';
import type { Source } from './sources/source.ts';
import { loadKey, loadOrCreateKey } from './staging/key-on-disk.ts';
import type { RecordingState } from './staging/recording-state.ts';
import { Staging } from './staging/staging.ts';

let double: EvidenceDouble;
let root: string;
let events: RecorderEvent[];
beforeEach(async () => {
  double = await startEvidenceDouble();
  root = await mkdtemp(join(tmpdir(), 'proofline-record-'));
  events = [];
});
afterEach(async () => {
  await double.close();
  await rm(root, { recursive: true });
});

const at = '2026-01-02T03:04:05.000Z';
const credentials = { username: 'ada', password: 'correct horse battery' };
const pace = { baseMs: 2, maxMs: 10 };
const segments = 6;

async function newStaging(change: Partial<RecordingState> = {}): Promise<Staging> {
  const folder = join(root, 'state');
  return Staging.create(folder, async () => {
    const { key } = await loadOrCreateKey(join(folder, 'key.json'));
    const ids = { provisional_incident_id: 'inc_provisional', provisional_stream_id: 'str_provisional' };
    const wishes = { checkin_ms: 0, wants_link: false, wants_close: false, complete_partial: false };
    const about = {
      version: '1',
      recording_id: 'rec_1',
      created_at: at,
      media_type: 'video',
      client_label: 'Recording rec_1',
    } as const;
    return {
      key,
      state: {
        ...about,
        ...ids,
        ...wishes,
        key_file: join(folder, 'key.json'),
        key_id: key.keyId,
        source: '{}',
        capture: 'running',
        delivery: 'open',
        ...change,
      },
    };
  });
}

const again = () => Staging.resume(join(root, 'state'), (state) => loadKey(state.key_file));
const source = (everyMs = 0) => generatedSource({ kind: 'generated', segments, segmentBytes: 2000, everyMs, seed: 5 });
const expected = () =>
  Buffer.concat(Array.from({ length: segments }, (_, position) => generatedBytes(5, position + 1, 2000)));

function depsFor(staging: Staging, change: Partial<RecordingDeps> = {}): RecordingDeps {
  const report = (event: RecorderEvent) => void events.push(event);
  const session = serverSession(new ProoflineApi({ baseUrl: double.url, timeoutMs: 2000 }), credentials, report, pace);
  const never = new AbortController().signal;
  return {
    staging,
    source: source(),
    session,
    report,
    checkinFacts: async () => ({ device_battery_percent: 50 }),
    stopCapture: never,
    stopAll: never,
    ...change,
  };
}

const run = (deps: RecordingDeps, resumed = false) => runRecording(deps, { inFlight: 3, resumed, backoff: pace });
const names = () => events.map(({ event }) => event);

function onlyStream(): DoubleStream {
  assert.equal(double.streams.size, 1);
  const [stream] = double.streams.values();
  assert.ok(stream);
  return stream;
}

async function plaintextOnServer(staging: Staging): Promise<Buffer> {
  const stream = onlyStream();
  const parts: Uint8Array[] = [];
  for (const [chunkIndex, chunk] of [...stream.chunks].sort(([a], [b]) => a - b)) {
    const place = { incidentId: stream.incidentId, streamId: stream.id, mediaType: 'video', chunkIndex } as const;
    parts.push(await decryptChunk(staging.key, place, new Uint8Array(chunk.bytes)));
  }
  return Buffer.concat(parts);
}

test('records, delivers, completes, links and closes; what is on the server decrypts to what was captured', async () => {
  const staging = await newStaging({ wants_link: true, wants_close: true, checkin_ms: 10 });
  const outcome = await run(depsFor(staging, { source: source(15) }));
  assert.equal(outcome.status, 'delivered');
  assert.equal(onlyStream().status, 'complete');
  assert.deepEqual(await plaintextOnServer(staging), expected());
  assert.deepEqual(names().filter((name) => name === 'accepted').length, segments);
  assert.deepEqual(names().slice(-3), ['completed', 'viewer_link', 'closed']);
  const [incident] = double.incidents.values();
  assert.ok(incident?.status === 'closed' && incident.checkins.length > 1);
  assert.deepEqual(
    await readdir(join(staging.folder, 'chunks')),
    [],
    'what is complete on the server needs no room here',
  );
  await staging.close();
});

test('while the network is down everything is captured; when it is back everything is delivered', async () => {
  const staging = await newStaging();
  const session = serverSession(
    new ProoflineApi({
      baseUrl: double.url,
      fetch: poorNetwork({ offline: [[0, 800]], failureRate: 0.3, seed: 4, bytesPerSecond: 500_000 }),
    }),
    credentials,
    (event) => void events.push(event),
    pace,
  );
  assert.equal((await run(depsFor(staging, { session }))).status, 'delivered');
  assert.ok(names().indexOf('capture_ended') < names().indexOf('connected'), 'capture does not wait for the network');
  assert.deepEqual(await plaintextOnServer(staging), expected());
  assert.equal(double.incidents.size, 1);
  await staging.close();
});

test('recorded without any network, and delivered later', async () => {
  const staging = await newStaging();
  assert.equal((await run(depsFor(staging, { session: undefined }))).status, 'staged');
  assert.equal(double.seen.length, 0);
  await staging.close();
  const later = await again();
  assert.equal((await run(depsFor(later), true)).status, 'delivered');
  assert.deepEqual(await plaintextOnServer(later), expected());
  await later.close();
});

test('an incident and a stream created by a lost answer are found again, not created twice', async () => {
  const staging = await newStaging();
  double.fault = ({ method, path }) => {
    const creates = double.seen.filter((request) => request.method === 'POST' && request.path === path).length;
    return method === 'POST' && /(\/v1\/incidents|\/streams)$/.test(path) && creates === 1
      ? { kind: 'lost' }
      : undefined;
  };
  assert.equal((await run(depsFor(staging))).status, 'delivered');
  assert.equal(double.incidents.size, 1);
  assert.equal(double.streams.size, 1);
  await staging.close();
});

test('a lost answer to completing or closing is no failure', async () => {
  const staging = await newStaging({ wants_close: true });
  double.fault = ({ path }) => {
    const tries = double.seen.filter((request) => request.path === path).length;
    return /\/(complete|close)$/.test(path) && tries === 1 ? { kind: 'lost' } : undefined;
  };
  assert.equal((await run(depsFor(staging))).status, 'delivered');
  assert.equal(onlyStream().status, 'complete');
  await staging.close();
});

test('a capture that breaks off fails the stream with the reason, and its chunks stay; or completes it when told to', async () => {
  const breaking: Source = {
    async *segments(options) {
      let count = 0;
      for await (const segment of source().segments(options)) {
        if (++count > 3) throw new RecorderError('ffmpeg_failed', 'the camera was unplugged');
        yield segment;
      }
    },
  };
  const staging = await newStaging();
  const outcome = await run(depsFor(staging, { source: breaking }));
  assert.deepEqual(outcome, { status: 'failed', reason: 'the camera was unplugged' });
  assert.deepEqual([onlyStream().status, onlyStream().chunks.size], ['failed', 3]);
  assert.doesNotMatch(onlyStream().reason ?? '', /camera/, 'what the machine says stays on the machine');
  await staging.close();
  await rm(join(root, 'state'), { recursive: true });
  double.streams.clear();
  const partial = await newStaging({ complete_partial: true });
  assert.equal((await run(depsFor(partial, { source: breaking }))).status, 'delivered');
  assert.deepEqual([onlyStream().status, onlyStream().chunks.size], ['complete', 3]);
  await partial.close();
});

test('a refusal of the account stops the delivery, keeps everything, and a resume goes on', async () => {
  const staging = await newStaging();
  let puts = 0;
  double.fault = ({ method }) =>
    method === 'PUT' && ++puts > 2 ? { kind: 'before', status: 413, code: 'quota_exceeded' } : undefined;
  const outcome = await run(depsFor(staging));
  assert.ok(
    outcome.status === 'blocked' && outcome.blocked.code === 'quota_exceeded' && outcome.blocked.about === 'account',
  );
  assert.equal(staging.chunks.length, segments, 'the capture went on');
  assert.equal(onlyStream().status, 'open');
  await staging.close();
  double.fault = () => undefined;
  const later = await again();
  assert.equal((await run(depsFor(later), true)).status, 'delivered');
  assert.deepEqual(await plaintextOnServer(later), expected());
  await later.close();
});

test('a chunk that can never be accepted fails the stream', async () => {
  const staging = await newStaging();
  double.fault = ({ method, path }) =>
    method === 'PUT' && path.endsWith('/3') ? { kind: 'before', status: 413, code: 'upload_too_large' } : undefined;
  const outcome = await run(depsFor(staging));
  assert.ok(outcome.status === 'blocked' && outcome.blocked.about === 'chunk');
  assert.equal(onlyStream().status, 'failed');
  assert.match(onlyStream().reason ?? '', /Chunk 3 was refused: upload_too_large/);
  await staging.close();
});

test('a wrong password stops nothing but the delivery', async () => {
  const staging = await newStaging();
  const session = serverSession(
    new ProoflineApi({ baseUrl: double.url }),
    { username: 'ada', password: 'wrong' },
    () => undefined,
    pace,
  );
  const outcome = await run(depsFor(staging, { session }));
  assert.ok(outcome.status === 'blocked' && outcome.blocked.code === 'invalid_credentials');
  assert.equal(staging.chunks.length, segments);
  await staging.close();
});

test('a session that runs out meanwhile is renewed, once for all lanes', async () => {
  const staging = await newStaging();
  let puts = 0;
  double.fault = ({ method }) => {
    if (method === 'PUT' && ++puts === 3) double.tokens.clear();
    return undefined;
  };
  assert.equal((await run(depsFor(staging))).status, 'delivered');
  const logins = double.seen.filter(({ path }) => path === '/v1/auth/login').length;
  assert.ok(logins >= 2 && logins <= 3, String(logins));
  await staging.close();
});

test('the first stop ends the capture and delivers; the second leaves the rest for later', async () => {
  const staging = await newStaging();
  const capture = new AbortController();
  setTimeout(() => capture.abort(), 120);
  const gently = await run(depsFor(staging, { source: source(40), stopCapture: capture.signal }));
  assert.equal(gently.status, 'delivered');
  assert.ok(staging.chunks.length > 0 && staging.chunks.length < segments);
  await staging.close();
  await rm(join(root, 'state'), { recursive: true });
  double.streams.clear();
  const second = await newStaging();
  const stop = new AbortController();
  double.fault = ({ method }) => (method === 'PUT' ? { kind: 'stall' } : undefined);
  setTimeout(() => stop.abort(), 150);
  assert.equal((await run(depsFor(second, { source: source(40), stopAll: stop.signal }))).status, 'stopped');
  await second.close();
  double.fault = () => undefined;
  const later = await again();
  assert.equal(later.state.capture, 'running');
  assert.equal((await run(depsFor(later), true)).status, 'delivered');
  assert.deepEqual(await plaintextOnServer(later), expected());
  await later.close();
});

test('nothing recorded: the stream says so', async () => {
  const staging = await newStaging();
  const outcome = await run(
    depsFor(staging, {
      source: generatedSource({ kind: 'generated', segments: 0, segmentBytes: 1, everyMs: 0, seed: 1 }),
    }),
  );
  assert.equal(outcome.status, 'failed');
  assert.equal(onlyStream().status, 'failed');
  await staging.close();
});
