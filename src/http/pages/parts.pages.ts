import { html } from 'hono/html';
import type { Markup } from './moment.ts';

export type FieldErrors = Partial<Record<string, string>>;

export interface Field {
  name: string;
  label: string;
  hint?: string;
  value?: string | undefined;
  type?: 'text' | 'password' | 'search';
  autocomplete?: 'username' | 'new-password' | 'current-password' | 'off';
  /** Silent where nothing is needed anyway, as in a filter. */
  optional?: boolean | 'silent';
  autofocus?: boolean;
}

/** A labelled field; what is wrong with it stands beside it and is read out with it. The first wrong one gets the focus. */
export function field(shape: Field, errors: FieldErrors = {}): Markup {
  const { name, label, hint, value, type = 'text', autocomplete = 'off', optional, autofocus } = shape;
  const error = errors[name];
  const firstWrong = error !== undefined && Object.keys(errors)[0] === name;
  const described = [hint === undefined ? '' : `${name}-hint`, error === undefined ? '' : `${name}-error`].filter(
    Boolean,
  );
  return html`<div class="field" data-wrong="${error === undefined ? 'no' : 'yes'}">
    <label for="${name}">${label}${optional === true ? html` <span class="optional">(optional)</span>` : ''}</label>
    ${hint === undefined ? '' : html`<p class="hint" id="${name}-hint">${hint}</p>`}
    ${error === undefined ? '' : html`<p class="error" id="${name}-error"><span class="visually-hidden">Error: </span>${error}</p>`}
    <input
      id="${name}" name="${name}" type="${type}" autocomplete="${autocomplete}"
      ${type === 'password' ? '' : html`value="${value ?? ''}" spellcheck="false" autocapitalize="none"`}
      ${described.length > 0 ? html`aria-describedby="${described.join(' ')}"` : ''}
      ${error === undefined ? '' : html`aria-invalid="true"`}
      ${optional ? '' : 'required'} ${firstWrong || (autofocus && Object.keys(errors).length === 0) ? 'autofocus' : ''}
    />
  </div>`;
}

export function choice(shape: {
  name: string;
  label: string;
  hint?: string;
  value: string;
  options: readonly (readonly [string, string])[];
}): Markup {
  return html`<div class="field">
    <label for="${shape.name}">${shape.label}</label>
    ${shape.hint === undefined ? '' : html`<p class="hint" id="${shape.name}-hint">${shape.hint}</p>`}
    <select id="${shape.name}" name="${shape.name}" ${shape.hint === undefined ? '' : html`aria-describedby="${shape.name}-hint"`}>
      ${shape.options.map(
        ([value, label]) => html`<option value="${value}" ${value === shape.value ? 'selected' : ''}>${label}</option>`,
      )}
    </select>
  </div>`;
}

export function checkbox(shape: { name: string; label: string; checked?: boolean }, errors: FieldErrors = {}): Markup {
  const error = errors[shape.name];
  return html`<div class="field check" data-wrong="${error === undefined ? 'no' : 'yes'}">
    ${error === undefined ? '' : html`<p class="error" id="${shape.name}-error"><span class="visually-hidden">Error: </span>${error}</p>`}
    <label>
      <input type="checkbox" name="${shape.name}" value="yes" ${shape.checked ? 'checked' : ''} ${error === undefined ? '' : html`aria-invalid="true" aria-describedby="${shape.name}-error" autofocus`} />
      <span>${shape.label}</span>
    </label>
  </div>`;
}

export interface Column<Row> {
  label: string;
  cell: (row: Row) => Markup | string;
}

/**
 * A table that becomes a list of cards where there is no room. The roles are spelled out, because browsers forget them when a table is
 * laid out as something else.
 */
export function table<Row>(caption: string, columns: readonly Column<Row>[], rows: readonly Row[]): Markup {
  return html`<table role="table">
    <caption class="visually-hidden">${caption}</caption>
    <thead role="rowgroup">
      <tr role="row">${columns.map(({ label }) => html`<th role="columnheader" scope="col">${label}</th>`)}</tr>
    </thead>
    <tbody role="rowgroup">
      ${rows.map(
        (row) =>
          html`<tr role="row">${columns.map(({ label, cell }) => html`<td role="cell" data-label="${label}"><div>${cell(row)}</div></td>`)}</tr>`,
      )}
    </tbody>
  </table>`;
}

/** Names and values; an empty value is left out. */
export function facts(rows: readonly (readonly [string, Markup | string])[]): Markup {
  return html`<dl class="facts">
    ${rows.map(([name, value]) => (value === '' ? '' : html`<div><dt>${name}</dt><dd>${value}</dd></div>`))}
  </dl>`;
}

export function chip(text: string, state: 'good' | 'care' | 'bad' | 'calm' = 'calm'): Markup {
  return html`<span class="chip" data-state="${state}">${text}</span>`;
}

/** To the page after this one, keeping what was asked for. */
export function older(path: string, query: URLSearchParams, cursor: string | undefined, what: string): Markup {
  const link = (label: string, next: string | undefined) => {
    const params = new URLSearchParams(query);
    params.delete('cursor');
    params.delete('done');
    if (next !== undefined) params.set('cursor', next);
    return html`<a class="button quiet" href="${path}${params.size === 0 ? '' : `?${params}`}">${label}</a>`;
  };
  if (cursor === undefined && !query.has('cursor')) return html``;
  return html`<nav class="paging" aria-label="Pages of ${what}">
    ${query.has('cursor') ? link('First page', undefined) : ''} ${cursor === undefined ? '' : link('Next page', cursor)}
  </nav>`;
}
