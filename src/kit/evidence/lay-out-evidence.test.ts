import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConfirmedChunk } from './evidence.ts';
import { layOutEvidence } from './lay-out-evidence.ts';
import { resolveEvidence } from './resolve-evidence.ts';

const at = (second: number) => new Date(Date.UTC(2026, 0, 2, 3) + second * 1000).toISOString();
const second = (time: string) => (Date.parse(time) - Date.UTC(2026, 0, 2, 3)) / 1000;

function chunk(chunkId: string, from: number, to: number, values: Partial<ConfirmedChunk> = {}): ConfirmedChunk {
  return {
    chunkId,
    streamId: 'str_1',
    mediaType: 'video',
    role: 'live_preview',
    quality: 'adaptive_low_latency',
    segmentId: `${from}-${to}`,
    // In order of time, and of those that begin together the longest first.
    sequence: from * 10_000 - (to - from),
    startedAt: at(from),
    endedAt: at(to),
    sha256Hex: 'f'.repeat(64),
    contextDigest: null,
    ...values,
  };
}
const master = { role: 'evidence_master', quality: 'full_quality' } as const;
const sound = { role: 'audio_priority', quality: 'audio_priority', mediaType: 'audio' } as const;
const place = { role: 'location_context', quality: 'location_context', mediaType: 'location' } as const;

/** Chunks of one length without a hole, from and to as whole multiples of it. */
function run(name: string, from: number, to: number, length: number, values: Partial<ConfirmedChunk> = {}) {
  return Array.from({ length: (to - from) / length }, (_, i) =>
    chunk(`${name}${i}`, from + i * length, from + (i + 1) * length, values),
  );
}
const layout = (...chunks: ConfirmedChunk[]) => layOutEvidence(resolveEvidence(chunks));
const rows = (...chunks: ConfirmedChunk[]) =>
  layout(...chunks).rows.map((row) => {
    const range = `${second(row.startedAt)}-${second(row.endedAt)} ${row.state}`;
    if (row.state === 'missing') return range;
    return `${range} ${row.chosen.role} master ${row.master} ${row.segments}+${row.standsFor}`;
  });

test('an hour of previews, of which ten minutes have their master, is three rows', () => {
  const chunks = [...run('p', 0, 3600, 2), ...run('m', 600, 1200, 10, master)];
  assert.deepEqual(rows(...chunks), [
    '0-600 fallback live_preview master missing 300+0',
    '600-1200 best evidence_master master present 60+300',
    '1200-3600 fallback live_preview master missing 1200+0',
  ]);
  const { lengths, superseded, segments, chunks: count } = layout(...chunks);
  assert.deepEqual(lengths, { best: 600_000, fallback: 3_000_000, context_only: 0, missing: 0 });
  assert.deepEqual([segments, count, superseded], [1860, 1860, 300]);
});

test('a gap is a row of its own, and so is the time of which only sealed context is there', () => {
  assert.deepEqual(rows(...run('p', 0, 4, 2), ...run('p', 8, 10, 2), chunk('c', 10, 20, place)), [
    '0-4 fallback live_preview master missing 2+0',
    '4-8 missing',
    '8-10 fallback live_preview master missing 1+0',
    '10-20 context_only location_context master missing 1+0',
  ]);
});

test('what better evidence covers as a whole is told beside the rows', () => {
  // The preview from 4 to 6 lies across two masters, so that neither replaces it.
  const told = [...run('m', 0, 10, 5, master), chunk('p', 4, 6), chunk('c', 0, 10, place)];
  assert.deepEqual(rows(...told), ['0-10 best evidence_master master present 2+0']);
  assert.deepEqual(
    layout(...told).alsoKept.map(({ chosen, segments }) => [chosen.role, segments]),
    [
      ['location_context', 1],
      ['live_preview', 1],
    ],
  );
});

test('a master of sound alone does not make pictures of less quality the best', () => {
  const chunks = [chunk('m', 0, 10, { ...master, mediaType: 'audio' }), ...run('p', 0, 10, 2)];
  assert.deepEqual(rows(...chunks), [
    '0-10 best evidence_master master present 1+0',
    '0-10 fallback live_preview master present 5+0',
  ]);
  assert.deepEqual(layout(...chunks).lengths.fallback, 10_000);
});

test('variants of other lengths are merged each for itself', () => {
  assert.deepEqual(rows(...run('a', 0, 60, 5, sound), ...run('p', 0, 60, 2)), [
    '0-60 fallback audio_priority master missing 12+0',
    '0-60 fallback live_preview master missing 30+0',
  ]);
});

test('a segment in conflict stands out', () => {
  const { rows: told } = layout(...run('p', 0, 4, 2), chunk('x', 4, 6, { sequence: 19_998 }));
  assert.deepEqual(
    told.map((row) => row.state !== 'missing' && [second(row.startedAt), row.disputed]),
    [
      [0, false],
      [2, true],
    ],
  );
});

test('nothing confirmed is no span', () => {
  const { span, rows: none, chunks } = layout();
  assert.deepEqual([span, none, chunks], [undefined, [], 0]);
});

test('whatever comes, the parts make the whole span and every segment is told once', () => {
  let state = 20_261_125;
  const upTo = (limit: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 16) % limit;
  };
  const kinds = [{}, master, sound, place, { ...master, mediaType: 'audio' }] as const;
  for (let round = 0; round < 3_000; round++) {
    const chunks = Array.from({ length: upTo(14) }, (_, i) => {
      const from = upTo(30);
      const digest = upTo(3) === 0 ? { contextDigest: 'a'.repeat(64) } : {};
      return chunk(`c${i}`, from, from + 1 + upTo(9), { ...kinds[upTo(kinds.length)], ...digest });
    });
    const { span, lengths, parts, rows: told, alsoKept, segments, chunks: count } = layout(...chunks);
    const where = `round ${round}`;
    const whole = span === undefined ? 0 : Date.parse(span.endedAt) - Date.parse(span.startedAt);
    const sum = Object.values(lengths).reduce((total, length) => total + length, 0);
    assert.equal(sum, whole, where);
    for (const ranges of Object.values(parts))
      assert.ok(
        ranges.every((one) => one.startedAt < one.endedAt),
        where,
      );
    const inRows = told.reduce((total, row) => total + (row.state === 'missing' ? 0 : row.segments + row.standsFor), 0);
    assert.equal(inRows + alsoKept.reduce((total, one) => total + one.segments, 0), segments, where);
    assert.equal(count, chunks.length, where);
  }
});
