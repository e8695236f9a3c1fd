import { html } from 'hono/html';
import type { IncidentRow, StreamRow, unstreamedSummary } from '#features/incidents/index.ts';
import { moment } from '#http/pages/moment.ts';
import { checkbox, type FieldErrors, facts, field } from '#http/pages/parts.pages.ts';
import { tellBytes, tellCount } from '#http/pages/tell.js';
import { show, tokenField } from '../frame.pages.ts';
import type { Visit } from '../gate.ts';
import { ownerLink, statusChip } from '../incidents/incidents.pages.ts';

export interface DeletionWish {
  reason: string;
  allowOpen: boolean;
}

/** First step: why. Nothing happens yet, so the form is a plain question (GET). */
export async function reasonPage(
  visit: Visit,
  incident: IncidentRow,
  wish: DeletionWish,
  errors: FieldErrors,
): Promise<Response> {
  const wrong = Object.keys(errors).length > 0;
  return await show(
    visit,
    {
      title: 'Delete an incident',
      section: 'incidents',
      back: { href: `/admin/incidents/${incident.id}`, label: 'The incident' },
      status: wrong ? 400 : 200,
    },
    html`<p>Incident <code>${incident.id}</code>. On the next page you see what would go, before anything does.</p>
      <form method="get" action="/admin/incidents/${incident.id}/delete/confirm" class="form">
        ${field(
          {
            name: 'reason',
            label: 'Reason code',
            hint: 'Short, for the record: like owner_request, court_order-17 or duplicate. It is kept after the deletion.',
            value: wish.reason,
          },
          errors,
        )}
        ${incident.status === 'open' ? checkbox({ name: 'allow_open', label: 'Delete it although it is open and may still be recording', checked: wish.allowOpen }, errors) : ''}
        <button type="submit" class="quiet">Continue</button>
      </form>`,
  );
}

export interface ConfirmView {
  incident: IncidentRow;
  streams: readonly StreamRow[];
  loose: Awaited<ReturnType<typeof unstreamedSummary>>;
  names: ReadonlyMap<string, string>;
  wish: DeletionWish;
  errors: FieldErrors;
}

/** Second step: what would go, and the one button that does it. */
export async function confirmDeletionPage(visit: Visit, view: ConfirmView): Promise<Response> {
  const { incident, streams, loose, wish, errors } = view;
  const parts = [...streams.map((row) => row.chunk_count), ...loose.map((row) => row.count)];
  const bytes = streams.reduce((total, row) => total + row.byte_count, 0);
  const wrong = Object.keys(errors).length > 0;
  return await show(
    visit,
    {
      title: 'Delete this incident?',
      section: 'incidents',
      back: { href: `/admin/incidents/${incident.id}`, label: 'The incident, without deleting it' },
      status: wrong ? 400 : 200,
    },
    html`<section aria-labelledby="goes">
      <h2 id="goes">What goes</h2>
      ${facts([
        ['Incident', html`<code>${incident.id}</code>`],
        ['Owner', ownerLink(view.names, incident.owner_account_id)],
        ['Status', statusChip(incident)],
        ['Created', moment(incident.created_at)],
        [
          'Recordings',
          `${tellCount(streams.length, 'stream')}, ${tellCount(
            parts.reduce((a, b) => a + b, 0),
            'part',
          )}, ${tellBytes(bytes)}`,
        ],
        ['Reason code', html`<code>${wish.reason}</code>`],
      ])}
      <p>From the moment you confirm, nobody can see it, add to it or download it, and its viewer links stop working. The recordings cannot be brought back. A record stays that it existed and was deleted.</p>
      <form method="post" action="/admin/incidents/${incident.id}/delete/confirm" class="form">
        ${tokenField(visit.token)}
        <input type="hidden" name="reason" value="${wish.reason}" />
        <input type="hidden" name="allow_open" value="${wish.allowOpen ? 'yes' : ''}" />
        ${checkbox({ name: 'sure', label: 'I am sure that this incident is to be deleted for good' }, errors)}
        <button type="submit" class="danger">Delete for good</button>
      </form>
    </section>`,
  );
}
