import { sweepSessions } from '#features/accounts/index.ts';
import { startDueMirrors } from '#features/cloud/index.ts';
import { deleteDocuments, documentTarget, expireTrash, sweepStrays } from '#features/documents/index.ts';
import {
  applyRetention,
  applySupersessionPolicy,
  chunkTarget,
  noteMissedChecks,
  runDeletions,
  sweepCapabilities,
  type UploadsInFlight,
} from '#features/incidents/index.ts';
import { removeDoneJobs } from '#features/jobs/index.ts';
import { sweepUploads, tendUploads } from '#features/resumable/index.ts';
import type { Log } from '#platform/process/log.ts';
import type { Metrics } from '#platform/process/metrics.ts';
import { type Repetition, repeatedly } from '#platform/process/repeatedly.ts';
import type { Backends } from './backends/open-backends.ts';
import { chunkUploads } from './chunk-uploads.ts';
import type { Config } from './config.ts';
import { tellRetention } from './tell-retention.ts';

export interface WorkerSinks {
  metrics: Pick<Metrics, 'retentionDecisions' | 'retentionIncidents'>;
  log: Log;
}

export interface Workers {
  /** Ends after the current step. */
  stop(): Promise<void>;
}

/** A turn that takes longer shares the work with the next node that looks, and one that is lost holds it up for so long. Milliseconds. */
const turnMs = 2 * 60_000;
const hourMs = 60 * 60_000;
const dayMs = 24 * hourMs;

/** Expired sessions open nothing; they only take room. Milliseconds. */
const sessionSweepMs = 10 * 60_000;

/** What runs by itself beside the listeners: what is to be deleted, ended or looked after, and what is swept. */
export function startWorkers(
  { metadata, blobs, coordinator, inFlight }: Backends & { inFlight: UploadsInFlight },
  config: Config,
  { metrics, log }: WorkerSinks,
): Workers {
  const loops: Repetition[] = [];
  const every = (name: string, intervalMs: number, work: (signal: AbortSignal) => Promise<unknown>) => {
    if (intervalMs > 0) loops.push(repeatedly(name, intervalMs, work, log));
  };
  /** Nodes take turns so that they do not do the same work at once. What is done is decided by the rows, whoever does it. */
  const inTurn = (name: string, intervalMs: number, work: (signal: AbortSignal) => Promise<unknown>) =>
    every(name, intervalMs, async (ending) => {
      const turn = await coordinator.lease(`turn:${name}`, turnMs);
      if (turn === undefined) return;
      try {
        await work(ending);
      } finally {
        await turn.release();
      }
    });
  inTurn('deletion', config.deletion.workerIntervalMs, async (ending) => {
    tellRetention(await applyRetention({ metadata }, config.deletion), { metrics, log });
    await runDeletions({ metadata, blobs, log }, ending);
    await expireTrash({ metadata }, config.documents);
    await deleteDocuments({ metadata, blobs, log }, ending);
  });
  const { doneRetentionMs } = config.jobs;
  inTurn('done jobs', doneRetentionMs === 0 ? 0 : hourMs, async (ending) => {
    const removed = await removeDoneJobs({ metadata }, config.jobs, ending);
    if (removed > 0) log.info({ removed }, 'records of done jobs removed');
  });
  const uploads = { metadata, blobs, coordinator, log };
  const targets = [
    documentTarget({ metadata, blobs }, config.documents),
    chunkTarget(chunkUploads({ metadata, blobs, inFlight }, config)),
  ];
  const { workerIntervalMs } = config.resumable;
  inTurn('uploads', workerIntervalMs, (ending) => tendUploads(uploads, config.resumable, targets, ending));
  inTurn('stray uploads', workerIntervalMs === 0 ? 0 : hourMs, (ending) => sweepUploads(uploads, ending));
  every('stray sweep', config.deletion.workerIntervalMs === 0 ? 0 : dayMs, async (ending) => {
    // Kept for the day by whoever sweeps, so that it is done once in it.
    const turn = await coordinator.lease('turn:stray-sweep', dayMs - turnMs);
    if (turn !== undefined) await sweepStrays({ metadata, blobs, log }, ending);
  });
  every('staging sweep', Math.max(60_000, config.chunks.stagingCleanupAgeMs / 2), async () => {
    const swept = await blobs.staging.sweep(config.chunks.stagingCleanupAgeMs);
    if (swept.removed > 0) log.info(swept, 'staging swept');
  });
  inTurn('safety checks', config.safetyChecks.workerIntervalMs, async (ending) => {
    const noted = await noteMissedChecks({ metadata }, ending);
    if (noted > 0) log.info({ noted }, 'safety checks missed');
  });
  inTurn('mirrors', config.cloud.mirrorIntervalMs, (ending) => startDueMirrors({ metadata }, ending));
  inTurn('sessions', sessionSweepMs, (ending) => sweepSessions({ metadata }, ending));
  inTurn('supersessions', config.captures.supersessionIntervalMs, async (ending) => {
    const recorded = await applySupersessionPolicy({ metadata, blobs }, ending);
    if (recorded > 0) log.info({ recorded }, 'supersessions recorded');
  });
  inTurn('relay capabilities', hourMs, () => sweepCapabilities({ metadata }));
  return {
    stop: async () => {
      await Promise.all(loops.map((loop) => loop.stop()));
    },
  };
}
