import { html } from 'hono/html';
import { type Markup, moment } from '#http/pages/moment.ts';
import type { JsonChange, Path } from '../record/json-change.ts';
import type { ServiceKey } from '../record/names.ts';
import type { RunLine } from '../record/run-line.ts';
import { frame, impactMark, pagePath, trailTo } from './frame.pages.ts';

/** A page is for reading; more than this is for a program. */
const mostShown = 2_000;
const longestValue = 4_000;

export interface Compared {
  from: RunLine;
  to: RunLine;
  changes: readonly JsonChange[];
}

export function diffPage(key: ServiceKey, { changes, from, to }: Compared, signedIn: boolean): Markup {
  const shown = changes.slice(0, mostShown);
  return frame(
    { title: 'What changed', trail: trailTo(key, 'What changed'), signedIn },
    html`<dl class="facts">
<div><dt>Before</dt><dd><a href="${pagePath(key, `/runs/${from.run_id}`)}"><code>${from.run_id}</code></a>, ${moment(from.received_at)}</dd></div>
<div><dt>After</dt><dd><a href="${pagePath(key, `/runs/${to.run_id}`)}"><code>${to.run_id}</code></a>, ${moment(to.received_at)}</dd></div>
<div><dt>The run says</dt><dd>${impactMark(to.impact)}</dd></div>
</dl>
<p role="status">${counted(changes)}</p>
${shown.length === 0 ? '' : html`<ul class="changes">${shown.map(change)}</ul>`}
${changes.length > mostShown ? html`<p class="quiet">${(changes.length - mostShown).toLocaleString('en')} more are not shown. <code>proofline lineage diff</code> lists them all.</p>` : ''}`,
  );
}

/** Where there is nothing to compare with. */
export function firstRunPage(key: ServiceKey, only: RunLine | undefined, signedIn: boolean): Markup {
  return frame(
    { title: 'What changed', trail: trailTo(key, 'What changed'), signedIn },
    only === undefined
      ? html`<p class="empty">This service has no runs.</p>`
      : html`<p class="empty">No run came before <a href="${pagePath(key, `/runs/${only.run_id}`)}"><code>${only.run_id}</code></a>.</p>`,
  );
}

function counted(changes: readonly JsonChange[]): string {
  if (changes.length === 0) return 'Both artifacts say the same.';
  const of = (op: JsonChange['op']) => changes.filter((one) => one.op === op).length;
  const parts = [
    [of('add'), 'added'],
    [of('remove'), 'removed'],
    [of('replace'), 'changed'],
    [of('order'), 'reordered'],
  ] as const;
  return `${parts.flatMap(([count, word]) => (count === 0 ? [] : [`${count.toLocaleString('en')} ${word}`])).join(', ')}.`;
}

const words = { add: 'Added', remove: 'Removed', replace: 'Changed', order: 'Reordered' } as const;

function change(one: JsonChange): Markup {
  return html`<li class="${one.op}"><p><strong>${words[one.op]}</strong> <code class="path">${pathText(one.path)}</code></p>
${one.op === 'replace' || one.op === 'remove' ? html`<p class="before"><span class="visually-hidden">Before: </span>${valueText(one.before)}</p>` : ''}
${one.op === 'replace' || one.op === 'add' ? html`<p class="after"><span class="visually-hidden">After: </span>${valueText(one.after)}</p>` : ''}
${one.op === 'order' ? html`<p class="after"><span class="visually-hidden">Now: </span>${one.after.map((name) => String(name)).join(', ')}</p>` : ''}</li>`;
}

/** `services › orders › version`: what names an element stands for it. */
function pathText(path: Path): string {
  if (path.length === 0) return 'the whole artifact';
  return path
    .map((step) =>
      typeof step === 'object' ? String(Object.values(step)[0]) : typeof step === 'number' ? `[${step}]` : step,
    )
    .join(' › ');
}

function valueText(value: unknown): Markup {
  const text = JSON.stringify(value, undefined, 2);
  return html`<code class="value">${text.length > longestValue ? `${text.slice(0, longestValue)} …` : text}</code>`;
}
