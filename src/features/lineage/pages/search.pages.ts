import { html } from 'hono/html';
import { type Markup, moment } from '#http/pages/moment.ts';
import type { Found } from '../queries/search-runs.ts';
import { frame, impactMark, pagePath } from './frame.pages.ts';

export function searchPage(asked: string, found: readonly Found[] | undefined, signedIn: boolean): Markup {
  return frame(
    { title: 'Search', signedIn },
    html`<form class="filter" method="get" role="search">
<label>Run id, or whole commit <input name="q" value="${asked}" maxlength="128" required autocomplete="off" spellcheck="false" size="44"></label>
<button>Search</button>
</form>
${found === undefined ? '' : html`<p role="status">${found.length === 0 ? 'Nothing found among the services that you may see.' : `${found.length} found.`}</p>`}
${
  found === undefined || found.length === 0
    ? ''
    : html`<table>
<thead><tr><th scope="col">Service</th><th scope="col">Run</th><th scope="col">Arrived</th><th scope="col">Commit</th><th scope="col">Changes</th></tr></thead>
<tbody>${found.map(
        ({
          key,
          line,
        }) => html`<tr><th scope="row"><a href="${pagePath(key)}">${key.service}</a><span class="quiet">${key.organization} / ${key.project}</span></th>
<td data-label="Run"><a href="${pagePath(key, `/runs/${line.run_id}`)}"><code>${line.run_id}</code></a></td>
<td data-label="Arrived">${moment(line.received_at)}</td>
<td data-label="Commit">${line.commit_sha === undefined ? '–' : html`<code>${line.commit_sha}</code>`}</td>
<td data-label="Changes">${impactMark(line.impact)}</td></tr>`,
      )}</tbody></table>`
}`,
  );
}
