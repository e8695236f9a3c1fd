/** The choice of evidence against a model that counts moments one by one. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ConfirmedChunk, SegmentEvidence, SourceRange } from '#kit/evidence/evidence.ts';
import { resolveEvidence } from '#kit/evidence/resolve-evidence.ts';

/** Fractions of three to six digits within one second: their texts do not sort by their Z. */
const moments = ['000', '0004', '001', '00112', '0012', '002', '3', '30001', '31', '5', '500001', '9'];
const timeOf = (moment: number) => `2026-01-02T03:04:05.${(moments[moment] ?? '').padEnd(3, '0')}Z`;
const momentOf = (time: string) => moments.findIndex((_, moment) => timeOf(moment) === time);

const masters = ['evidence_master', 'audio_priority', 'live_preview'];
/** As the decision words it, apart from the code under test. */
const better = (a: ConfirmedChunk, b: ConfirmedChunk) => {
  const [of, over] = [masters.indexOf(a.role), masters.indexOf(b.role)];
  if (of !== over) return of < over;
  const qualities = ['full_quality', 'audio_priority', 'adaptive_low_latency', 'location_context', 'metadata_context'];
  return qualities.indexOf(a.quality) < qualities.indexOf(b.quality);
};
const isMedia = ({ role }: ConfirmedChunk) => masters.includes(role);
const slotsOf = ({ startedAt, endedAt }: SourceRange) => {
  const first = momentOf(startedAt);
  return Array.from({ length: momentOf(endedAt) - first }, (_, index) => first + index);
};
const slotsOfAll = (ranges: readonly SourceRange[]) => [...new Set(ranges.flatMap(slotsOf))].sort((a, b) => a - b);
const holds = (outer: SourceRange, inner: SourceRange) => {
  const slots = new Set(slotsOf(outer));
  return slotsOf(inner).every((slot) => slots.has(slot));
};
const hash = (digit: number) => digit.toString(16).repeat(64);

const segment = fc.record({ start: fc.nat({ max: 10 }), length: fc.integer({ min: 1, max: 11 }), sequence: fc.nat(6) });
const chunk = fc.record({
  segment: fc.nat({ max: 5 }),
  /** One in some has another range under the same id: the server never stores it, a manifest from elsewhere may. */
  bent: fc.integer({ min: 0, max: 19 }),
  role: fc.constantFrom(...masters, 'live_preview', 'location_context', 'metadata_context'),
  profile: fc.constantFrom('full_quality', 'adaptive_low_latency', 'audio_priority'),
  sound: fc.boolean(),
  hash: fc.nat({ max: 3 }),
  digest: fc.option(fc.nat({ max: 3 }), { freq: 2 }),
});

/** Random groups. */
export const groups = fc
  .record({ segments: fc.array(segment, { minLength: 6, maxLength: 6 }), chunks: fc.array(chunk, { maxLength: 14 }) })
  .map(({ segments, chunks }) =>
    chunks.map((one, index): ConfirmedChunk => {
      const place = segments[one.segment] ?? { start: 0, length: 1, sequence: 0 };
      const end = Math.min(moments.length - 1, place.start + place.length + (one.bent === 0 ? 1 : 0));
      const isContext = one.role.endsWith('_context');
      return {
        chunkId: `chk_${index}`,
        streamId: `str_${index}`,
        segmentId: `seg_${one.segment}`,
        sequence: place.sequence,
        startedAt: timeOf(place.start),
        endedAt: timeOf(end),
        // Their values come from the lists above, which fast-check widens to text.
        role: one.role as ConfirmedChunk['role'],
        quality: (isContext ? one.role : one.profile) as ConfirmedChunk['quality'],
        mediaType: isContext
          ? one.role === 'location_context'
            ? 'location'
            : 'metadata'
          : one.sound
            ? 'audio'
            : 'video',
        sha256Hex: hash(one.hash),
        contextDigest: one.digest === null ? null : hash(one.digest),
      };
    }),
  );

const ownOf = (all: readonly ConfirmedChunk[], of: SegmentEvidence) =>
  all.filter(
    ({ segmentId, startedAt, endedAt }) =>
      segmentId === of.segmentId && startedAt === of.startedAt && endedAt === of.endedAt,
  );

const keepsMedia = (by: ConfirmedChunk, of: ConfirmedChunk) =>
  by.mediaType === of.mediaType || (by.role === 'evidence_master' && by.mediaType === 'video');

function keepsContext(all: readonly ConfirmedChunk[], by: ConfirmedChunk, of: ConfirmedChunk): boolean {
  if (of.contextDigest === null || of.contextDigest === by.contextDigest) return true;
  return all.some((one) => !isMedia(one) && one.sha256Hex === of.contextDigest);
}

/** Nothing that ranks lower in the segment is lost by it. */
function losesNothing(all: readonly ConfirmedChunk[], own: readonly ConfirmedChunk[], one: ConfirmedChunk): boolean {
  return own.every((other) => !better(one, other) || (keepsMedia(one, other) && keepsContext(all, one, other)));
}

function checkSegment(all: readonly ConfirmedChunk[], segment: SegmentEvidence): void {
  const { chosen } = segment;
  const own = ownOf(all, segment);
  assert.ok(holds(chosen, segment), 'the chosen chunk covers its segment');
  assert.ok(all.includes(chosen), 'and is confirmed');
  assert.equal(segment.basis, own.includes(chosen) ? 'exact_segment' : 'superset');

  const accounted = [...segment.superseded, ...segment.beside.map((one) => one.chunk)];
  if (own.includes(chosen)) accounted.push(chosen);
  assert.deepEqual(new Set(accounted), new Set(own), 'every chunk of the segment is in the answer');
  assert.equal(accounted.length, own.length, 'once');

  for (const lesser of segment.superseded) {
    assert.ok(isMedia(lesser) && better(chosen, lesser) && holds(chosen, lesser));
    assert.ok(keepsMedia(chosen, lesser) && keepsContext(all, chosen, lesser), 'superseding loses nothing');
  }
  const media = own.filter(isMedia);
  if (media.length === 0) assert.ok(!isMedia(chosen));
  else {
    const allowed = all.filter((one) => isMedia(one) && holds(one, segment) && losesNothing(all, media, one));
    assert.ok(isMedia(chosen) && !allowed.some((one) => better(one, chosen)), 'nothing better was allowed');
    assert.ok(losesNothing(all, media, chosen));
    for (const { chunk, why } of segment.beside.filter((one) => isMedia(one.chunk))) {
      const tied = !better(chunk, chosen) && !better(chosen, chunk);
      // Of equal rank with a wider chosen one, it may itself have been out of the question.
      assert.equal(why === 'equal_rank', losesNothing(all, media, chunk), why);
      assert.ok(tied || better(chunk, chosen), 'what ranks lower is superseded');
    }
  }
  const slots = slotsOf(segment);
  const mastered = new Set(slotsOfAll(all.filter(({ role }) => role === 'evidence_master')));
  const count = slots.filter((slot) => mastered.has(slot)).length;
  assert.equal(segment.master, count === 0 ? 'missing' : count === slots.length ? 'present' : 'partial');
}

const media = (all: readonly ConfirmedChunk[], kind: 'video' | 'audio') =>
  slotsOfAll(all.filter((one) => one.mediaType === kind || (kind === 'audio' && one.role === 'evidence_master')));

/** What must hold of every group, however bent: a check throws where it does not. */
export interface EvidenceProperty {
  readonly name: string;
  /** Of a run, how many parts are of this. */
  readonly share: number;
  /** Calls back with the chunks of each group that was looked at. */
  property(looked: (chunks: number) => void): fc.IProperty<[unknown]>;
}

/** fast-check says what its values are; who runs them need not know. */
const over = <T>(values: fc.Arbitrary<T>, check: (value: T) => void) =>
  fc.property(values as fc.Arbitrary<unknown>, (value) => check(value as T));

export const evidenceProperties: readonly EvidenceProperty[] = [
  {
    name: 'chosen evidence covers what is confirmed, is the best that the rules allow, and loses nothing',
    share: 0.5,
    property: (looked) =>
      over(groups, (all) => {
        looked(all.length);
        checkResolution(all);
      }),
  },
  {
    name: 'the order of the rows does not matter',
    share: 0.25,
    property: (looked) =>
      over(
        groups.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
        ([all, other]) => {
          looked(all.length);
          assert.deepEqual(resolveEvidence(other), resolveEvidence(all));
        },
      ),
  },
  {
    name: 'whatever is lost, what is left is chosen from; nothing that arrives later takes coverage away',
    share: 0.25,
    property: (looked) =>
      over(
        groups.chain((all) => fc.tuple(fc.constant(all), fc.subarray(all))),
        ([all, survivors]) => {
          looked(all.length);
          assert.deepEqual(covered(survivors), slotsOfAll(survivors));
          const whole = new Set(covered(all));
          assert.ok(covered(survivors).every((slot) => whole.has(slot)));
        },
      ),
  },
];

const covered = (chunks: readonly ConfirmedChunk[]) =>
  slotsOfAll(resolveEvidence(chunks).segments.map(({ chosen }) => chosen));

function checkResolution(all: readonly ConfirmedChunk[]): void {
  const { segments, gaps } = resolveEvidence(all);
  const confirmed = slotsOfAll(all);
  assert.deepEqual(slotsOfAll(segments.map(({ chosen }) => chosen)), confirmed);
  for (const segment of segments) checkSegment(all, segment);
  const span =
    confirmed.length === 0
      ? []
      : slotsOf({ startedAt: timeOf(confirmed[0] ?? 0), endedAt: timeOf((confirmed.at(-1) ?? 0) + 1) });
  assert.deepEqual(
    slotsOfAll(gaps),
    span.filter((slot) => !confirmed.includes(slot)),
    'gaps are what is missing in between',
  );
  // Were everything superseded thrown away, no picture and no sound would be missing.
  const kept = all.filter((one) => !segments.some(({ superseded }) => superseded.includes(one)));
  for (const kind of ['video', 'audio'] as const) assert.deepEqual(media(kept, kind), media(all, kind), kind);
}
