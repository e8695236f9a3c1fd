import { z } from 'zod';
import { type JobRow, jobJson, jobShape } from '#features/jobs/index.ts';
import { reportShape } from './transfer-report.ts';

/** A job as others are, with what it was asked for and what came of it. Its progress counts files; the total grows while folders are looked into. */
export const transferShape = jobShape
  .extend({
    path: z.string().optional(),
    folder_id: z.string().optional(),
    report: reportShape.optional().describe('Once it is done'),
  })
  .meta({ id: 'CloudTransfer' });

const input = z.object({
  path: z.string().optional(),
  folder_id: z.string().nullish(),
  report: reportShape.optional(),
});

export function transferJson(job: JobRow): z.output<typeof transferShape> {
  const { folder_id, path, report } = input.parse(JSON.parse(job.input ?? '{}'));
  return {
    ...jobJson(job),
    ...(path === undefined || path === '' ? {} : { path }),
    ...(folder_id === null || folder_id === undefined ? {} : { folder_id }),
    ...(report === undefined ? {} : { report }),
  };
}
