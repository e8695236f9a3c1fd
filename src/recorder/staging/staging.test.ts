import assert from 'node:assert/strict';
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { readChunkHeader } from '#client/envelope/chunk-header.ts';
import { decryptChunk } from '#client/envelope/seal-chunk.ts';
import { RecorderError, type RecorderErrorCode } from '../recorder-error.ts';
import type { Segment } from '../sources/source.ts';
import { loadKey, loadOrCreateKey } from './key-on-disk.ts';
import type { RecordingState } from './recording-state.ts';
import { Staging } from './staging.ts';

let root: string;
let folder: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'proofline-staging-'));
  folder = join(root, 'state');
});
afterEach(() => rm(root, { recursive: true }));

const at = '2026-01-02T03:04:05.000Z';
const secretWords = 'the words nobody else may read';
const segment = (n: number): Segment => ({
  bytes: new TextEncoder().encode(`${secretWords} ${n}`),
  startedAt: at,
  endedAt: at,
  cursor: String(n),
});

async function create(change: Partial<RecordingState> = {}): Promise<Staging> {
  return Staging.create(folder, async () => {
    const { key } = await loadOrCreateKey(join(folder, 'key.json'));
    const ids = { provisional_incident_id: 'inc_provisional', provisional_stream_id: 'str_provisional' };
    const wishes = { checkin_ms: 0, wants_link: false, wants_close: false, complete_partial: false };
    const about = {
      version: '1',
      recording_id: 'rec_1',
      created_at: at,
      media_type: 'video',
      client_label: 'x',
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

const resume = () => Staging.resume(folder, (state) => loadKey(state.key_file));
const final = { incident_id: 'inc_1', stream_id: 'str_1' };

async function refusedAs(code: RecorderErrorCode, act: Promise<unknown>): Promise<void> {
  await assert.rejects(act, (error) => error instanceof RecorderError && error.code === code);
}

async function everyByte(): Promise<string> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const parts = await Promise.all(
    names.filter((entry) => entry.isFile()).map((entry) => readFile(join(entry.parentPath, entry.name), 'latin1')),
  );
  return parts.join('\n');
}

test('the folder, the key and the chunks are for their owner alone, and nothing in it is plaintext', async () => {
  const staging = await create();
  await staging.stage(segment(1));
  assert.equal((await stat(folder)).mode & 0o777, 0o700);
  for (const name of ['key.json', 'recording.json', 'journal.ndjson', 'chunks/000001.provisional.enc']) {
    assert.equal((await stat(join(folder, name))).mode & 0o777, 0o600, name);
  }
  assert.ok(!(await everyByte()).includes(secretWords));
  await staging.close();
});

test('what was staged is there after opening it again, with the same idempotency keys', async () => {
  const staging = await create(final);
  await staging.stage(segment(1));
  await staging.stage(segment(2));
  await staging.stream.markAccepted(1);
  const before = staging.chunks;
  await staging.close();
  const again = await resume();
  assert.deepEqual(again.chunks, before);
  assert.deepEqual([again.chunks[0]?.fate, again.chunks[1]?.fate, again.lastCursor], ['accepted', 'waiting', '2']);
  await again.close();
});

test('chunks staged before the ids are known are sealed again for their real place, once', async () => {
  const staging = await create();
  const first = await staging.stage(segment(1));
  await staging.update(final);
  const { chunk, bytes } = await staging.stream.bytesToUpload(1);
  assert.deepEqual([chunk.binding, chunk.idempotency_key], ['final', first.idempotency_key]);
  assert.notEqual(chunk.sha256_hex, first.sha256_hex);
  const place = { incidentId: 'inc_1', streamId: 'str_1', mediaType: 'video', chunkIndex: 1 } as const;
  assert.equal(new TextDecoder().decode(await decryptChunk(staging.key, place, bytes)), `${secretWords} 1`);
  assert.deepEqual(await readdir(join(folder, 'chunks')), ['000001.enc']);
  // From then on the bytes may not change: the server may have them already.
  assert.deepEqual((await staging.stream.bytesToUpload(1)).bytes, bytes);
  assert.equal((await staging.stage(segment(2))).binding, 'final');
  await staging.close();
  const again = await resume();
  assert.deepEqual((await again.stream.bytesToUpload(1)).bytes, bytes);
  assert.ok(!(await everyByte()).includes(secretWords));
  await again.close();
});

test('a journal line cut short by a crash never counted; the file it spoke of is removed and the number used again', async () => {
  const staging = await create(final);
  await staging.stage(segment(1));
  await staging.close();
  await writeFile(join(folder, 'chunks', '000002.enc'), 'from a stage that did not finish');
  await writeFile(join(folder, 'chunks', '000003.enc.tmp'), 'half');
  await appendFile(join(folder, 'journal.ndjson'), '{"event":"staged","index":2,"at":"2026');
  const again = await resume();
  assert.equal(again.chunks.length, 1);
  assert.deepEqual(await readdir(join(folder, 'chunks')), ['000001.enc']);
  assert.equal((await again.stage(segment(2))).index, 2);
  await again.close();
  const third = await resume();
  assert.equal(third.chunks.length, 2);
  await third.close();
});

test('wherever the journal is cut, what is left opens and goes on', async () => {
  const staging = await create();
  await staging.stage(segment(1));
  await staging.stage(segment(2));
  await staging.update(final);
  await staging.stream.bytesToUpload(1);
  await staging.stream.markAccepted(1);
  await staging.close();
  const whole = await readFile(join(folder, 'journal.ndjson'));
  for (let length = whole.length; length >= 0; length -= 41) {
    await writeFile(join(folder, 'journal.ndjson'), whole.subarray(0, length));
    const again = await resume();
    assert.deepEqual(
      again.chunks.map(({ index }) => index),
      again.chunks.map((_, position) => position + 1),
    );
    await again.close();
  }
});

test('a damaged journal or chunk is an error, never a guess', async () => {
  const staging = await create(final);
  await staging.stage(segment(1));
  const file = join(folder, 'chunks', '000001.enc');
  const bytes = await readFile(file);
  await writeFile(file, bytes.fill(0, 200, 210));
  await refusedAs('state_damaged', staging.stream.bytesToUpload(1));
  await staging.close();
  await writeFile(join(folder, 'journal.ndjson'), '{"event":"accepted","index":9,"at":"x"}\n');
  await refusedAs('state_damaged', resume());
  await writeFile(join(folder, 'journal.ndjson'), 'hello\n');
  await refusedAs('state_damaged', resume());
});

test('two recorders never share a folder, and a lock whose process is gone is taken over', async () => {
  const staging = await create();
  await staging.close();
  await writeFile(join(folder, 'lock'), '1\n');
  await refusedAs('state_in_use', resume());
  await writeFile(join(folder, 'lock'), '4194300\n');
  const again = await resume();
  await again.close();
  assert.ok(!(await readdir(folder)).includes('lock'));
});

test('a new recording does not begin where another is, nor an old one where none is', async () => {
  await (await create()).close();
  await refusedAs('state_exists', create());
  await mkdir(join(root, 'empty'));
  await refusedAs(
    'state_missing',
    Staging.resume(join(root, 'empty'), (state) => loadKey(state.key_file)),
  );
  await refusedAs(
    'usage',
    Staging.resume(folder, async () => (await loadOrCreateKey(join(root, 'other.json'))).key),
  );
});

test('changes of the state made at once are all kept', async () => {
  const staging = await create();
  await Promise.all([
    staging.update({ incident_id: 'inc_1' }),
    staging.update({ capture: 'ended' }),
    staging.update({ stream_id: 'str_1' }),
  ]);
  await staging.close();
  const again = await resume();
  const { state } = again;
  await again.close();
  assert.deepEqual([state.incident_id, state.stream_id, state.capture], ['inc_1', 'str_1', 'ended']);
});

test('a key file is never overwritten', async () => {
  const path = join(root, 'key.json');
  const first = await loadOrCreateKey(path);
  const second = await loadOrCreateKey(path);
  assert.deepEqual([first.created, second.created], [true, false]);
  assert.deepEqual(first.key, second.key);
  const sealed = await create();
  await sealed.stage(segment(1));
  const file = new Uint8Array(await readFile(join(folder, 'chunks', '000001.provisional.enc')));
  assert.equal(readChunkHeader(file).header.binding.incidentId, 'inc_provisional');
  await sealed.close();
});
