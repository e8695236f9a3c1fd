import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tellAgo, tellBytes, tellLength, tellMoment, tellRange, tellSpan } from '#http/pages/tell.js';
import { checkinWords, happening, looseParts, streamWords } from './assets/happening.js';

const now = Date.parse('2026-03-01T12:00:00.000Z');
const ago = (seconds: number) => new Date(now - seconds * 1000).toISOString();

function data(changes: { status?: string; streams?: string[]; lastPartSecondsAgo?: number } = {}) {
  const { status = 'open', streams = [], lastPartSecondsAgo: last } = changes;
  return {
    incident: { id: 'inc_1', status, created_at: ago(3600), updated_at: ago(3600) },
    latest_chunk_by_media_type: last === undefined ? {} : { video: { created_at: ago(last) } },
    chunk_count_by_media_type: {} as Record<string, number>,
    streams: streams.map((state, i) => ({
      id: `str_${i}`,
      media_type: 'video',
      status: state,
      chunk_count: 2,
      total_bytes: 100,
    })),
    capture_groups: [],
    more_capture_groups: false,
    generated_at: ago(0),
  };
}

test('the state of an incident is told from what arrived, and when', () => {
  const state = (changes: Parameters<typeof data>[0]) => happening(data(changes), now).state;
  assert.equal(state({}), 'waiting');
  assert.equal(state({ streams: ['open'] }), 'waiting');
  assert.equal(state({ streams: ['open'], lastPartSecondsAgo: 3 }), 'live');
  assert.equal(state({ streams: ['open'], lastPartSecondsAgo: 61 }), 'quiet');
  assert.equal(state({ streams: ['complete', 'failed'], lastPartSecondsAgo: 3 }), 'paused');
  assert.equal(state({ streams: ['open'], lastPartSecondsAgo: 3, status: 'closed' }), 'closed');
  assert.equal(state({ lastPartSecondsAgo: 5 }), 'live', 'older recorders send parts without a stream');
  const quiet = happening(data({ streams: ['open'], lastPartSecondsAgo: 240 }), now);
  assert.equal(quiet.title, 'Nothing new for 4 minutes');
});

test('a stream of a closed incident is never called recording', () => {
  const [stream] = data({ streams: ['open'] }).streams;
  assert.ok(stream);
  assert.equal(streamWords(stream, true).state, 'Recording');
  assert.equal(streamWords(stream, false).state, 'Not completed');
});

test('only what can be a place on Earth becomes a link', () => {
  const checkin = (latitude: number, longitude: number, accuracy_meters?: number) =>
    checkinWords({ created_at: ago(1), latitude, longitude, accuracy_meters });
  assert.equal(checkin(52.5200081, 13.4, 11.2).geo, 'geo:52.520008,13.4;u=12');
  assert.deepEqual(checkin(1e300, 13.4).geo, '');
  assert.deepEqual(checkin(91, 13.4).place, '91, 13.4');
  assert.equal(checkinWords({ created_at: ago(1), latitude: 5 }).place, '');
  assert.equal(checkinWords({ created_at: ago(1), device_battery_percent: 0 }).battery, '0\u00a0%');
});

test('parts outside any stream are told of', () => {
  const loose = { ...data({ streams: ['open'] }), chunk_count_by_media_type: { video: 5, audio: 1 } };
  assert.equal(looseParts(loose), 'Also sent one by one: Video, 3 parts; Sound, 1 part.');
  assert.equal(looseParts({ ...loose, chunk_count_by_media_type: { video: 2 } }), '');
});

test('sizes and times are said in words', () => {
  assert.deepEqual([0, 1, 999, 1000, 99_950, 3_600_000, 2 ** 53].map(tellBytes), [
    '0 bytes',
    '1 byte',
    '999 bytes',
    '1.0 kB',
    '100 kB',
    '3.6 MB',
    '9.0 PB',
  ]);
  assert.deepEqual([0, 59_999, 60_000, 7_200_000, 172_800_000].map(tellLength), [
    '0 seconds',
    '59 seconds',
    '1 minute',
    '2 hours',
    '2 days',
  ]);
  assert.deepEqual(
    [ago(0), ago(5), ago(-90)].map((at) => tellAgo(at, now)),
    ['just now', '5 seconds ago', 'in 1 minute'],
  );
  assert.equal(tellMoment('2026-03-01T12:00:09.123456Z'), '1 Mar 2026, 12:00:09 UTC');
  assert.deepEqual([0, 1, 400, 9_949, 9_950, 60_000, 65_400, 3_600_000, 7_265_000].map(tellSpan), [
    '0 s',
    '0.1 s',
    '0.4 s',
    '9.9 s',
    '10 s',
    '1 min',
    '1 min 5 s',
    '1 h',
    '2 h 1 min',
  ]);
  const [late, early] = ['2026-03-01T23:59:59.000Z', '2026-03-02T00:00:01.5Z'];
  assert.equal(tellRange(late, early), '1 Mar 2026, 23:59:59 to 2 Mar 2026, 00:00:01 UTC');
  assert.equal(tellRange(early, early, early), '00:00:01 to 00:00:01 UTC');
});
