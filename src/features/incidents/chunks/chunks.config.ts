import { bytes, duration, type Settings, type ValuesOf } from '#platform/process/setting.ts';

export const chunkSettings = {
  maxUploadBytes: bytes({
    env: 'SAFE_MAX_UPLOAD_BYTES',
    doc: 'The largest chunk that is accepted.',
    default: '250MB',
    atLeast: 1,
  }),
  stagingQuotaBytes: bytes({
    env: 'SAFE_TEMP_UPLOAD_STAGING_QUOTA_BYTES',
    doc: 'Bytes that uploads may hold before they are accepted, all together. More is refused with 507 until some finish.',
    default: '8GiB',
    atLeast: 1,
  }),
  sourceClockSkewMs: duration({
    env: 'SAFE_SOURCE_CLOCK_SKEW',
    doc: "How far a chunk's source range may end ahead of the server's clock.",
    default: '5m',
  }),
  stagingCleanupAgeMs: duration({
    env: 'SAFE_TEMP_UPLOAD_CLEANUP_AGE',
    doc: 'Staged files older than this belong to no request any more and are removed, at start and on a timer.',
    default: '1h',
    atLeast: '1m',
  }),
} satisfies Settings;

export type ChunkConfig = ValuesOf<typeof chunkSettings>;
