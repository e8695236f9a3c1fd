import { html } from 'hono/html';
import type { IncidentCount } from '#features/incidents/index.ts';
import { chip, facts } from '#http/pages/parts.pages.ts';
import { tellBytes, tellCount, tellLength } from '#http/pages/tell.js';
import type { StagingUsage } from '#platform/blobs/blob-store.ts';
import { show } from '../frame.pages.ts';
import type { Visit } from '../gate.ts';

export interface Overview {
  backends: readonly (readonly [string, string])[];
  incidents: readonly IncidentCount[];
  unfinished: number;
  staging: StagingUsage;
  version: string;
  upMs: number;
}

const backendNames: Record<string, string> = {
  metadata: 'Database',
  blobs: 'Storage of recordings',
  coordination: 'Coordination',
};

const states: Record<string, [string, 'good' | 'care' | 'bad']> = {
  ok: ['Works', 'good'],
  read_only: ['Read only', 'bad'],
  unavailable: ['Not available', 'bad'],
};

export async function overviewPage(visit: Visit, overview: Overview): Promise<Response> {
  const { staging } = overview;
  const count = (wanted: Partial<IncidentCount>) =>
    overview.incidents
      .filter((row) => Object.entries(wanted).every(([key, value]) => row[key as keyof IncidentCount] === value)) // keys of IncidentCount, by its type
      .reduce((total, row) => total + row.count, 0);
  const number = (value: number) => value.toLocaleString('en');
  const healthy = overview.backends.every(([, state]) => state === 'ok');
  const percent = staging.quotaBytes === 0 ? 0 : Math.round((staging.bytes / staging.quotaBytes) * 100);
  return await show(
    visit,
    { title: 'Overview', section: 'overview' },
    html`<div class="cards">
      <section aria-labelledby="backends">
        <h2 id="backends">${healthy ? 'Everything works' : 'Something needs attention'}</h2>
        ${facts(
          overview.backends.map(([name, state]) => {
            const [words, tone] = states[state] ?? [state, 'care'];
            return [backendNames[name] ?? name, chip(words, tone)];
          }),
        )}
      </section>
      <section aria-labelledby="incidents">
        <h2 id="incidents">Incidents</h2>
        ${facts([
          [
            'Open',
            html`<a href="/admin/incidents?status=open&deletion=active">${number(count({ status: 'open', deletion_state: 'active' }))}</a>`,
          ],
          [
            'Closed',
            html`<a href="/admin/incidents?status=closed&deletion=active">${number(count({ status: 'closed', deletion_state: 'active' }))}</a>`,
          ],
          [
            'Deleted',
            html`<a href="/admin/incidents?deletion=deleted">${number(count({ deletion_state: 'deleted' }))}</a>`,
          ],
          [
            'Being deleted',
            html`<a href="/admin/deletions">${number(overview.unfinished)}</a>${count({ deletion_state: 'deletion_failed' }) > 0 ? html` ${chip(`${number(count({ deletion_state: 'deletion_failed' }))} to be tried again`, 'care')}` : ''}`,
          ],
        ])}
      </section>
      <section aria-labelledby="staging">
        <h2 id="staging">Uploads on their way</h2>
        ${facts([
          ['Now', tellCount(staging.bodies, 'upload')],
          ['Room taken', `${tellBytes(staging.bytes)} of ${tellBytes(staging.quotaBytes)} (${percent}\u00a0%)`],
        ])}
        <meter min="0" max="100" high="80" value="${percent}" aria-label="Room taken by uploads on their way">${percent} %</meter>
      </section>
      <section aria-labelledby="server">
        <h2 id="server">This server</h2>
        ${facts([
          ['Version', overview.version],
          ['Running for', tellLength(overview.upMs)],
        ])}
      </section>
    </div>`,
  );
}
