import { valkeyUrl } from '#platform/coordination/coordination.config.ts';
import { addresses, choice, duration, flag, integer, type Settings, type ValuesOf } from '#platform/process/setting.ts';

export const jobSettings = {
  inServer: flag({
    env: 'SAFE_JOBS_IN_SERVER',
    doc: 'Whether `proofline serve` runs background jobs itself. false: only `proofline worker` does, beside a shared database.',
    default: 'true',
  }),
  queue: choice({
    env: 'SAFE_JOBS_QUEUE',
    doc: 'How processes learn of jobs. table: they look into the database. bullmq: BullMQ on Valkey or Redis tells them at once. The database decides either way.',
    default: 'table',
    of: ['table', 'bullmq'],
  }),
  valkeyUrl: valkeyUrl({
    env: 'SAFE_JOBS_VALKEY_URL',
    doc: 'Valkey or Redis for the queue of jobs. Not set: that of coordination.',
  }),
  concurrency: integer({
    env: 'SAFE_JOBS_CONCURRENCY',
    doc: 'Jobs that one process runs at once. 0: none, while something is being put right.',
    default: '2',
    min: 0,
    max: 256,
  }),
  workerAddresses: addresses({
    env: 'SAFE_WORKER_BIND_ADDRS',
    doc: 'Where `proofline worker` answers for health and metrics. Keep it private.',
    default: '127.0.0.1:8082',
  }),
  pollIntervalMs: duration({
    env: 'SAFE_JOBS_POLL_INTERVAL',
    doc: 'How often a process looks for jobs that nobody told it of: those of other processes, and those to be tried again.',
    default: '2s',
    atLeast: '10ms',
  }),
  leaseMs: duration({
    env: 'SAFE_JOBS_LEASE',
    doc: 'A job whose process has shown no sign of life for so long is taken over by another.',
    default: '1m',
    atLeast: '500ms',
  }),
  maxAttempts: integer({
    env: 'SAFE_JOBS_MAX_ATTEMPTS',
    doc: 'How often a job is tried before it is parked for an administrator to look at.',
    default: '8',
    min: 1,
    max: 100,
  }),
  retryDelayMs: duration({
    env: 'SAFE_JOBS_RETRY_DELAY',
    doc: 'How long a job that failed waits for its second attempt. Each further one waits twice as long, up to SAFE_JOBS_RETRY_DELAY_MAX.',
    default: '10s',
    atLeast: '1ms',
  }),
  maxRetryDelayMs: duration({
    env: 'SAFE_JOBS_RETRY_DELAY_MAX',
    doc: 'The longest that a job which failed waits for its next attempt.',
    default: '1h',
    atLeast: '1ms',
  }),
  doneRetentionMs: duration({
    env: 'SAFE_JOBS_RETENTION',
    doc: 'Records of jobs that are done go after this time. 0: never. Parked jobs stay.',
    default: '7d',
  }),
} satisfies Settings;

export type JobConfig = ValuesOf<typeof jobSettings>;
