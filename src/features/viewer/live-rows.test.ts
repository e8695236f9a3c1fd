import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withLive } from './assets/live-rows.js';
import { rowNote, stateNames } from './assets/row-words.js';

const at = (second: number) => new Date(Date.UTC(2026, 0, 2, 3) + second * 1000).toISOString();
const range = (from: number, to: number) => ({ source_started_at: at(from), source_ended_at: at(to) });

const rows = [
  { state: 'best' as const, ...range(0, 10), media_type: 'video', variant_role: 'evidence_master' },
  { state: 'missing' as const, ...range(10, 20) },
  { state: 'fallback' as const, ...range(20, 24), media_type: 'video', variant_role: 'live_preview' },
];

type State = 'unconfirmed' | 'confirmed' | 'rejected' | 'failed';
const part = (from: number, to: number, state: State = 'unconfirmed') => ({
  chunk_index: from,
  byte_size: 1_000,
  sha256_hex: `hash ${from}`,
  started_at: at(from),
  ended_at: at(to),
  state,
});
const told = (parts: ReturnType<typeof part>[], confirmed: string[] = []) =>
  withLive(rows, parts, new Set(confirmed)).map((row) => {
    const [from, to] = [row.source_started_at, row.source_ended_at].map((time) => (time ? Date.parse(time) : 0));
    const count = 'part_count' in row ? ` x${row.part_count}` : '';
    return `${((from ?? 0) - Date.parse(at(0))) / 1000}-${((to ?? 0) - Date.parse(at(0))) / 1000} ${row.state}${count}`;
  });

test('what a relay shows is a row of its own, and changes none of the confirmed', () => {
  assert.deepEqual(told([part(26, 28), part(24, 26)]), [
    '0-10 best',
    '10-20 missing',
    '20-24 fallback',
    '24-28 unconfirmed x2',
  ]);
  assert.deepEqual(
    told([part(12, 14)]),
    ['0-10 best', '10-20 missing', '12-14 unconfirmed x1', '20-24 fallback'],
    'a gap of confirmed evidence stays one',
  );
  assert.deepEqual(
    withLive(rows, [part(0, 30)], new Set()).filter((row) => !('part_count' in row)),
    rows,
  );
});

test('a part is unconfirmed until the server has it, whatever the relay says', () => {
  assert.deepEqual(told([part(24, 26, 'confirmed')]).at(-1), '24-26 unconfirmed x1');
  assert.deepEqual(told([part(24, 26, 'confirmed'), part(26, 28)], ['hash 24']).at(-1), '26-28 unconfirmed x1');
  assert.deepEqual(told([part(24, 26), part(26, 28, 'rejected')], ['hash 24', 'hash 26']), told([]));
});

test('what was refused or lost is taken back, and said to be', () => {
  const shown = withLive(rows, [part(24, 26, 'rejected'), part(26, 28, 'failed'), part(28, 30)], new Set()).slice(3);
  const words = shown.map((row) => `${stateNames[row.state]}: ${rowNote(row, { open: true, hasContext: false })}`);
  assert.deepEqual(words, [
    'Withdrawn: 1 part, 1.0 kB. A relay showed this, and the server refused it: it does not count.',
    'Withdrawn: 1 part, 1.0 kB. A relay showed this, and it did not reach the server: it does not count.',
    'Not confirmed: 1 part, 1.0 kB. A relay shows this, and the server has not confirmed it: it does not count as evidence.',
  ]);
});
