import assert from 'node:assert/strict';
import { test } from 'node:test';
import { timestamp } from '#kit/time.ts';
import { SourceClock } from './source-clock.ts';

const range = (from: number, to: number) => ({ startedAt: timestamp(from), endedAt: timestamp(to) });
const now = (notBeforeMs = 0) => new SourceClock({ timing: { kind: 'now' }, segmentMs: 1000, notBeforeMs });

test('a segment ends where the next begins, and the last where the source ended', async () => {
  const clock = now();
  clock.begun(0, 5000);
  const first = clock.rangeOf(0);
  clock.begun(1, 6020);
  clock.begun(1, 6050);
  assert.deepEqual(await first, range(5000, 6000));
  clock.ended(6400);
  assert.deepEqual(await clock.rangeOf(1), range(6000, 6400));
});

test('a segment that hardly began still has a time, and a late end makes none longer', async () => {
  const clock = now();
  clock.begun(0, 5000);
  clock.begun(1, 6000);
  clock.ended(5990);
  assert.deepEqual(await clock.rangeOf(1), range(6000, 6001));
  const other = now();
  other.begun(0, 5000);
  other.ended(9000);
  assert.deepEqual(await other.rangeOf(0), range(5000, 6000));
});

test('a clock that was set back makes no second past', async () => {
  const clock = now(8000);
  clock.begun(0, 5000);
  clock.begun(1, 6000);
  assert.deepEqual(await clock.rangeOf(0), range(8000, 9000));
});

test('a machine that slept leaves a gap, and goes on where time is', async () => {
  const clock = now();
  clock.begun(0, 5000);
  clock.begun(1, 60_000);
  clock.begun(2, 61_000);
  assert.deepEqual(await clock.rangeOf(0), range(5000, 6000));
  assert.deepEqual(await clock.rangeOf(1), range(60_000, 61_000));
});

test('what happened in the past has its own time, however fast it is read', async () => {
  const timing = { kind: 'past', startedAt: timestamp(1000), lengthMs: 2500 } as const;
  const clock = new SourceClock({ timing, segmentMs: 1000, notBeforeMs: 0 });
  for (const number of [0, 1, 2]) clock.begun(number, 90_000 + number);
  clock.ended(90_010);
  assert.deepEqual(await Promise.all([0, 1, 2].map((number) => clock.rangeOf(number))), [
    range(1000, 2000),
    range(2000, 3000),
    range(3000, 3500),
  ]);
});
