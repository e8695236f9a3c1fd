import { html } from 'hono/html';
import { ago, type Markup, moment } from '#http/pages/moment.ts';
import { facts } from '#http/pages/parts.pages.ts';
import { tellBytes } from '#http/pages/tell.js';
import { doneWords } from '../done.ts';
import { addressOf } from '../files/items.pages.ts';
import { show, tokenField } from '../frame.pages.ts';
import type { Visit } from '../gate.ts';
import { icon, iconOf, tellKind } from '../icon.pages.ts';
import { tabs } from '../parts.pages.ts';
import { type JobLine, jobList } from './jobs.pages.ts';

export interface Shown {
  id: string;
  name: string;
  mediaType: string;
  bytes: number;
  sha256Hex: string;
  version: number;
  status: 'processing' | 'ready' | 'failed';
  createdAt: string;
  updatedAt: string;
  trashedAt: string | undefined;
  owner: string | undefined;
  folder: { id: string; name: string } | undefined;
  access: 'view' | 'edit' | 'own';
}

export interface DocumentPage {
  document: Shown;
  topics: readonly string[];
  suggested: readonly string[];
  /** Names to offer while one is typed. */
  known: readonly string[];
  jobs: readonly JobLine[];
  preview: Preview;
}

/** How it can be looked at here without trusting it. */
export type Preview =
  | { as: 'frame'; href: string; sandbox: boolean }
  | { as: 'image'; href: string }
  | { as: 'none'; why: string };

export async function documentPage(visit: Visit, page: DocumentPage): Promise<Response> {
  const { document } = page;
  return await showDocument(
    visit,
    document,
    '',
    html`<div class="document">
      <div class="preview">${preview(visit, page)}</div>
      <div class="side" ${page.preview.as === 'none' ? '' : 'data-live'}>
        ${topicSection(visit, page)}
        <section aria-labelledby="about">
          <h2 id="about">About</h2>
          ${facts([
            ['Kind', tellKind(document.mediaType)],
            ['Size', tellBytes(document.bytes)],
            ['Version', String(document.version)],
            ['Added', moment(document.createdAt)],
            ['Changed', ago(document.updatedAt, visit.nowMs)],
            ['Owner', document.owner ?? ''],
            [
              'Folder',
              document.folder === undefined
                ? ''
                : html`<a href="/documents/folders/${document.folder.id}">${document.folder.name}</a>`,
            ],
            ['SHA-256', html`<code>${document.sha256Hex}</code>`],
          ])}
        </section>
        ${page.jobs.length === 0 ? '' : jobList(visit, page.jobs)}
      </div>
    </div>`,
  );
}

/** The frame of everything about one document. */
export async function showDocument(
  visit: Visit,
  document: Shown,
  tab: '' | '/versions' | '/sharing' | '/activity',
  main: Markup,
  status = 200,
): Promise<Response> {
  const base = `/documents/files/${document.id}`;
  const own = document.access === 'own';
  const entries = [
    [base, 'Document'],
    [`${base}/versions`, document.version === 1 ? 'Versions' : `Versions (${document.version})`],
    ...(own ? ([[`${base}/sharing`, 'Sharing']] as const) : []),
    ...(own ? ([[`${base}/activity`, 'Activity']] as const) : []),
  ] as const;
  const asked = new URLSearchParams({ item: document.id, back: addressOf(visit) });
  const trashed = document.trashedAt !== undefined;
  return await show(
    visit,
    {
      title: document.name,
      section: trashed ? 'trash' : own ? 'files' : 'shared',
      below: true,
      done: doneWords(visit),
      status,
      heading: html`${trail(document)}
        <div class="heading">
          <h1>${document.name}</h1>
          <div class="acts">
            <a class="button" href="/v1/documents/${document.id}/content" download>Download</a>
            ${
              document.access === 'view' || trashed
                ? ''
                : html`<a class="button quiet" href="/documents/rename?${asked.toString()}" data-dialog>Rename</a>
                  <a class="button quiet" href="/documents/move?${asked.toString()}" data-dialog>Move</a>`
            }
          </div>
        </div>
        ${
          document.access === 'view' || trashed
            ? ''
            : html`<div hidden data-folder="${document.folder?.id ?? ''}" data-folder-name="${document.folder?.name ?? 'Files'}"></div>`
        }
        ${trashed ? html`<p class="wrong">It is in the trash. <a href="/documents/trash">Restore it there</a>, or delete it for good.</p>` : ''}
        ${tabs('About this document', entries, `${base}${tab}`)}`,
    },
    main,
  );
}

function trail({ access, folder }: Shown): Markup {
  const top = access === 'own' ? ['/documents', 'Files'] : ['/documents/shared', 'Shared with me'];
  return html`<nav class="trail" aria-label="Where this document is"><ol>
    <li><a href="${top[0]}">${top[1]}</a></li>
    ${folder === undefined ? '' : html`<li><a href="/documents/folders/${folder.id}">${folder.name}</a></li>`}
  </ol></nav>`;
}

function preview({ files }: Visit, { document, preview }: DocumentPage): Markup {
  if (preview.as === 'frame')
    return html`<iframe src="${preview.href}" title="Preview of ${document.name}" ${preview.sandbox ? 'sandbox' : ''} referrerpolicy="no-referrer"></iframe>`;
  if (preview.as === 'image') return html`<img src="${preview.href}" alt="${document.name}" />`;
  return html`<div class="none" ${document.status === 'processing' ? 'data-working' : ''}>
    ${icon(files, iconOf(document.mediaType))}<p>${preview.why}</p>
  </div>`;
}

function topicSection(visit: Visit, { document, topics, suggested, known }: DocumentPage): Markup {
  const action = `/documents/files/${document.id}/topics`;
  const mayEdit = document.access !== 'view' && document.trashedAt === undefined;
  const button = (act: string, topic: string, sign: string, words: string) =>
    html`<button type="submit" name="${act}" value="${topic}" title="${words}"><span aria-hidden="true">${sign}</span><span class="visually-hidden">${words}: ${topic}</span></button>`;
  return html`<section aria-labelledby="topics">
    <h2 id="topics">Topics</h2>
    ${topics.length + suggested.length === 0 ? html`<p class="soft">None yet.</p>` : ''}
    <ul class="topic-list">
      ${topics.map(
        (topic) =>
          html`<li><a href="/documents?${new URLSearchParams({ topic }).toString()}">${topic}</a>${mayEdit ? topicForm(visit, action, button('remove', topic, '×', 'Remove')) : ''}</li>`,
      )}
      ${suggested.map(
        (topic) =>
          html`<li class="suggested"><span>${topic}?</span>${mayEdit ? topicForm(visit, action, html`${button('confirm', topic, '✓', 'Confirm')}${button('remove', topic, '×', 'Refuse')}`) : ''}</li>`,
      )}
    </ul>
    ${suggested.length === 0 || !mayEdit ? '' : html`<p class="hint">Those with a question mark are suggested by the server.</p>`}
    ${
      mayEdit
        ? html`<form class="add" method="post" action="${action}">
            ${tokenField(visit.token)}
            <label class="visually-hidden" for="add-topic">Another topic</label>
            <input id="add-topic" name="add" type="text" list="known-topics" maxlength="100" placeholder="Another topic" autocomplete="off" required />
            <datalist id="known-topics">${known.map((name) => html`<option value="${name}"></option>`)}</datalist>
            <button type="submit" class="quiet">Add</button>
          </form>`
        : ''
    }
  </section>`;
}

function topicForm(visit: Visit, action: string, buttons: Markup): Markup {
  return html`<form method="post" action="${action}">${tokenField(visit.token)}${buttons}</form>`;
}
