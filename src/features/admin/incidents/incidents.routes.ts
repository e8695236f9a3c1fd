import { accountByUsername, usernamesOf } from '#features/accounts/index.ts';
import {
  decisionOf,
  findIncidents,
  type IncidentFilter,
  type IncidentRow,
  incidentById,
  progressOf,
  streamsOf,
  unstreamedSummary,
} from '#features/incidents/index.ts';
import { decodeCursor, pageOf } from '#http/paging.ts';
import { textOf } from '#http/read-form.ts';
import * as reply from '#http/reply.ts';
import type { Route } from '#http/route.ts';
import { Problem } from '#kit/errors.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { FieldError, fieldErrors } from '../field-errors.ts';
import type { Gate, Visit } from '../gate.ts';
import { assignOwner } from './assign-owner.ts';
import { groupsView } from './capture-groups.pages.ts';
import { incidentPage } from './incident.pages.ts';
import { deletionStates, incidentsPage } from './incidents.pages.ts';

const pageSize = 50;

export function incidentPageRoutes(deps: { metadata: Metadata; gate: Gate }): Route[] {
  const { metadata, gate } = deps;
  const { read } = metadata;

  const filterOf = async (query: URLSearchParams): Promise<IncidentFilter> => {
    const owner = textOf(query, 'owner').toLowerCase();
    const account = owner === '' ? undefined : await accountByUsername(read, owner);
    if (owner !== '' && account === undefined) throw new FieldError('owner', 'There is no account with this username.');
    const status = textOf(query, 'status');
    return {
      ownerId: query.has('ownerless') ? null : account?.id,
      status: status === 'open' || status === 'closed' ? status : undefined,
      deletionState: deletionStates.find(([state]) => state === textOf(query, 'deletion'))?.[0],
    };
  };
  const showIncident = async (
    visit: Visit,
    incident: IncidentRow,
    wrong?: { username: string; errors: Record<string, string> },
  ) => {
    const [streams, loose, decision, names] = await Promise.all([
      streamsOf(read, incident.id),
      unstreamedSummary(read, incident.id),
      decisionOf(read, incident.id),
      usernamesOf(read, [incident.owner_account_id]),
    ]);
    const captures = await groupsView(read, incident.id, streams);
    const progress = decision === undefined ? undefined : (await progressOf(read, [decision.id])).get(decision.id);
    return await incidentPage(visit, { incident, streams, loose, decision, progress, names, captures, wrong });
  };
  const existing = async (visit: Visit): Promise<IncidentRow> => {
    const incident = await incidentById(read, visit.param('incident_id'));
    if (incident === undefined) throw new Problem('incident_not_found');
    return incident;
  };

  return [
    gate.page('/admin/incidents', 'Incidents', async (visit) => {
      const wanted = textOf(visit.query, 'id');
      try {
        if (wanted !== '') {
          if ((await incidentById(read, wanted)) !== undefined)
            return reply.seeOther(`/admin/incidents/${encodeURIComponent(wanted)}`);
          throw new FieldError('id', 'There is no incident with this id.');
        }
        const after = decodeCursor(visit.query.get('cursor') ?? undefined);
        const found = await findIncidents(read, await filterOf(visit.query), pageSize + 1, after);
        const page = pageOf(found, pageSize);
        const names = await usernamesOf(
          read,
          page.rows.map((row) => row.owner_account_id),
        );
        return await incidentsPage(visit, { ...page, names, errors: {} });
      } catch (error) {
        return await incidentsPage(visit, { rows: [], names: new Map(), errors: fieldErrors(error) });
      }
    }),
    gate.page('/admin/incidents/:incident_id', 'One incident', async (visit) =>
      showIncident(visit, await existing(visit)),
    ),
    gate.act(
      '/admin/incidents/:incident_id/owner',
      'Give an incident without owner to an account',
      async (visit, form) => {
        const incident = await existing(visit);
        const username = textOf(form, 'username');
        try {
          await assignOwner(metadata, visit.admin, incident.id, username);
        } catch (error) {
          return await showIncident(visit, incident, { username, errors: fieldErrors(error) });
        }
        return reply.seeOther(`/admin/incidents/${incident.id}?done=owner`);
      },
    ),
  ];
}
