import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RecorderEvent } from '../recorder-event.ts';
import { captureReporter } from './capture-reporter.ts';
import { captureLines, captureSentence, type VariantProgress } from './capture-text.ts';

const of = (variant: VariantProgress['variant'], accepted: number, staged: number, size = 1000, dropped = 0) => ({
  variant,
  staged,
  stagedBytes: staged * size,
  accepted,
  acceptedBytes: accepted * size,
  dropped,
});
const variants = [
  of('live_preview', 12, 12, 80_000),
  of('audio_priority', 12, 12, 10_000),
  of('location_context', 12, 12, 300),
  of('evidence_master', 3, 12, 400_000),
];

test('a line for each variant, and one for all of them', () => {
  const lines = captureLines({ variants, bytesPerSecond: 300_000, growing: false, note: undefined }, 80);
  assert.deepEqual(lines, [
    'preview  [########################]  12 of 12  960.0 KB',
    'sound    [########################]  12 of 12  120.0 KB',
    'place    [########################]  12 of 12  3.6 KB',
    'master   [######------------------]   3 of 12  1.2 MB of 4.8 MB',
    '300.0 KB/s  12s left',
  ]);
});

test('on a narrow terminal the bars go first, and no line is longer than it may be', () => {
  const state = { variants, bytesPerSecond: 300_000, growing: true, note: 'no connection, next try in 7.5s' };
  for (const columns of [20, 40, 55, 60])
    for (const line of captureLines(state, columns)) assert.ok(line.length < columns, line);
  assert.equal(captureLines(state, 40)[3], 'master    3 of 12  1.2 MB of 4.8 MB');
  assert.equal(captureLines(state, 60)[4], '300.0 KB/s  no connection, next try in 7.5s');
});

test('what was given up is said, and without a terminal all of it is one sentence', () => {
  const master = of('evidence_master', 1, 2, 1000, 3);
  const state = { variants: [master], bytesPerSecond: 0, growing: false, note: undefined };
  assert.match(captureLines(state, 80)[0] ?? '', /1 of 2 {2}1\.0 KB of 2\.0 KB {2}3 given up$/);
  assert.equal(captureSentence(state), 'On the server: master 1 of 2; 1.0 KB left, 0 B/s');
  assert.match(captureSentence({ ...state, variants: [of('live_preview', 2, 2)] }), /nothing left/);
});

test('events are told in words, and what goes for lack of room once', () => {
  let told = '';
  const terminal = { isTTY: false, columns: 80, write: (text: string) => (told += text) };
  const { report, stop } = captureReporter(terminal, { variants: [of('evidence_master', 0, 0)], capturing: true });
  const events: readonly RecorderEvent[] = [
    { event: 'dropped', variant: 'evidence_master', index: 1, byte_size: 0 },
    { event: 'dropped', variant: 'evidence_master', index: 2, byte_size: 0 },
    { event: 'lost', variant: 'live_preview', sequence: 3, started_at: 'A', ended_at: 'B' },
    { event: 'capture_ended', chunks: 1 },
    { event: 'completed', variant: 'live_preview', chunk_count: 1 },
    { event: 'failed', variant: 'evidence_master', reason: 'Two were given up.' },
    { event: 'confirmed', moments: 5, full_quality: 3, fallback: 2, with_context: 4, gaps: 1 },
  ];
  for (const event of events) report(event);
  stop();
  const [first = '', ...rest] = told.trim().split('\n');
  assert.match(first, /^No room is left for everything/);
  assert.deepEqual(rest, [
    'No room: A to B is not recorded as preview.',
    'Captured 1 moment.',
    'Complete: preview, 1 chunk.',
    'Not whole: master. Two were given up. Its other chunks are kept.',
    'The server has 5 moments: 3 in full quality, 2 as preview or sound only, 4 with their place, 1 gap in time.',
  ]);
});
