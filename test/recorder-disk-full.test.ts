import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { timestamp } from '#kit/time.ts';
import type { MediaVariant } from '#recorder/capture/variants.ts';
import { RecorderError } from '#recorder/recorder-error.ts';
import { CaptureStaging } from '#recorder/staging/capture-staging.ts';
import { loadKey, loadOrCreateKey } from '#recorder/staging/key-on-disk.ts';
import { lacks } from './support/needs.ts';
import { openMountSpace } from './support/volume.ts';

const variants: readonly MediaVariant[] = ['live_preview', 'audio_priority', 'evidence_master'];
const sizes = { live_preview: 20_000, audio_priority: 4000, evidence_master: 160_000 };

async function newStaging(folder: string): Promise<CaptureStaging> {
  return CaptureStaging.create(folder, async () => {
    const { key } = await loadOrCreateKey(join(folder, 'key.json'));
    return {
      key,
      state: {
        version: '1',
        recording_id: 'rec_full',
        created_at: timestamp(0),
        client_label: 'Recording rec_full',
        key_file: join(folder, 'key.json'),
        key_id: key.keyId,
        provisional_incident_id: 'inc_provisional',
        source: '{}',
        capture: 'running',
        checkin_ms: 0,
        wants_link: false,
        wants_close: false,
        complete_partial: false,
        variants: variants.map((name) => ({
          name,
          media_type: name === 'audio_priority' ? 'audio' : 'video',
          provisional_stream_id: `str_provisional_${name}`,
          delivery: 'open',
        })),
      },
    };
  });
}

/** Stages moments until nothing more can go. Returns how many were staged whole or in part. */
async function fill(staging: CaptureStaging): Promise<number> {
  for (let sequence = 1; ; sequence++)
    for (const variant of variants) {
      const range = { startedAt: timestamp(sequence * 1000), endedAt: timestamp(sequence * 1000 + 1000) };
      try {
        await staging.stage(variant, { bytes: new Uint8Array(sizes[variant]).fill(sequence), sequence, ...range });
      } catch (error) {
        assert.ok(error instanceof RecorderError && error.code === 'disk_full', String(error));
        return sequence - 1;
      }
    }
}

function staysOf(staging: CaptureStaging, moments: number): void {
  for (let sequence = 1; sequence <= moments; sequence++)
    assert.equal(staging.stream('live_preview').ofSequence(sequence)?.fate, 'waiting', `moment ${sequence}`);
}

for (const [what, options, spareBytes] of [
  ['bytes', 'size=3m', 256 * 1024],
  // Refused by the filesystem itself, while there are bytes enough.
  ['names', 'size=64m,nr_inodes=45', 0],
] as const)
  test(`on a disk without ${what} left, full quality goes first and the picture of every moment stays`, async (t) => {
    if (lacks(t, 'root', 'unshare', 'mount', 'perl')) return;
    const space = await openMountSpace();
    try {
      const folder = join(space.seen(await space.tmpfs('full', options)), 'state');
      const staging = await newStaging(folder);
      staging.spareBytes = spareBytes;
      const moments = await fill(staging);
      assert.ok(moments >= 10, `${moments} moments`);
      staysOf(staging, moments);
      const dropped = staging.stream('evidence_master').chunks.filter(({ fate }) => fate === 'dropped').length;
      assert.ok(dropped >= moments - 1, `${dropped} masters of ${moments} given up`);
      await staging.close();

      const again = await CaptureStaging.resume(folder, (state) => loadKey(state.key_file));
      staysOf(again, moments);
      for (const variant of variants) {
        const waiting = again.stream(variant).chunks.filter(({ fate }) => fate === 'waiting').length;
        assert.equal(readdirSync(join(folder, variant, 'chunks')).length, waiting);
      }
      // What is delivered makes room.
      for (const { index, fate } of again.stream('live_preview').chunks.slice(0, 5)) {
        if (fate !== 'waiting') continue;
        await again.stream('live_preview').markAccepted(index);
        await again.stream('live_preview').removeFile(index);
      }
      again.spareBytes = spareBytes;
      const range = { startedAt: timestamp(900_000), endedAt: timestamp(901_000) };
      const next = await again.stage('live_preview', { bytes: new Uint8Array(20_000), sequence: 900, ...range });
      assert.equal(next.fate, 'waiting');
      await again.close();
    } finally {
      await space.close();
    }
  });
