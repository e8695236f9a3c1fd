import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConfirmedChunk } from './evidence.ts';
import { resolveEvidence } from './resolve-evidence.ts';

const at = (second: number) => `2026-01-02T03:04:${String(second).padStart(2, '0')}.000Z`;
const hash = (digit: string) => digit.repeat(64);

/** `preview 0-2`, with what differs. */
function chunk(chunkId: string, from: number, to: number, values: Partial<ConfirmedChunk> = {}): ConfirmedChunk {
  return {
    chunkId,
    streamId: `str_${chunkId}`,
    mediaType: 'video',
    role: 'live_preview',
    quality: 'adaptive_low_latency',
    segmentId: `${from}-${to}`,
    sequence: from,
    startedAt: at(from),
    endedAt: at(to),
    sha256Hex: hash('f'),
    contextDigest: null,
    ...values,
  };
}
const master = { role: 'evidence_master', quality: 'full_quality' } as const;
const sound = { role: 'audio_priority', quality: 'audio_priority', mediaType: 'audio' } as const;
const place = { role: 'location_context', quality: 'location_context', mediaType: 'location' } as const;

const ids = (chunks: readonly ConfirmedChunk[]) => chunks.map(({ chunkId }) => chunkId);
/** `segment: chosen > superseded | beside(why)` */
const told = (chunks: readonly ConfirmedChunk[]) =>
  resolveEvidence(chunks).segments.map(
    ({ segmentId, chosen, superseded, beside, basis }) =>
      `${segmentId}: ${chosen.chunkId} ${basis} > ${ids(superseded)} | ${beside.map((one) => `${one.chunk.chunkId}(${one.why})`)}`,
  );

test('a master replaces the preview of its segment, and the preview stays where it is missing', () => {
  const chunks = [chunk('p1', 0, 2), chunk('p2', 2, 4), chunk('m1', 0, 2, master)];
  assert.deepEqual(told(chunks), ['0-2: m1 exact_segment > p1 | ', '2-4: p2 exact_segment >  | ']);
  assert.deepEqual(
    resolveEvidence(chunks).segments.map((one) => one.master),
    ['present', 'missing'],
  );
});

test('a longer master covers the segments within it, not one that it only touches', () => {
  const chunks = [chunk('p1', 0, 2), chunk('p2', 2, 4), chunk('m', 0, 3, master)];
  const { segments, overlaps } = resolveEvidence(chunks);
  assert.deepEqual(
    segments.map(({ chosen, basis, master: state }) => [chosen.chunkId, basis, state]),
    [
      ['m', 'exact_segment', 'present'],
      ['m', 'superset', 'present'],
      ['p2', 'exact_segment', 'partial'],
    ],
  );
  assert.deepEqual(overlaps, [{ segmentIds: ['0-3', '2-4'], startedAt: at(2), endedAt: at(3) }]);
});

test('sound does not replace pictures, pictures of a master replace sound', () => {
  assert.deepEqual(told([chunk('p', 0, 2), chunk('a', 0, 2, sound)]), [
    '0-2: p exact_segment >  | a(would_lose_media)',
  ]);
  assert.deepEqual(told([chunk('a', 0, 2, sound), chunk('m', 0, 2, master)]), ['0-2: m exact_segment > a | ']);
});

test('the only chunk that names its context is not replaced until the context itself is confirmed', () => {
  const chunks = [chunk('p', 0, 2, { contextDigest: hash('c') }), chunk('m', 0, 2, master)];
  assert.deepEqual(told(chunks), ['0-2: p exact_segment >  | m(would_lose_context)']);
  assert.equal(resolveEvidence(chunks).segments[0]?.context, 'missing');
  const context = chunk('c', 0, 2, { ...place, sha256Hex: hash('c') });
  assert.deepEqual(told([...chunks, context]), ['0-2: m exact_segment > p | c(would_lose_media)']);
  assert.equal(resolveEvidence([...chunks, context]).segments[0]?.context, 'shared');
});

test('where neither picture nor sound is, context is the evidence', () => {
  assert.deepEqual(told([chunk('c', 0, 2, place)]), ['0-2: c exact_segment >  | ']);
});

test('holes and disagreements are told', () => {
  const chunks = [
    chunk('a', 0, 2),
    chunk('b', 5, 6, { sequence: 1 }),
    chunk('c', 3, 4, { sequence: 2 }),
    chunk('d', 7, 8, { segmentId: '0-2', sequence: 9 }),
    chunk('e', 8, 9, { sequence: 9 }),
  ];
  const { gaps, conflicts } = resolveEvidence(chunks);
  assert.deepEqual(gaps, [
    { startedAt: at(2), endedAt: at(3) },
    { startedAt: at(4), endedAt: at(5) },
    { startedAt: at(6), endedAt: at(7) },
  ]);
  assert.deepEqual(conflicts, [
    { kind: 'segment_ranges', segmentIds: ['0-2', '0-2'] },
    { kind: 'sequence_shared', segmentIds: ['0-2', '8-9'] },
    { kind: 'sequence_order', segmentIds: ['5-6', '3-4'] },
  ]);
});

test('nothing confirmed is an empty answer', () => {
  assert.deepEqual(resolveEvidence([]), { policyVersion: 1, segments: [], gaps: [], overlaps: [], conflicts: [] });
});
