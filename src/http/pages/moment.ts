import { html } from 'hono/html';
import { tellAgo, tellMoment } from './tell.js';

export type Markup = ReturnType<typeof html>;

/** A moment as how long ago, with the exact time on hover; scripts of a page keep the words true. */
export function ago(at: string, nowMs: number): Markup {
  return html`<time datetime="${at}" data-tell="ago" title="${tellMoment(at)}">${tellAgo(at, nowMs)}</time>`;
}

/** A moment exactly, in UTC until a script puts it into the reader's zone. */
export function moment(at: string): Markup {
  return html`<time datetime="${at}" data-tell="moment">${tellMoment(at)}</time>`;
}
