import { html } from 'hono/html';
import { type Markup, moment } from '#http/pages/moment.ts';
import { tellBytes } from '#http/pages/tell.js';
import type { RunPage } from '../queries/list-runs.ts';
import type { ServiceKey } from '../record/names.ts';
import { dayOf, type RunLine } from '../record/run-line.ts';
import { frame, impactMark, pagePath, trailTo } from './frame.pages.ts';

export interface Asked {
  from: string;
  to: string;
  commit: string;
}

/** The history of one service, newest first, a heading for each day. */
export function servicePage(key: ServiceKey, { next_cursor, runs }: RunPage, asked: Asked, signedIn: boolean): Markup {
  const days = Map.groupBy(runs, dayOf);
  const more = new URLSearchParams({ ...given(asked), ...(next_cursor === undefined ? {} : { cursor: next_cursor }) });
  return frame(
    { title: key.service, trail: trailTo(key), signedIn },
    html`<form class="filter" method="get">
<label>From <input type="date" name="from" value="${asked.from}"></label>
<label>To <input type="date" name="to" value="${asked.to}"></label>
<label>Commit <input name="commit" value="${asked.commit}" maxlength="64" pattern="[A-Za-z0-9._\\-]+" autocomplete="off" spellcheck="false"></label>
<button>Show</button>
</form>
${runs.length === 0 ? html`<p class="empty">No runs here.</p>` : ''}
${[...days].map(
  ([day, lines]) => html`<section aria-labelledby="d${day}"><h2 id="d${day}">${day}</h2>
<ol class="timeline">${lines.map((line) => entry(key, line))}</ol></section>`,
)}
${next_cursor === undefined ? '' : html`<p><a href="${pagePath(key)}?${more.toString()}">Earlier runs</a></p>`}`,
  );
}

function entry(key: ServiceKey, line: RunLine): Markup {
  const { bytes, commit_sha, impact, received_at, run_id } = line;
  return html`<li class="${impact}">
<p><a href="${pagePath(key, `/runs/${run_id}`)}"><code>${run_id}</code></a> ${impactMark(impact)}</p>
<p class="quiet">${moment(received_at)}${commit_sha === undefined ? '' : html` · commit <code>${commit_sha}</code>`} · ${tellBytes(bytes)} · <a href="${pagePath(key, `/diff?to=${run_id}`)}">compare with the run before</a></p>
</li>`;
}

function given(asked: Asked): Record<string, string> {
  return Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== ''));
}
