import { bytes, duration, integer, type Settings, type ValuesOf } from '#platform/process/setting.ts';

export const resumableSettings = {
  sliceBytes: bytes({
    env: 'SAFE_RESUMABLE_SLICE_BYTES',
    doc: 'What a resumable upload makes durable at a time: so much of it is sent again at most after a server was killed.',
    default: '8MiB',
    atLeast: 4096,
  }),
  expiryMs: duration({
    env: 'SAFE_RESUMABLE_EXPIRY',
    doc: 'A resumable upload is removed when nothing of it has come for so long. What became of a finished one can be asked for as long.',
    default: '3d',
    atLeast: '1m',
  }),
  maxOpen: integer({
    env: 'SAFE_RESUMABLE_MAX_OPEN',
    doc: 'Unfinished resumable uploads that one account may have.',
    default: '20',
    min: 1,
    max: 100_000,
  }),
  workerIntervalMs: duration({
    env: 'SAFE_RESUMABLE_WORKER_INTERVAL',
    doc: 'How often finished, ended and expired uploads are tidied away, and those are finished that a crash left. 0: never, on this node.',
    default: '1m',
  }),
} satisfies Settings;

export type ResumableConfig = ValuesOf<typeof resumableSettings>;
