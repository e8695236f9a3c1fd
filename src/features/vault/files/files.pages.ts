import { html } from 'hono/html';
import type { Markup } from '#http/pages/moment.ts';
import { older } from '#http/pages/parts.pages.ts';
import { doneWords } from '../done.ts';
import { show } from '../frame.pages.ts';
import type { Visit } from '../gate.ts';
import { icon } from '../icon.pages.ts';
import { unfinishedUploads } from '../uploads/tray.pages.ts';
import { type Item, itemList } from './items.pages.ts';

export const sorts = [
  ['name', 'Name'],
  ['-updated_at', 'Last changed'],
  ['-created_at', 'Newest'],
  ['-byte_size', 'Largest'],
] as const;

export interface Step {
  id: string;
  name: string;
}

export interface FilesPage {
  /** Undefined: the top. */
  folder: Step | undefined;
  /** The folders in which it lies, the top's own left out. */
  trail: readonly Step[];
  /** May things be put here and taken away? */
  mayEdit: boolean;
  isOwn: boolean;
  items: readonly Item[];
  nextCursor: string | undefined;
  view: 'list' | 'grid';
  sort: string;
  headers: Record<string, string>;
}

/** What lies in a folder, or at the top. */
export async function filesPage(visit: Visit, page: FilesPage): Promise<Response> {
  const { folder, items, mayEdit } = page;
  const title = folder?.name ?? 'Files';
  const path = folder === undefined ? '/documents' : `/documents/folders/${folder.id}`;
  const into = folder === undefined ? '' : `?folder=${folder.id}`;
  const acts = html`${
    mayEdit
      ? html`<button type="button" data-picks="pick-files" data-key="u" class="only-scripted">${icon(visit.files, 'upload')}Upload</button>
        <button type="button" data-picks="pick-folder" class="quiet only-scripted">Upload a folder</button>
        <input type="file" id="pick-files" data-upload="files" multiple hidden aria-label="Files to upload" />
        <input type="file" id="pick-folder" data-upload="folder" webkitdirectory hidden aria-label="A folder to upload" />
        <a class="button quiet no-scripts" href="/documents/upload${into}">Upload a file</a>
        <a class="button quiet" href="/documents/new-folder${into}" data-dialog data-key="n">New folder</a>`
      : ''
  }${folder !== undefined && page.isOwn ? html`<a class="button quiet" href="/documents/folders/${folder.id}/sharing">Share</a>` : ''}`;
  return await show(
    visit,
    {
      title,
      section: page.isOwn ? 'files' : 'shared',
      below: folder !== undefined,
      headers: page.headers,
      done: doneWords(visit),
      heading: html`${trail(page)}<div class="heading"><h1>${title}</h1><div class="acts">${acts}</div></div>`,
    },
    html`${mayEdit ? html`<div hidden data-folder="${folder?.id ?? ''}" data-folder-name="${title}"></div>` : ''}
      ${unfinishedUploads()}
      ${items.length === 0 ? nothing(visit, page) : html`${tools(visit, path, page)}${list(visit, page)}`}
      ${older(path, visit.query, page.nextCursor, 'files')}`,
  );
}

function trail({ folder, trail, isOwn }: FilesPage): Markup {
  if (folder === undefined) return html``;
  const top = isOwn ? ['/documents', 'Files'] : ['/documents/shared', 'Shared with me'];
  return html`<nav class="trail" aria-label="Where this folder is"><ol>
    <li><a href="${top[0]}" ${isOwn ? html`data-into=""` : ''}>${top[1]}</a></li>
    ${trail.map(({ id, name }) => html`<li><a href="/documents/folders/${id}" data-into="${id}">${name}</a></li>`)}
    <li><a href="/documents/folders/${folder.id}" aria-current="page">${folder.name}</a></li>
  </ol></nav>`;
}

function list(visit: Visit, { items, mayEdit, view }: FilesPage): Markup {
  return itemList(visit, {
    items,
    view,
    times: 'Changed',
    fixed: !mayEdit,
    ...(mayEdit ? { acts: editingActs(), deletes: '/documents/trash', renames: '/documents/rename' } : {}),
  });
}

/** For what is chosen in a list of files. */
export function editingActs(): Markup {
  return html`<button type="submit" class="quiet small" formmethod="get" formaction="/documents/rename" data-dialog data-for-one>Rename…</button>
    <button type="submit" class="quiet small" formmethod="get" formaction="/documents/move" data-dialog>Move…</button>
    <button type="submit" class="quiet small" formaction="/documents/trash">Move to the trash</button>`;
}

/** Sorting and looks, kept in the address. */
export function tools(visit: Visit, path: string, { sort, view }: Pick<FilesPage, 'sort' | 'view'>): Markup {
  const withView = (name: string) => {
    const asked = new URLSearchParams(visit.query);
    asked.delete('done');
    asked.set('view', name);
    return `${path}?${asked}`;
  };
  const look = (name: 'list' | 'grid', label: string) =>
    html`<a href="${withView(name)}" ${name === view ? html`aria-current="true"` : ''} title="${label}">${icon(visit.files, name)}<span class="visually-hidden">${label}</span></a>`;
  return html`<div class="tools">
    <form method="get" action="${path}">
      ${['q', 'topic'].map((name) => (visit.query.has(name) ? html`<input type="hidden" name="${name}" value="${visit.query.get(name) ?? ''}" />` : ''))}
      <label for="sort">Sort by</label>
      <select id="sort" name="sort" data-goes>
        ${sorts.map(([value, label]) => html`<option value="${value}" ${value === sort ? 'selected' : ''}>${label}</option>`)}
      </select>
      <button type="submit" class="quiet small no-scripts">Sort</button>
    </form>
    <span class="views" role="group" aria-label="Look">${look('list', 'As a list')}${look('grid', 'As tiles')}</span>
  </div>`;
}

function nothing(visit: Visit, { folder, mayEdit }: FilesPage): Markup {
  if (visit.query.has('cursor')) return html`<p>There is nothing more.</p>`;
  return html`<div class="empty">
    ${icon(visit.files, 'upload')}
    <h2>${folder === undefined ? 'Your vault is empty' : 'This folder is empty'}</h2>
    <p>${
      mayEdit
        ? 'Drop files or whole folders anywhere on this page, or press Upload. Large files go on from where they stopped, even after a reload.'
        : 'Nothing has been put here yet.'
    }</p>
  </div>`;
}
