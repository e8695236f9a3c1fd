import { html } from 'hono/html';
import { type Markup, moment } from '#http/pages/moment.ts';
import { tellBytes } from '#http/pages/tell.js';
import type { ServiceKey } from '../record/names.ts';
import type { RunLine } from '../record/run-line.ts';
import type { StoredRun } from '../record/stored-run.ts';
import { frame, impactMark, pagePath, trailTo } from './frame.pages.ts';

/** Longer values are cut here; the record itself is one click away. Characters. */
const longest = 200_000;

export function runPage(key: ServiceKey, line: RunLine, stored: StoredRun, signedIn: boolean): Markup {
  const { bytes, commit_sha, impact, received_at, run_id, sha256 } = line;
  const values = (['artifact', 'diff', 'summary', 'metadata'] as const).flatMap((name) => {
    const raw = stored[name];
    return raw === undefined ? [] : [{ name, raw }];
  });
  return frame(
    { title: `Run ${run_id}`, trail: trailTo(key, run_id), signedIn },
    html`<dl class="facts">
<div><dt>Arrived</dt><dd>${moment(received_at)}</dd></div>
${stored.generated_at === undefined ? '' : html`<div><dt>Made</dt><dd>${stored.generated_at}</dd></div>`}
${commit_sha === undefined ? '' : html`<div><dt>Commit</dt><dd><a href="/lineage/search?q=${commit_sha}"><code>${commit_sha}</code></a></dd></div>`}
<div><dt>Changes</dt><dd>${impactMark(impact)}</dd></div>
<div><dt>Size</dt><dd>${tellBytes(bytes)}</dd></div>
<div class="wide"><dt>SHA-256 of the record</dt><dd><code>${sha256}</code></dd></div>
</dl>
<p><a href="${pagePath(key, `/diff?to=${run_id}`)}">Compare with the run before</a> · <a href="${pagePath(key, `/runs/${run_id}/record.json`)}" download="${run_id}.json">The record as it was kept</a></p>
${values.map(({ name, raw }) => section(name, raw))}`,
  );
}

function section(name: string, raw: string): Markup {
  const text = indented(raw);
  const cut = text.length > longest;
  return html`<section aria-labelledby="v-${name}"><h2 id="v-${name}">${name}</h2>
<pre tabindex="0" aria-labelledby="v-${name}">${cut ? text.slice(0, longest) : text}</pre>
${cut ? html`<p class="quiet">Cut after ${longest.toLocaleString('en')} characters.</p>` : ''}</section>`;
}

/** With line ends, but every token as it came: a number is not read and written anew. */
function indented(raw: string): string {
  let depth = 0;
  const line = () => `\n${'  '.repeat(depth)}`;
  return raw.replace(/"(?:[^"\\]|\\.)*"|[{[]\s*[}\]]|[{}[\],:]|[ \t\n\r]+/g, (token) => {
    if (token.startsWith('"')) return token;
    if (/^\s/.test(token)) return '';
    if (token.length > 1) return token.replace(/\s+/g, '');
    if (token === ':') return ': ';
    if (token === ',') return `,${line()}`;
    if (token === '{' || token === '[') {
      depth += 1;
      return token + line();
    }
    depth -= 1;
    return line() + token;
  });
}
