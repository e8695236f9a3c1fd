import { usernamesOf } from '#features/accounts/index.ts';
import {
  type IncidentRow,
  incidentById,
  listDecisions,
  progressOf,
  requestDeletion,
  streamsOf,
  unstreamedSummary,
} from '#features/incidents/index.ts';
import { decodeCursor, pageOf } from '#http/paging.ts';
import { type Form, textOf } from '#http/read-form.ts';
import * as reply from '#http/reply.ts';
import type { Route } from '#http/route.ts';
import { isProblem, Problem } from '#kit/errors.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import type { Gate, Visit } from '../gate.ts';
import { deletionsPage } from './deletions.pages.ts';
import { confirmDeletionPage, type DeletionWish, reasonPage } from './request-deletion.pages.ts';

const pageSize = 50;

export function deletionPageRoutes(
  deps: { metadata: Metadata; gate: Gate },
  config: { workerIntervalMs: number },
): Route[] {
  const { metadata, gate } = deps;
  const { read } = metadata;
  const path = '/admin/incidents/:incident_id/delete';
  const deletable = async (visit: Visit): Promise<IncidentRow> => {
    const incident = await incidentById(read, visit.param('incident_id'));
    if (incident === undefined) throw new Problem('incident_not_found');
    return incident;
  };
  const confirm = async (visit: Visit, incident: IncidentRow, wish: DeletionWish, errors: Record<string, string>) => {
    const [streams, loose, names] = await Promise.all([
      streamsOf(read, incident.id),
      unstreamedSummary(read, incident.id),
      usernamesOf(read, [incident.owner_account_id]),
    ]);
    return await confirmDeletionPage(visit, { incident, streams, loose, names, wish, errors });
  };

  return [
    gate.page('/admin/deletions', 'Deletions', async (visit) => {
      const after = decodeCursor(visit.query.get('cursor') ?? undefined);
      const page = pageOf(await listDecisions(read, pageSize + 1, after), pageSize);
      const [names, progress] = await Promise.all([
        usernamesOf(
          read,
          page.rows.map((row) => row.actor_account_id),
        ),
        progressOf(
          read,
          page.rows.map((row) => row.id),
        ),
      ]);
      return await deletionsPage(visit, { ...page, names, progress, workerIntervalMs: config.workerIntervalMs });
    }),
    gate.page(path, 'Why an incident is to be deleted', async (visit) => {
      const incident = await deletable(visit);
      if (incident.deletion_state !== 'active') return reply.seeOther(`/admin/incidents/${incident.id}`);
      return await reasonPage(visit, incident, wishOf(visit.query), {});
    }),
    gate.page(`${path}/confirm`, 'What a deletion would take', async (visit) => {
      const incident = await deletable(visit);
      if (incident.deletion_state !== 'active') return reply.seeOther(`/admin/incidents/${incident.id}`);
      const wish = wishOf(visit.query);
      const errors = problemsOf(wish, incident);
      return Object.keys(errors).length > 0
        ? await reasonPage(visit, incident, wish, errors)
        : await confirm(visit, incident, wish, {});
    }),
    gate.act(`${path}/confirm`, 'Delete an incident', async (visit, form) => {
      const incident = await deletable(visit);
      const wish = wishOf(form);
      const errors = problemsOf(wish, incident);
      if (Object.keys(errors).length > 0) return await reasonPage(visit, incident, wish, errors);
      if (textOf(form, 'sure') !== 'yes')
        return await confirm(visit, incident, wish, { sure: 'Tick this if you are sure.' });
      try {
        await requestDeletion(deps, {
          incidentId: incident.id,
          source: 'admin_request',
          reasonCode: wish.reason,
          allowOpen: wish.allowOpen,
          by: { actor: 'account', actorAccountId: visit.admin.accountId },
        });
      } catch (error) {
        if (isProblem(error, 'incident_open')) return await reasonPage(visit, incident, wish, openError);
        throw error;
      }
      return reply.seeOther(`/admin/incidents/${incident.id}?done=deletion`);
    }),
  ];
}

function wishOf(form: Form): DeletionWish {
  return { reason: textOf(form, 'reason'), allowOpen: textOf(form, 'allow_open') === 'yes' };
}

const openError = { allow_open: 'It is still open. Tick this to delete it nevertheless, or wait until it is closed.' };

function problemsOf(wish: DeletionWish, incident: IncidentRow): Record<string, string> {
  if (!/^[A-Za-z0-9_.:-]{1,64}$/.test(wish.reason))
    return { reason: 'Write 1 to 64 letters, digits, and _ . : - without spaces, like court_order-17.' };
  return incident.status === 'open' && !wish.allowOpen ? openError : {};
}
