import { html } from 'hono/html';
import type { DecisionRow, DeletionProgress } from '#features/incidents/index.ts';
import { ago, type Markup, moment } from '#http/pages/moment.ts';
import { chip, facts, older, table } from '#http/pages/parts.pages.ts';
import { tellCount, tellLength } from '#http/pages/tell.js';
import { show } from '../frame.pages.ts';
import type { Visit } from '../gate.ts';

const sources = {
  account_request: 'The owner',
  admin_request: 'An administrator',
  retention_policy: 'The retention setting',
} as const;

const states = {
  deletion_pending: chip('Decided', 'care'),
  deleting: chip('Under way', 'care'),
  deletion_failed: chip('To be tried again', 'bad'),
  deleted: chip('Done'),
} as const;

function progressWords(decision: DecisionRow, progress: DeletionProgress | undefined, nowMs: number): Markup {
  if (decision.state === 'deleted') return html`${tellCount(decision.item_count, 'part')} removed`;
  // Until it is under way, the list of what to remove is not whole.
  const left = decision.state === 'deletion_pending' ? decision.item_count : (progress?.left ?? 0);
  const tries = progress?.attempts ?? 0;
  const failed = decision.state === 'deletion_failed';
  return html`${left.toLocaleString('en')} of ${tellCount(decision.item_count, 'part')} left${tries > 0 ? html`, tried ${tellCount(tries, 'time')}` : ''}${failed ? html`, latest ${ago(decision.updated_at, nowMs)}` : ''}${failed && decision.error_code !== null ? html`: <code>${decision.error_code}</code>` : ''}`;
}

export interface DeletionsView {
  rows: readonly DecisionRow[];
  next_cursor?: string;
  names: ReadonlyMap<string, string>;
  progress: ReadonlyMap<string, DeletionProgress>;
  workerIntervalMs: number;
}

export async function deletionsPage(visit: Visit, view: DeletionsView): Promise<Response> {
  return await show(
    visit,
    { title: 'Deletions', section: 'deletions' },
    html`<p>${
      view.workerIntervalMs === 0
        ? 'This process does not carry deletions out (SAFE_DELETION_WORKER_INTERVAL is 0).'
        : `What is decided is carried out every ${tellLength(view.workerIntervalMs)}. What did not work is tried again then, until it does.`
    }</p>
      ${
        view.rows.length === 0
          ? html`<p>No deletion was ever asked for.</p>`
          : html`${table(
              'Deletions, newest first',
              [
                {
                  label: 'Incident',
                  cell: ({ incident_id }: DecisionRow) =>
                    html`<a href="/admin/incidents/${incident_id}"><code>${incident_id}</code></a>`,
                },
                { label: 'State', cell: ({ state }) => states[state] },
                { label: 'Progress', cell: (row) => progressWords(row, view.progress.get(row.id), visit.nowMs) },
                {
                  label: 'Asked by',
                  cell: ({ source, actor_account_id: id }) =>
                    html`${sources[source]}${id === null ? '' : html`, <a href="/admin/accounts/${id}">${view.names.get(id) ?? id}</a>`}`,
                },
                {
                  label: 'Reason',
                  cell: ({ reason_code }) => (reason_code === null ? 'None' : html`<code>${reason_code}</code>`),
                },
                { label: 'Asked', cell: ({ requested_at }) => ago(requested_at, visit.nowMs) },
              ],
              view.rows,
            )}
            ${older('/admin/deletions', visit.query, view.next_cursor, 'deletions')}`
      }`,
  );
}

export function decisionFacts(visit: Visit, decision: DecisionRow, progress: DeletionProgress | undefined): Markup {
  return facts([
    ['State', states[decision.state]],
    ['Progress', progressWords(decision, progress, visit.nowMs)],
    ['Asked by', sources[decision.source]],
    ['Reason code', decision.reason_code === null ? '' : html`<code>${decision.reason_code}</code>`],
    ['Asked', moment(decision.requested_at)],
    ['Last change', ago(decision.updated_at, visit.nowMs)],
    ['Done', decision.deleted_at === null ? '' : moment(decision.deleted_at)],
  ]);
}
