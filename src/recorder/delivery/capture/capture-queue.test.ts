import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { VariantName } from '../../capture/variants.ts';
import { CaptureQueue } from './capture-queue.ts';

const never = new AbortController().signal;

function queueAt(lanes = 3) {
  let nowMs = 0;
  const queue = new CaptureQueue({ lateMs: 1000, lanes, now: () => nowMs });
  const put = (sequence: number, ...variants: readonly VariantName[]) => {
    for (const variant of variants) queue.put({ variant, index: sequence, sequence });
  };
  const take = async () => {
    const taken = await queue.take(never);
    assert.ok(taken);
    return taken;
  };
  const drain = async () => {
    const order: string[] = [];
    for (let taken = await queue.take(never); taken !== undefined; taken = await queue.take(never)) {
      order.push(`${taken.variant} ${taken.sequence}`);
      queue.done(taken, false);
    }
    return order;
  };
  return { queue, put, take, drain, pass: (ms: number) => (nowMs += ms) };
}

const all = ['evidence_master', 'location_context', 'audio_priority', 'live_preview'] as const;

test('in good times previews go first, then sound, context and masters, as they happened', async () => {
  const { queue, put, drain } = queueAt();
  put(1, ...all);
  put(2, ...all);
  queue.end();
  assert.deepEqual(await drain(), [
    ...['live_preview 1', 'live_preview 2', 'audio_priority 1', 'audio_priority 2'],
    ...['location_context 1', 'location_context 2', 'evidence_master 1', 'evidence_master 2'],
  ]);
});

test('when bandwidth is short the sound of now goes first, and the master last', async () => {
  const { queue, put, drain, pass } = queueAt();
  put(1, 'live_preview', 'audio_priority', 'evidence_master');
  pass(1001);
  put(2, 'live_preview', 'audio_priority', 'location_context');
  queue.end();
  assert.deepEqual(await drain(), [
    ...['audio_priority 2', 'audio_priority 1', 'location_context 2', 'live_preview 2', 'live_preview 1'],
    'evidence_master 1',
  ]);
});

test('while it is recorded one master at a time is sent; it gives way when bandwidth is short, and comes again', async () => {
  const { queue, put, take, pass, drain } = queueAt();
  put(1, 'evidence_master');
  put(2, 'evidence_master');
  const master = await take();
  const waiting = queue.take(never);
  put(3, 'live_preview');
  const preview = await waiting;
  assert.equal(preview?.variant, 'live_preview', 'the second master waits for the first');
  put(4, 'live_preview');
  assert.equal(master.giveWay.aborted, false);
  pass(1001);
  put(5, 'live_preview');
  assert.equal(master.giveWay.aborted, true);
  queue.done(master, true);
  if (preview) queue.done(preview, false);
  queue.end();
  assert.deepEqual(await drain(), ['live_preview 5', 'live_preview 4', 'evidence_master 1', 'evidence_master 2']);
});

test('the end waits for a master that may be put back', async () => {
  const { queue, put, take } = queueAt();
  put(1, 'evidence_master');
  const master = await take();
  queue.end();
  const last = queue.take(never);
  queue.done(master, true);
  assert.equal((await last)?.variant, 'evidence_master');
});

test('nobody waits for ever once it is stopped', async () => {
  const { queue } = queueAt();
  const stop = new AbortController();
  const waiting = queue.take(stop.signal);
  stop.abort();
  assert.equal(await waiting, undefined);
});
