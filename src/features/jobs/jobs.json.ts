import { z } from 'zod';
import type { JobRow } from './jobs.store.ts';
import { jobKinds } from './jobs.tables.ts';

export const jobState = z.enum(['waiting', 'running', 'done', 'parked']);

export const jobShape = z
  .object({
    id: z.string(),
    kind: z.enum(jobKinds),
    state: jobState.describe('parked: given up, until an administrator repeats it'),
    document_id: z.string().optional(),
    document_version: z.number().int().optional(),
    connection_id: z.string().optional(),
    attempts: z.number().int(),
    progress_done: z.number().int(),
    progress_total: z.number().int().optional(),
    error_code: z.string().optional().describe('Of the latest attempt that failed'),
    error_detail: z.string().optional(),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
    run_after: z.iso.datetime().optional().describe('While it waits: not before then'),
  })
  .meta({ id: 'Job' });

/** For the owner of what the job is about, and for administrators. */
export function jobJson(job: JobRow): z.output<typeof jobShape> {
  return {
    id: job.id,
    kind: job.kind,
    state: job.state,
    ...(job.document_id === null ? {} : { document_id: job.document_id }),
    ...(job.document_version === null ? {} : { document_version: job.document_version }),
    ...(job.cloud_connection_id === null ? {} : { connection_id: job.cloud_connection_id }),
    attempts: job.attempts,
    progress_done: job.progress_done,
    ...(job.progress_total === null ? {} : { progress_total: job.progress_total }),
    ...(job.error_code === null ? {} : { error_code: job.error_code }),
    ...(job.error_detail === null ? {} : { error_detail: job.error_detail }),
    created_at: job.created_at,
    updated_at: job.updated_at,
    ...(job.state === 'waiting' ? { run_after: job.run_after } : {}),
  };
}
