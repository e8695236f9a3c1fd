import { type Actor, auditEntry } from '#features/audit/index.ts';
import { timestamp } from '#kit/time.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import type { JobEndings } from './job-endings.ts';
import type { JobRow } from './jobs.store.ts';

export interface RepeatDeps {
  metadata: Metadata;
  endings: JobEndings;
}

/** Lets a parked job begin anew, with all its attempts. Throws job_not_found, job_not_parked. */
export async function repeatJob({ metadata, endings }: RepeatDeps, jobId: string, by: Actor): Promise<JobRow> {
  const nowMs = Date.now();
  return await metadata.write(endings.repeat, {
    jobId,
    at: timestamp(nowMs),
    audit: auditEntry({ ...by, action: 'job.repeat', subjectType: 'job', subjectId: jobId }, nowMs),
  });
}
