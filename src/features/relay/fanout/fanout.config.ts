import { bytes, duration, integer, type Settings, type ValuesOf } from '#platform/process/setting.ts';

export const fanoutSettings = {
  windowCount: integer({
    env: 'SAFE_RELAY_FANOUT_WINDOW_COUNT',
    doc: 'Newest chunks of a stream that the relay keeps for those who read along.',
    default: '32',
    min: 1,
    max: 1_000,
  }),
  windowBytes: bytes({
    env: 'SAFE_RELAY_FANOUT_WINDOW_BYTES',
    doc: 'Bytes of them. A chunk larger than this is not shown before the server has it.',
    default: '64MiB',
    atLeast: 4096,
  }),
  windowAgeMs: duration({
    env: 'SAFE_RELAY_FANOUT_WINDOW_AGE',
    doc: 'How long a chunk is kept for those who read along.',
    default: '2m',
    atLeast: '1s',
  }),
  maxStreams: integer({
    env: 'SAFE_RELAY_FANOUT_MAX_STREAMS',
    doc: 'Streams of which chunks are kept. Where there would be more, the one that was quiet for longest loses its own.',
    default: '256',
    min: 1,
    max: 100_000,
  }),
  maxReaders: integer({
    env: 'SAFE_RELAY_FANOUT_MAX_READERS',
    doc: 'Those who read along at this relay at the same time, and as many downloads of theirs.',
    default: '1000',
    min: 1,
    max: 100_000,
  }),
  readersPerCapability: integer({
    env: 'SAFE_RELAY_FANOUT_READERS_PER_CAPABILITY',
    doc: 'Those who read along with the same capability at the same time, and as many downloads of theirs.',
    default: '20',
    min: 1,
    max: 100_000,
  }),
  readerBufferBytes: bytes({
    env: 'SAFE_RELAY_FANOUT_READER_BUFFER',
    doc: 'What may wait for one reader who does not keep up. Where it would be more, the reader is let go.',
    default: '64KiB',
    atLeast: 4096,
  }),
} satisfies Settings;

export type FanoutConfig = ValuesOf<typeof fanoutSettings>;
