import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lacks } from '../../../../test/support/needs.ts';
import type { MediaVariant } from '../../capture/variants.ts';
import type { FfmpegSpec } from '../ffmpeg.ts';
import { ffmpegVariants } from './ffmpeg-variants.ts';
import { readDescription } from './probe-input.ts';
import type { CapturePart, Timing } from './variant-source.ts';

const variants: readonly MediaVariant[] = ['live_preview', 'audio_priority', 'evidence_master'];
const spec: FfmpegSpec = {
  kind: 'ffmpeg',
  program: 'ffmpeg',
  from: 'test',
  segmentSeconds: 1,
  durationSeconds: 3.5,
  realtime: false,
  transcode: false,
  mediaType: 'video',
};
const past: Timing = { kind: 'past', startedAt: '2026-01-02T03:04:00.000Z', lengthMs: 3500 };

async function all(timing: Timing, staged: number, signal = new AbortController().signal): Promise<CapturePart[]> {
  const realtime = timing.kind === 'now';
  const source = ffmpegVariants({ ...spec, realtime }, { of: spec, variants, timing });
  const parts: CapturePart[] = [];
  for await (const part of source.parts({ staged: () => staged, notBeforeMs: 0, signal })) parts.push(part);
  return parts;
}
const places = (parts: readonly CapturePart[], variant: MediaVariant) =>
  parts
    .filter((part) => part.variant === variant)
    .map(({ sequence, startedAt, endedAt }) => `${sequence} ${startedAt.slice(17)} ${endedAt.slice(17)}`);

test('every variant is cut at the same moments, and the last one ends where the source did', async (t) => {
  if (lacks(t, 'ffmpeg')) return;
  const parts = await all(past, 0);
  for (const variant of variants)
    assert.deepEqual(places(parts, variant), [
      ...['1 00.000Z 01.000Z', '2 01.000Z 02.000Z', '3 02.000Z 03.000Z', '4 03.000Z 03.500Z'],
    ]);
  const size = (variant: MediaVariant) =>
    parts.filter((part) => part.variant === variant).reduce((sum, { bytes }) => sum + bytes.length, 0);
  assert.ok(size('audio_priority') < size('live_preview') && size('live_preview') < size('evidence_master') / 2);
});

test('what can be read again is read again, and what is staged is skipped', async (t) => {
  if (lacks(t, 'ffmpeg')) return;
  const parts = await all(past, 2);
  for (const variant of variants) assert.deepEqual(places(parts, variant), ['3 02.000Z 03.000Z', '4 03.000Z 03.500Z']);
});

test('what happens now goes on with the next number, and a stop brings the moment that was going on', async (t) => {
  if (lacks(t, 'ffmpeg')) return;
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 2500);
  const parts = await all({ kind: 'now' }, 1, stop.signal);
  const sequences = variants.map((variant) =>
    parts.filter((part) => part.variant === variant).map((part) => part.sequence),
  );
  assert.ok((sequences[0]?.length ?? 0) >= 2 && sequences[0]?.[0] === 2, JSON.stringify(sequences));
  assert.deepEqual(sequences[1], sequences[0], 'the sound is not shorter than the picture');
  assert.deepEqual(sequences[2], sequences[0]);
});

test("an input's description says what is in it, and how long", () => {
  const described = (...lines: readonly string[]) => readDescription(lines.join('\n'));
  const video = '  Stream #0:0[0x1](und): Video: h264 (High) (avc1 / 0x31637661), yuv420p, 320x240, 25 fps';
  const audio = '  Stream #0:1[0x2](und): Audio: aac (LC), 44100 Hz, mono, fltp, 69 kb/s';
  const cover = '  Stream #0:1: Video: mjpeg, yuvj420p, 600x600 (attached pic)';
  assert.deepEqual(described('  Duration: 01:02:03.50, start: 0.000000', video, audio), {
    video: true,
    audio: true,
    lengthMs: 3_723_500,
  });
  assert.deepEqual(described('  Duration: N/A, bitrate: N/A', video), {
    video: true,
    audio: false,
    lengthMs: undefined,
  });
  assert.deepEqual(described('  Duration: 00:00:05.00', audio, cover), { video: false, audio: true, lengthMs: 5000 });
  assert.deepEqual(described('x.mp4: No such file or directory'), { video: false, audio: false, lengthMs: undefined });
});
