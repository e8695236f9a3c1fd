import { z } from 'zod';
import { decodeCursor, pageOf, pageQuery } from '#http/paging.ts';
import * as reply from '#http/reply.ts';
import { type Route, route } from '#http/route.ts';
import { jobJson, jobShape, jobState } from './jobs.json.ts';
import { type JobRow, listJobs } from './jobs.store.ts';
import { type RepeatDeps, repeatJob } from './repeat-job.ts';

const adminJobShape = jobShape.extend({ owner_account_id: z.string().optional() }).meta({ id: 'AdminJob' });

function adminJobJson(job: JobRow): z.output<typeof adminJobShape> {
  return { ...jobJson(job), ...(job.owner_account_id === null ? {} : { owner_account_id: job.owner_account_id }) };
}

/** For administrators: what runs, and what could not. */
export function jobRoutes(deps: RepeatDeps): Route[] {
  const tag = 'Jobs';
  return [
    route({
      method: 'GET',
      path: '/v1/admin/jobs',
      summary: 'List background jobs',
      description: 'Newest first. Says of documents only which they are.',
      tag,
      access: 'admin',
      limit: 'admin',
      query: pageQuery.extend({ state: jobState.optional() }),
      responses: {
        200: {
          description: 'One page',
          json: z.object({ jobs: z.array(adminJobShape), next_cursor: z.string().optional() }),
        },
      },
      errors: ['invalid_cursor'],
      handle: async ({ query }) => {
        const { rows, ...next } = pageOf(
          await listJobs(deps.metadata.read, query.state, query.limit + 1, decodeCursor(query.cursor)),
          query.limit,
        );
        return reply.json(200, { jobs: rows.map(adminJobJson), ...next });
      },
    }),
    route({
      method: 'POST',
      path: '/v1/admin/jobs/:job_id/repeat',
      summary: 'Repeat a parked job',
      tag,
      access: 'admin',
      limit: 'admin',
      responses: { 200: { description: 'It waits again', json: z.object({ job: adminJobShape }) } },
      errors: ['job_not_found', 'job_not_parked'],
      handle: async ({ caller, param }) => {
        const job = await repeatJob(deps, param('job_id'), { actor: 'account', actorAccountId: caller.accountId });
        return reply.json(200, { job: adminJobJson(job) });
      },
    }),
  ];
}
