import { html } from 'hono/html';
import { tellCount } from '#http/pages/tell.js';
import { show, tokenField } from '../frame.pages.ts';
import type { Visit } from '../gate.ts';
import { backField, formEnd, wrongWords } from '../parts.pages.ts';

export interface Named {
  id: string;
  name: string;
}

export async function newFolderPage(
  visit: Visit,
  page: { folder: string; back: string; name?: string; wrong?: string },
): Promise<Response> {
  return await show(
    visit,
    { title: 'New folder', section: 'files', below: true, status: page.wrong === undefined ? 200 : 400 },
    html`<form class="form" method="post" action="/documents/new-folder">
      ${tokenField(visit.token)} ${backField(page.back)} ${wrongWords(page.wrong)}
      <input type="hidden" name="folder" value="${page.folder}" />
      ${nameField(page.name ?? '', 0)} ${formEnd('Make the folder', page.back)}
    </form>`,
  );
}

export async function renamePage(
  visit: Visit,
  page: { item: Named; back: string; name?: string; wrong?: string },
): Promise<Response> {
  const { item } = page;
  // The end of a file's name stays where it is, unless somebody means it.
  const dot = item.id.startsWith('doc_') ? item.name.lastIndexOf('.') : 0;
  return await show(
    visit,
    { title: 'Rename', section: 'files', below: true, status: page.wrong === undefined ? 200 : 400 },
    html`<form class="form" method="post" action="/documents/rename">
      ${tokenField(visit.token)} ${backField(page.back)} ${wrongWords(page.wrong)}
      <input type="hidden" name="item" value="${item.id}" />
      ${nameField(page.name ?? item.name, dot > 0 ? dot : item.name.length)} ${formEnd('Rename', page.back)}
    </form>`,
  );
}

function nameField(value: string, stem: number) {
  return html`<div class="field">
    <label for="name">Name</label>
    <input id="name" name="name" type="text" value="${value}" required maxlength="255" autocomplete="off" spellcheck="false" autofocus data-stem="${stem}" />
  </div>`;
}

export interface Place {
  id: string;
  /** With the names of those above it. */
  path: string;
}

export async function movePage(
  visit: Visit,
  page: { items: readonly Named[]; places: readonly Place[]; back: string; wrong?: string },
): Promise<Response> {
  const { items, places } = page;
  const title = items.length === 1 ? `Move “${items[0]?.name}”` : `Move ${tellCount(items.length, 'thing')}`;
  return await show(
    visit,
    { title, section: 'files', below: true, status: page.wrong === undefined ? 200 : 400 },
    html`<form class="form" method="post" action="/documents/move">
      ${tokenField(visit.token)} ${backField(page.back)} ${wrongWords(page.wrong)}
      ${items.map(({ id }) => html`<input type="hidden" name="item" value="${id}" />`)}
      <div class="field">
        <label for="folder">To</label>
        <select id="folder" name="folder" autofocus>
          <option value="">Files (the top)</option>
          ${places.map(({ id, path }) => html`<option value="${id}">${path}</option>`)}
        </select>
      </div>
      ${formEnd('Move', page.back)}
    </form>`,
  );
}

/** Where scripts do not run: one file at a time. */
export async function uploadPage(visit: Visit, page: { folder: string; wrong?: string }): Promise<Response> {
  const address = new URLSearchParams({ csrf_token: visit.token, folder: page.folder });
  return await show(
    visit,
    { title: 'Upload a file', section: 'files', below: true, status: page.wrong === undefined ? 200 : 400 },
    html`<form class="form" method="post" action="/documents/upload?${address.toString()}" enctype="multipart/form-data" data-plain>
      ${wrongWords(page.wrong)}
      ${page.folder === '' ? '' : html`<input type="hidden" name="folder_id" value="${page.folder}" />`}
      <div class="field">
        <label for="file">File</label>
        <input id="file" name="file" type="file" required />
      </div>
      ${formEnd('Upload', page.folder === '' ? '/documents' : `/documents/folders/${page.folder}`)}
    </form>`,
  );
}

export async function keysPage(visit: Visit): Promise<Response> {
  const keys = [
    [['/'], 'Search'],
    [['u'], 'Upload files'],
    [['n'], 'New folder'],
    [['↑', '↓'], 'Go through the list'],
    [['Home', 'End'], 'To its beginning or end'],
    [['Enter'], 'Open'],
    [['Space'], 'Choose, or choose no longer'],
    [['Ctrl', 'A'], 'Choose all'],
    [['F2'], 'Rename'],
    [['Delete'], 'Move to the trash'],
    [['Esc'], 'Choose nothing, or close'],
    [['?'], 'This help'],
  ] as const;
  return await show(
    visit,
    { title: 'Keyboard shortcuts', section: 'settings', below: true },
    html`<dl class="keys">
      ${keys.map(([names, words]) => html`<div><dt>${names.map((name) => html`<kbd>${name}</kbd> `)}</dt><dd>${words}</dd></div>`)}
    </dl>
    <p class="soft">Files and folders can be dropped anywhere. Rows can be dragged onto folders.</p>`,
  );
}
