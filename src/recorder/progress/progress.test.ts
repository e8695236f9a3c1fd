import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBytes, showBytes, showDuration } from '../measures.ts';
import { progressText } from './progress-line.ts';
import { Rate } from './rate.ts';
import { humanReporter, jsonReporter } from './record-reporter.ts';

test('sizes and durations read and show as people write them', () => {
  assert.deepEqual(['0', '64KiB', '2.5MB', '1g', '7 B'].map(parseBytes), [0, 65_536, 2_500_000, 1_073_741_824, 7]);
  assert.deepEqual(['', 'x', '-1', '1Q', '1e99'].map(parseBytes), [
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  assert.deepEqual([0, 999, 1000, 999_960, 1_500_000].map(showBytes), ['0 B', '999 B', '1.0 KB', '1.0 MB', '1.5 MB']);
  assert.deepEqual([showDuration(65_400), showDuration(300), showDuration(1240, true)], ['1m5s', '0s', '1.2s']);
});

test('the line shows bar, bytes, rate and time left, and fits', () => {
  const state = { done: 500_000, total: 2_000_000, bytesPerSecond: 100_000, growing: false };
  assert.equal(progressText(state, 100), '[######------------------]  25%  500.0 KB of 2.0 MB  100.0 KB/s  15s left');
  assert.doesNotMatch(progressText({ ...state, growing: true }, 100), /left/);
  for (let columns = 12; columns < 130; columns++) {
    const line = progressText({ ...state, note: 'no connection, next try in 4.0s' }, columns);
    assert.ok(line.length < columns, `${columns}: ${line.length}`);
  }
  assert.match(progressText({ done: 0, total: 0, bytesPerSecond: 0, growing: true }, 80), / 0% {2}0 B of 0 B/);
});

test('the rate is that of the last seconds', () => {
  let now = 0;
  const rate = new Rate(() => now, 10_000);
  now = 1000;
  rate.add(5000);
  assert.equal(rate.bytesPerSecond, 5000);
  now = 60_000;
  assert.equal(rate.bytesPerSecond, 0);
});

function terminal(isTTY: boolean) {
  const written: string[] = [];
  return { written, terminal: { isTTY, columns: 80, write: (text: string) => void written.push(text) } };
}

test('without a terminal there are plain lines, and nothing that moves a cursor', () => {
  const { written, terminal: plain } = terminal(false);
  const reporter = humanReporter(plain, { staged: 0, accepted: 0, capturing: true, expected: undefined });
  reporter.report({ event: 'staged', index: 1, byte_size: 10 });
  reporter.report({ event: 'capture_ended', chunks: 1, error: 'the cable came off' });
  reporter.report({ event: 'completed', chunk_count: 1 });
  reporter.stop();
  assert.deepEqual(written, [
    'The capture broke off after 1 chunks: the cable came off\n',
    'Complete: all 1 chunks are on the server.\n',
  ]);
});

test('on a terminal a message goes above the line, and nothing is left of the line at the end', async () => {
  const { written, terminal: tty } = terminal(true);
  const reporter = humanReporter(tty, { staged: 100, accepted: 0, capturing: false, expected: undefined });
  reporter.report({ event: 'accepted', index: 1, byte_size: 50, how: 'uploaded', attempts: 1 });
  await new Promise((resolve) => setTimeout(resolve, 450));
  reporter.report({ event: 'closed' });
  reporter.stop();
  const all = written.join('');
  assert.match(all, /50% {2}50 B of 100 B/);
  assert.ok(all.includes('\r\u001b[2KThe incident is closed.\n'));
  assert.equal(written.at(-1), '\r\u001b[2K');
});

test('as JSON each event is one line with its time', () => {
  const lines: string[] = [];
  jsonReporter((text) => void lines.push(text)).report({ event: 'closed' });
  assert.equal(JSON.parse(lines[0] ?? '').event, 'closed');
  assert.match(lines[0] ?? '', /^\{"at":"\d{4}-.*\}\n$/);
});
