import { html } from 'hono/html';
import type { Markup } from '#http/pages/moment.ts';
import { addressOf } from './files/items.pages.ts';
import { tokenField } from './frame.pages.ts';
import type { Visit } from './gate.ts';

/** A button that is a form of its own: one act on one thing. */
export function actButton(
  visit: Visit,
  act: { action: string; label: string; values?: Record<string, string>; tone?: 'quiet' | 'danger'; about?: string },
): Markup {
  const { action, label, values = {}, tone = 'quiet', about } = act;
  return html`<form method="post" action="${action}">
    ${tokenField(visit.token)}<input type="hidden" name="back" value="${addressOf(visit)}" />
    ${Object.entries(values).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}
    <button type="submit" class="${tone} small">${label}${about === undefined ? '' : html`<span class="visually-hidden"> ${about}</span>`}</button>
  </form>`;
}

/** The end of a form that is a page, or a dialog over another. */
export function formEnd(label: string, back: string, tone: 'main' | 'danger' = 'main'): Markup {
  return html`<div class="pair">
    <button type="submit" class="${tone}">${label}</button>
    <a class="button quiet" href="${back}" data-close>Cancel</a>
  </div>`;
}

export function backField(back: string): Markup {
  return html`<input type="hidden" name="back" value="${back}" />`;
}

export function wrongWords(words: string | undefined): Markup {
  return words === undefined ? html`` : html`<p class="wrong" role="alert">${words}</p>`;
}

/** Below the heading of something that has several pages. */
export function tabs(label: string, entries: readonly (readonly [string, string])[], current: string): Markup {
  return html`<nav class="tabs" aria-label="${label}"><ul>
    ${entries.map(
      ([href, name]) =>
        html`<li><a href="${href}" ${href === current ? html`aria-current="page"` : ''}>${name}</a></li>`,
    )}
  </ul></nav>`;
}
