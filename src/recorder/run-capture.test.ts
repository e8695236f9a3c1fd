import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { timestamp } from '#kit/time.ts';
import type { RecorderEvent } from './recorder-event.ts';
import { runCapture } from './run-capture.ts';
import type { CapturePart, VariantSource } from './sources/variants/variant-source.ts';
import { CaptureStaging } from './staging/capture-staging.ts';
import { loadKey, loadOrCreateKey } from './staging/key-on-disk.ts';

let root: string;
let events: RecorderEvent[];
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'proofline-capture-'));
  events = [];
});
afterEach(() => rm(root, { recursive: true }));

const folder = () => join(root, 'state');
const names = ['live_preview', 'audio_priority', 'evidence_master'] as const;
const sizes = { live_preview: 2000, audio_priority: 500, evidence_master: 10_000 };

async function newStaging(maxStaging?: number): Promise<CaptureStaging> {
  return CaptureStaging.create(folder(), async () => {
    const { key } = await loadOrCreateKey(join(folder(), 'key.json'));
    return {
      key,
      state: {
        version: '1',
        recording_id: 'rec_1',
        created_at: '2026-01-02T03:04:05.000Z',
        client_label: 'Recording rec_1',
        key_file: join(folder(), 'key.json'),
        key_id: key.keyId,
        provisional_incident_id: 'inc_provisional',
        source: '{}',
        capture: 'running',
        checkin_ms: 0,
        wants_link: false,
        wants_close: false,
        complete_partial: false,
        ...(maxStaging === undefined ? {} : { max_staging: maxStaging }),
        variants: names.map((name) => ({
          name,
          media_type: name === 'audio_priority' ? 'audio' : 'video',
          provisional_stream_id: `str_provisional_${name}`,
          delivery: 'open',
        })),
      },
    };
  });
}

/** `count` moments of a second each. */
function source(count: number, live: boolean): VariantSource {
  return {
    live,
    async *parts({ staged }) {
      for (let sequence = 1; sequence <= count; sequence++)
        for (const variant of names) {
          if (sequence <= staged(variant)) continue;
          const range = { startedAt: timestamp(sequence * 1000), endedAt: timestamp(sequence * 1000 + 1000) };
          yield { variant, sequence, ...range, bytes: new Uint8Array(sizes[variant]) } satisfies CapturePart;
        }
    },
  };
}

function run(staging: CaptureStaging, from: VariantSource) {
  const never = new AbortController().signal;
  return runCapture(
    {
      staging,
      source: from,
      context: undefined,
      session: undefined,
      report: (event) => void events.push(event),
      checkinFacts: async () => ({}),
      stopCapture: never,
      stopAll: never,
    },
    { inFlight: 3, resumed: false, lateMs: 1000 },
  );
}

const fates = (staging: CaptureStaging, variant: (typeof names)[number]) =>
  staging.stream(variant).chunks.map(({ fate }) => fate);

test('what happens now and finds no room is lost, which is said, and the capture goes on', async () => {
  // Room for the previews and sound of three moments, with what sealing adds.
  const staging = await newStaging(3 * 3700);
  assert.equal((await run(staging, source(5, true))).status, 'staged');
  assert.equal(staging.state.capture, 'ended');
  const lost = events.filter((event) => event.event === 'lost');
  assert.ok(lost.length > 0 && lost.every(({ sequence }) => sequence > 2), JSON.stringify(events));
  assert.ok(fates(staging, 'evidence_master').every((fate) => fate === 'dropped'));
  for (const sequence of [1, 2]) assert.equal(staging.stream('live_preview').ofSequence(sequence)?.fate, 'waiting');
  await staging.close();
});

test('what can be read again ends with a word where nothing is delivered that would make room', async () => {
  const staging = await newStaging(3 * 3700);
  assert.equal((await run(staging, source(9, false))).status, 'staged');
  assert.equal(staging.state.capture, 'failed');
  assert.match(staging.state.capture_error ?? '', /no room left/);
  await staging.close();
});

test('what was given up stays so after a kill, its file gone and its number taken', async () => {
  const staging = await newStaging(3 * 3700);
  await run(staging, source(2, true));
  const before = names.map((name) => fates(staging, name));
  await staging.close();
  const again = await CaptureStaging.resume(folder(), (state) => loadKey(state.key_file));
  assert.deepEqual(
    names.map((name) => fates(again, name)),
    before,
  );
  assert.deepEqual(await readdir(join(folder(), 'evidence_master', 'chunks')), []);
  assert.equal((await again.stream('evidence_master').stage(anotherPiece())).index, 3);
  await again.close();
});

function anotherPiece() {
  return { bytes: new Uint8Array(10), startedAt: timestamp(9000), endedAt: timestamp(9500), sequence: 9 };
}
