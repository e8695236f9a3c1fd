import { html } from 'hono/html';
import type {
  DecisionRow,
  DeletionProgress,
  IncidentRow,
  StreamRow,
  unstreamedSummary,
} from '#features/incidents/index.ts';
import { ago, type Markup, moment } from '#http/pages/moment.ts';
import { chip, type FieldErrors, facts, field, table } from '#http/pages/parts.pages.ts';
import { tellBytes, tellCount } from '#http/pages/tell.js';
import { decisionFacts } from '../deletions/deletions.pages.ts';
import { show, tokenField } from '../frame.pages.ts';
import type { Visit } from '../gate.ts';
import { type GroupsView, groupsSection } from './capture-groups.pages.ts';
import { deletionChip, ownerLink, statusChip } from './incidents.pages.ts';

export interface IncidentView {
  incident: IncidentRow;
  streams: readonly StreamRow[];
  loose: Awaited<ReturnType<typeof unstreamedSummary>>;
  decision: DecisionRow | undefined;
  progress: DeletionProgress | undefined;
  names: ReadonlyMap<string, string>;
  captures: GroupsView;
  wrong: { username: string; errors: FieldErrors } | undefined;
}

const done: Record<string, string> = {
  owner: 'The incident has its owner now. Its recordings count for that account.',
  deletion: 'The deletion is decided. Nobody can see or add anything any more; the recordings go in the background.',
};

/** What is known about an incident, and nothing of what is in it: the notes are the owner's. */
export async function incidentPage(visit: Visit, view: IncidentView): Promise<Response> {
  const { incident } = view;
  const active = incident.deletion_state === 'active';
  return await show(
    visit,
    {
      title: 'Incident',
      section: 'incidents',
      back: { href: '/admin/incidents', label: 'Incidents' },
      done: done[visit.query.get('done') ?? ''],
      status: view.wrong === undefined ? 200 : 400,
    },
    html`<section aria-labelledby="facts">
        <h2 id="facts"><code>${incident.id}</code></h2>
        ${facts([
          ['Owner', ownerLink(view.names, incident.owner_account_id)],
          ['Status', statusChip(incident)],
          ['Deletion', deletionChip(incident.deletion_state)],
          ['Label', incident.client_label ?? ''],
          ['Mode', incident.incident_mode?.replaceAll('_', ' ') ?? ''],
          ['Created', html`${moment(incident.created_at)} (${ago(incident.created_at, visit.nowMs)})`],
          ['Closed', incident.closed_at === null ? '' : moment(incident.closed_at)],
        ])}
      </section>
      ${streamsSection(view)}
      ${groupsSection(view.captures)}
      ${active && incident.owner_account_id === null ? ownerSection(visit, view) : ''}
      <section aria-labelledby="deletion">
        <h2 id="deletion">Deletion</h2>
        ${view.decision === undefined ? '' : decisionFacts(visit, view.decision, view.progress)}
        ${
          active
            ? html`<p>Deleting takes the incident away from everybody at once, and its recordings for good.</p>
              <p><a class="button quiet" href="/admin/incidents/${incident.id}/delete">Delete this incident…</a></p>`
            : ''
        }
      </section>`,
  );
}

function streamsSection({ streams, loose }: IncidentView): Markup {
  const states = { open: chip('Open', 'good'), complete: chip('Complete'), failed: chip('Broken off', 'care') };
  return html`<section aria-labelledby="streams">
    <h2 id="streams">Recordings</h2>
    ${
      streams.length === 0
        ? html`<p>No stream was opened.</p>`
        : table(
            'Streams',
            [
              { label: 'Stream', cell: ({ id }: StreamRow) => html`<code>${id}</code>` },
              { label: 'Media', cell: ({ media_type }) => media_type },
              { label: 'State', cell: ({ status }) => states[status] },
              { label: 'Parts', cell: ({ chunk_count }) => chunk_count.toLocaleString('en') },
              { label: 'Size', cell: ({ byte_count }) => tellBytes(byte_count) },
            ],
            streams,
          )
    }
    ${loose.map(({ media_type, count }) => html`<p>Outside any stream: ${media_type}, ${tellCount(count, 'part')}.</p>`)}
  </section>`;
}

function ownerSection(visit: Visit, { incident, wrong }: IncidentView): Markup {
  return html`<section aria-labelledby="owner">
    <h2 id="owner">Give it to an account</h2>
    <p>It came without an owner, so only administrators see it. This can be done once.</p>
    <form method="post" action="/admin/incidents/${incident.id}/owner" class="form">
      ${tokenField(visit.token)}
      ${field({ name: 'username', label: 'Username of the new owner', value: wrong?.username ?? '' }, wrong?.errors)}
      <button type="submit">Make this account the owner</button>
    </form>
  </section>`;
}
