import { usernamesOf } from '#features/accounts/index.ts';
import { countJobs, listJobs, type RepeatDeps, repeatJob } from '#features/jobs/index.ts';
import { decodeCursor, pageOf } from '#http/paging.ts';
import * as reply from '#http/reply.ts';
import type { Route } from '#http/route.ts';
import { isProblem } from '#kit/errors.ts';
import type { Gate } from '../gate.ts';
import { jobsPage } from './jobs.pages.ts';

const pageSize = 50;

export function jobPageRoutes({ gate, ...deps }: RepeatDeps & { gate: Gate }): Route[] {
  const { read } = deps.metadata;
  return [
    gate.page('/admin/jobs', 'Background jobs', async (visit) => {
      const after = decodeCursor(visit.query.get('cursor') ?? undefined);
      const page = pageOf(await listJobs(read, 'parked', pageSize + 1, after), pageSize);
      const [names, waiting, running] = await Promise.all([
        usernamesOf(
          read,
          page.rows.map((row) => row.owner_account_id),
        ),
        countJobs(read, 'waiting'),
        countJobs(read, 'running'),
      ]);
      return await jobsPage(visit, { ...page, names, waiting, running });
    }),
    gate.act('/admin/jobs/:job_id/repeat', 'Repeat a parked job', async (visit) => {
      try {
        await repeatJob(deps, visit.param('job_id'), { actor: 'account', actorAccountId: visit.admin.accountId });
      } catch (error) {
        if (isProblem(error, 'job_not_parked')) return reply.seeOther('/admin/jobs?done=changed');
        throw error;
      }
      return reply.seeOther('/admin/jobs?done=repeated');
    }),
  ];
}
