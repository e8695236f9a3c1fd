import { isProblem } from '#kit/errors.ts';
import { timestamp } from '#kit/time.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import type { Log } from '#platform/process/log.ts';
import { HeldJob } from './held-job.ts';
import type { JobEndings } from './job-endings.ts';
import { JobFailure, type JobHandler } from './job-handler.ts';
import { JobInterruption } from './job-interruption.ts';
import type { JobConfig } from './jobs.config.ts';
import { type JobRow, jobById } from './jobs.store.ts';
import { releaseJobTransaction, retryJobTransaction } from './jobs.transactions.ts';
import { retryDelay } from './retry-delay.ts';

export interface RunDeps {
  metadata: Metadata;
  endings: JobEndings;
  log: Log;
}

/** `lost`: somebody else has the job, or it is gone. */
export type JobOutcome = 'done' | 'retried' | 'parked' | 'given_back' | 'lost';

/** So long a handler that was interrupted may take to end; then its job goes on without it, and what it still writes is refused. */
const lastBreathMs = 5_000;

/**
 * Runs a job that was claimed at `claimedAt` (performance.now()), and writes down what became of it. Throws only what the database throws
 * then: the lease ends by itself, and the job is taken again.
 */
export async function runJob(
  deps: RunDeps,
  config: JobConfig,
  handler: JobHandler,
  job: JobRow,
  claimedAt: number,
  stopping: AbortSignal,
): Promise<JobOutcome> {
  const claim = { jobId: job.id, fence: job.fence };
  if (stopping.aborted) return await giveBack(deps, job);
  if (job.attempts > config.maxAttempts)
    return await park(deps, job, 'worker_lost', 'Each process that ran it ended before the job did.');
  const held = new HeldJob(deps.metadata, claim, claimedAt, {
    leaseMs: config.leaseMs,
    timeoutMs: handler.timeoutMs,
    stopping,
  });
  const breath = lastBreath(held.signal);
  try {
    const context = {
      claim,
      signal: held.signal,
      progress: (done: number, total?: number) => held.showProgress(done, total),
    };
    await Promise.race([handler.run(job, context), breath.over]);
  } catch (error) {
    return await failed(deps, config, job, held.signal.aborted ? held.signal.reason : error);
  } finally {
    breath.end();
    held.end();
  }
  const left = await jobById(deps.metadata.read, job.id);
  if (left?.fence !== job.fence) return 'lost';
  if (left.state === 'done') return 'done';
  return await failed(deps, config, job, new Error(`the handler of ${job.kind} ended without ending its job`));
}

/** `over` rejects some time after the signal, with its reason. */
function lastBreath(signal: AbortSignal): { over: Promise<never>; end(): void } {
  const { promise: over, reject } = Promise.withResolvers<never>();
  let timer: NodeJS.Timeout | undefined;
  const begin = () => {
    timer = setTimeout(() => reject(signal.reason), lastBreathMs);
  };
  signal.addEventListener('abort', begin, { once: true });
  return {
    over,
    end: () => {
      signal.removeEventListener('abort', begin);
      clearTimeout(timer);
    },
  };
}

async function failed(deps: RunDeps, config: JobConfig, job: JobRow, error: unknown): Promise<JobOutcome> {
  if (error instanceof JobInterruption && error.why === 'lost') return 'lost';
  if (error instanceof JobInterruption && error.why === 'stopping') return await giveBack(deps, job);
  if (error instanceof JobFailure) return await park(deps, job, error.code, error.message);
  const { code, detail } = wordsOf(error);
  if (code === 'internal_error') deps.log.error({ err: error, job_id: job.id, kind: job.kind }, 'a job failed');
  else deps.log.warn({ job_id: job.id, kind: job.kind, code }, 'a job failed');
  if (job.attempts >= config.maxAttempts) return await park(deps, job, code, detail);
  const now = Date.now();
  const retried = await deps.metadata.write(retryJobTransaction, {
    claim: { jobId: job.id, fence: job.fence },
    runAfter: timestamp(now + retryDelay(job.attempts, config, Math.random())),
    code,
    detail,
    at: timestamp(now),
  });
  return retried ? 'retried' : 'lost';
}

/** Only words of ours go into the row; what an error of others says may be anything. */
function wordsOf(error: unknown): { code: string; detail: string | null } {
  if (error instanceof JobInterruption) return { code: error.why, detail: error.message };
  return isProblem(error) ? { code: error.code, detail: error.message } : { code: 'internal_error', detail: null };
}

async function park(deps: RunDeps, job: JobRow, code: string, detail: string | null): Promise<JobOutcome> {
  const parked = await deps.metadata.write(deps.endings.park, {
    claim: { jobId: job.id, fence: job.fence },
    code,
    detail,
    at: timestamp(Date.now()),
  });
  if (!parked) return 'lost';
  deps.log.warn({ job_id: job.id, kind: job.kind, code, attempts: job.attempts }, 'a job was parked');
  return 'parked';
}

async function giveBack(deps: RunDeps, job: JobRow): Promise<JobOutcome> {
  const released = await deps.metadata.write(releaseJobTransaction, {
    claim: { jobId: job.id, fence: job.fence },
    attempts: job.attempts - 1,
    at: timestamp(Date.now()),
  });
  return released ? 'given_back' : 'lost';
}
