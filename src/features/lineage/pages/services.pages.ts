import { html } from 'hono/html';
import { ago, type Markup } from '#http/pages/moment.ts';
import type { ServicePage } from '../queries/list-services.ts';
import { frame, impactMark, pagePath } from './frame.pages.ts';

export function servicesPage({ next_cursor, services }: ServicePage, nowMs: number, signedIn: boolean): Markup {
  const empty = html`<p class="empty">No service has sent a run yet, or none that you may see.</p>`;
  return frame(
    { title: 'Services', signedIn },
    html`${
      services.length === 0
        ? empty
        : html`<table>
<thead><tr><th scope="col">Service</th><th scope="col">Latest run</th><th scope="col">Arrived</th><th scope="col">Commit</th><th scope="col">Drift</th></tr></thead>
<tbody>${services.map(({ latest, ...key }) => {
            const name = html`<th scope="row"><a href="${pagePath(key)}">${key.service}</a><span class="quiet">${key.organization} / ${key.project}</span></th>`;
            return latest === undefined
              ? html`<tr>${name}<td data-label="Latest run" colspan="4">the first is on its way</td></tr>`
              : html`<tr>${name}
<td data-label="Latest run"><a href="${pagePath(key, `/runs/${latest.run_id}`)}"><code>${latest.run_id}</code></a></td>
<td data-label="Arrived">${ago(latest.received_at, nowMs)}</td>
<td data-label="Commit">${latest.commit_sha === undefined ? '–' : html`<code>${latest.commit_sha.slice(0, 12)}</code>`}</td>
<td data-label="Drift">${
                  latest.impact === 'none'
                    ? impactMark('none')
                    : html`<a href="${pagePath(key, '/diff')}">${impactMark(latest.impact)}</a>`
                }</td></tr>`;
          })}</tbody></table>`
    }
${next_cursor === undefined ? '' : html`<p><a href="/lineage?cursor=${next_cursor}">More services</a></p>`}`,
  );
}
