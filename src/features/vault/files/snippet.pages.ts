import { html } from 'hono/html';
import type { Markup } from '#http/pages/moment.ts';

/** Around what was found: characters that no text has, because extraction takes them out. */
const [begin, end] = ['\u0002', '\u0003'];

/** A snippet with what was found in it marked; the rest of it is text and nothing else. */
export function marked(snippet: string): Markup {
  const parts = snippet.split(begin);
  const [first = '', ...rest] = parts;
  return html`${first}${rest.map((part) => {
    const [found = '', after = ''] = part.split(end);
    return html`<mark>${found}</mark>${after}`;
  })}`;
}
