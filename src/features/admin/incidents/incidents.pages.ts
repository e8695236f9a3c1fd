import { html } from 'hono/html';
import type { IncidentRow } from '#features/incidents/index.ts';
import { ago, type Markup } from '#http/pages/moment.ts';
import { checkbox, chip, choice, type FieldErrors, field, older, table } from '#http/pages/parts.pages.ts';
import { textOf } from '#http/read-form.ts';
import { show } from '../frame.pages.ts';
import type { Visit } from '../gate.ts';

export const deletionStates = [
  ['active', 'Not deleted'],
  ['deletion_pending', 'Deletion decided'],
  ['deleting', 'Being deleted'],
  ['deletion_failed', 'Deletion to be tried again'],
  ['deleted', 'Deleted'],
] as const;

export function statusChip(incident: Pick<IncidentRow, 'status'>): Markup {
  return incident.status === 'open' ? chip('Open', 'good') : chip('Closed');
}

export function deletionChip(state: IncidentRow['deletion_state']): Markup {
  const words = deletionStates.find(([name]) => name === state)?.[1] ?? state;
  return state === 'active' ? html`${words}` : chip(words, state === 'deletion_failed' ? 'bad' : 'care');
}

export function ownerLink(names: ReadonlyMap<string, string>, id: string | null): Markup {
  if (id === null) return html`${chip('None', 'care')}`;
  return html`<a href="/admin/accounts/${id}">${names.get(id) ?? id}</a>`;
}

export interface IncidentsView {
  rows: readonly IncidentRow[];
  next_cursor?: string;
  names: ReadonlyMap<string, string>;
  errors: FieldErrors;
}

export async function incidentsPage(visit: Visit, view: IncidentsView): Promise<Response> {
  const { query } = visit;
  const wrong = Object.keys(view.errors).length > 0;
  return await show(
    visit,
    { title: 'Incidents', section: 'incidents', status: wrong ? 400 : 200 },
    html`<search class="filters">
        <form method="get" action="/admin/incidents" class="form inline">
          ${field({ name: 'id', label: 'Find by id', type: 'search', value: textOf(query, 'id') }, view.errors)}
          <button type="submit" class="quiet">Find</button>
        </form>
        <form method="get" action="/admin/incidents" class="form inline">
          ${field({ name: 'owner', label: 'Owner', value: textOf(query, 'owner'), optional: 'silent' }, view.errors)}
          ${choice({
            name: 'status',
            label: 'Status',
            value: textOf(query, 'status'),
            options: [
              ['', 'Any'],
              ['open', 'Open'],
              ['closed', 'Closed'],
            ],
          })}
          ${choice({ name: 'deletion', label: 'Deletion', value: textOf(query, 'deletion'), options: [['', 'Any'], ...deletionStates] })}
          ${checkbox({ name: 'ownerless', label: 'Only without owner', checked: query.has('ownerless') })}
          <button type="submit" class="quiet">Filter</button>
        </form>
      </search>
      ${
        wrong
          ? ''
          : view.rows.length === 0
            ? html`<p>No incident matches.</p>`
            : html`${table(
                'Incidents, newest first',
                [
                  {
                    label: 'Incident',
                    cell: ({ id }) => html`<a href="/admin/incidents/${id}"><code>${id}</code></a>`,
                  },
                  { label: 'Owner', cell: (row) => ownerLink(view.names, row.owner_account_id) },
                  { label: 'Status', cell: statusChip },
                  { label: 'Deletion', cell: ({ deletion_state }) => deletionChip(deletion_state) },
                  { label: 'Created', cell: ({ created_at }) => ago(created_at, visit.nowMs) },
                ],
                view.rows,
              )}
              ${older('/admin/incidents', query, view.next_cursor, 'incidents')}`
      }`,
  );
}
