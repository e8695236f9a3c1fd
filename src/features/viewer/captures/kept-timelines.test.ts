import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeptTimelines } from './kept-timelines.ts';
import { timelineOf } from './timeline-data.ts';

function setUp() {
  const state = { now: 0, made: 0, takes: 50 };
  const kept = new KeptTimelines(() => state.now);
  const ask = (revision: number, group = 'cgr_1') =>
    kept.of(group, revision, async () => {
      state.made += 1;
      state.now += state.takes;
      return { ...timelineOf(group, []), chunk_count: revision };
    });
  return { state, ask, kept };
}

test('a timeline is made once for all who look, and again when there is more', async () => {
  const { state, ask } = setUp();
  const all = await Promise.all([ask(1), ask(1), ask(1)]);
  assert.deepEqual([all.map((one) => one.chunk_count), state.made], [[1, 1, 1], 1]);
  state.now += 10_000;
  assert.equal((await ask(1)).chunk_count, 1);
  assert.equal((await ask(2)).chunk_count, 2);
  assert.equal(state.made, 2);
});

test('while it changes all the time, a tenth of the time at most is spent on it', async () => {
  const { state, ask } = setUp();
  for (let revision = 1; state.now < 100_000; revision++) {
    await ask(revision);
    state.now += 10;
  }
  assert.ok(state.made * state.takes <= 10_000 + state.takes, `${state.made} times`);
  assert.ok(state.made >= 150, `${state.made} times`);
});

test('one that could not be made is tried again by the next who asks', async () => {
  const { ask, kept } = setUp();
  await assert.rejects(
    kept.of('cgr_1', 1, async () => {
      throw new Error('no database');
    }),
    /no database/,
  );
  assert.equal((await ask(1)).chunk_count, 1);
});

test('groups are forgotten when there are many others', async () => {
  const { state, ask } = setUp();
  for (let group = 0; group < 65; group++) await ask(1, `cgr_${group}`);
  assert.equal(state.made, 65);
  await ask(1, 'cgr_64');
  assert.equal(state.made, 65);
  await ask(1, 'cgr_0');
  assert.equal(state.made, 66);
});
