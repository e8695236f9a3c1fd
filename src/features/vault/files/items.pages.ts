import { html } from 'hono/html';
import { ago, type Markup } from '#http/pages/moment.ts';
import { chip } from '#http/pages/parts.pages.ts';
import { tellBytes } from '#http/pages/tell.js';
import type { Visit } from '../gate.ts';
import { icon, iconOf, tellKind } from '../icon.pages.ts';

/** A folder or document as lists show it. */
export interface Item {
  id: string;
  kind: 'document' | 'folder';
  name: string;
  href: string;
  /** Of a document. */
  mediaType?: string;
  bytes?: number;
  status?: 'processing' | 'ready' | 'failed';
  thumbnail?: string | undefined;
  topics?: readonly string[];
  suggested?: number;
  /** Of what was searched for. */
  snippet?: readonly { text: string; match: boolean }[] | undefined;
  at: string;
  /** Whose it is, or where it was. */
  origin?: string | undefined;
}

export interface ItemsOf {
  items: readonly Item[];
  view: 'list' | 'grid';
  /** What the column of times says. */
  times: string;
  /** Where there is one, what the column of origins says. */
  origins?: string;
  /** What can be done with those that are chosen; none means that nothing can be chosen. */
  acts?: Markup;
  /** Where the Delete key posts to, or `ask`. */
  deletes?: string;
  /** What F2 opens. */
  renames?: string;
  /** Cannot be dragged. */
  fixed?: boolean;
}

export function itemList(visit: Visit, list: ItemsOf): Markup {
  const { items, acts, origins } = list;
  const table = html`<table class="items" role="table" data-view="${list.view}">
      <caption class="visually-hidden">Files and folders</caption>
      <thead role="rowgroup">
        <tr role="row">
          ${acts === undefined ? '' : html`<th role="columnheader" scope="col" class="pick"><label><input type="checkbox" data-all aria-label="Choose all" /></label></th>`}
          <th role="columnheader" scope="col">Name</th>
          ${origins === undefined ? '' : html`<th role="columnheader" scope="col">${origins}</th>`}
          <th role="columnheader" scope="col">${list.times}</th>
          <th role="columnheader" scope="col" class="size">Size</th>
        </tr>
      </thead>
      <tbody role="rowgroup">${items.map((item) => row(visit, list, item))}</tbody>
    </table>`;
  if (acts === undefined) return table;
  return html`<form class="selectable" method="post" ${list.deletes === undefined ? '' : html`data-delete="${list.deletes}"`} ${list.renames === undefined ? '' : html`data-rename="${list.renames}"`}>
    <input type="hidden" name="csrf_token" value="${visit.token}" />
    <input type="hidden" name="back" value="${addressOf(visit)}" />
    ${table}
    <div class="selection" role="group" aria-label="What to do with those that are chosen">
      <span data-field="chosen">Those that are chosen:</span> ${acts}
    </div>
  </form>`;
}

function row(visit: Visit, list: ItemsOf, item: Item): Markup {
  const isFolder = item.kind === 'folder';
  return html`<tr role="row" data-item="${item.id}" ${isFolder ? html`data-into="${item.id}"` : ''} ${list.fixed ? 'data-fixed' : ''} ${item.status === 'processing' ? 'data-working' : ''}>
    ${
      list.acts === undefined
        ? ''
        : html`<td role="cell" class="pick"><label><input type="checkbox" name="item" value="${item.id}" aria-label="Choose ${item.name}" /></label></td>`
    }
    <td role="cell" class="named"><div class="thing">
      ${face(visit, item)}
      <div class="words">
        <a href="${item.href}" id="at-${item.id}" data-main>${item.name}</a>
        ${item.snippet === undefined ? '' : html`<p class="snippet">${item.snippet.map(({ text, match }) => (match ? html`<mark>${text}</mark>` : text))}</p>`}
        ${marks(item)}
      </div>
    </div></td>
    ${list.origins === undefined ? '' : html`<td role="cell" class="origin">${item.origin ?? ''}</td>`}
    <td role="cell" class="changed">${ago(item.at, visit.nowMs)}</td>
    <td role="cell" class="size">${item.bytes === undefined ? '' : tellBytes(item.bytes)}</td>
  </tr>`;
}

function face({ files }: Visit, item: Item): Markup {
  const { kind, mediaType = '', thumbnail } = item;
  const picture =
    thumbnail === undefined
      ? icon(files, kind === 'folder' ? 'folder' : iconOf(mediaType))
      : html`<img src="${thumbnail}" alt="" loading="lazy" decoding="async" />`;
  return html`<span class="face" data-kind="${kind}" title="${kind === 'folder' ? 'Folder' : tellKind(mediaType)}">${picture}<span class="visually-hidden">${kind === 'folder' ? 'Folder' : tellKind(mediaType)}</span></span>`;
}

function marks({ status, topics = [], suggested = 0 }: Item): Markup | string {
  if (status !== 'processing' && status !== 'failed' && topics.length === 0 && suggested === 0) return '';
  return html`<p class="chips">
    ${status === 'processing' ? chip('Being read') : ''} ${status === 'failed' ? chip('Could not be read', 'care') : ''}
    ${topics.map((topic) => html`<a href="/documents?${new URLSearchParams({ topic }).toString()}"><span class="chip">${topic}</span></a>`)}
    ${suggested > 0 ? html`<span class="chip suggested">${suggested === 1 ? '1 suggested topic' : `${suggested} suggested topics`}</span>` : ''}
  </p>`;
}

/** Of the page itself, for forms that lead back to it. */
export function addressOf({ c, query }: Visit): string {
  const kept = new URLSearchParams(query);
  kept.delete('done');
  return `${new URL(c.req.url).pathname}${kept.size === 0 ? '' : `?${kept}`}`;
}
