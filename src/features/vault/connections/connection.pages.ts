import { html } from 'hono/html';
import { ago, type Markup } from '#http/pages/moment.ts';
import { chip, facts } from '#http/pages/parts.pages.ts';
import { tellBytes } from '#http/pages/tell.js';
import type { JobLine } from '../document/jobs.pages.ts';
import { jobRow } from '../document/jobs.pages.ts';
import { doneWords } from '../done.ts';
import type { Place } from '../files/forms.pages.ts';
import { show, tokenField } from '../frame.pages.ts';
import type { Visit } from '../gate.ts';
import { icon } from '../icon.pages.ts';
import { actButton, tabs, wrongWords } from '../parts.pages.ts';
import type { Connection, RemoteEntry } from './answers.ts';
import { stateOf } from './connections.pages.ts';

const everies = [
  ['', 'Only when I say so'],
  ['3600', 'Every hour'],
  ['86400', 'Every day'],
  ['604800', 'Every week'],
] as const;

export interface ConnectionPage {
  connection: Connection;
  jobs: readonly JobLine[];
  /** Folders that can be mirrored. */
  places: readonly Place[];
}

export async function connectionPage(visit: Visit, page: ConnectionPage): Promise<Response> {
  const { connection, jobs } = page;
  const base = `/documents/connections/${connection.id}`;
  return await showConnection(
    visit,
    connection,
    '',
    html`<section aria-labelledby="about">
      <h2 id="about">The other side</h2>
      ${facts([
        ['Address', connection.endpoint],
        ['Bucket', connection.bucket ?? ''],
        ['State', stateOf(visit, connection)],
        ['Last mirror', connection.mirrored_at === undefined ? 'Never' : ago(connection.mirrored_at, visit.nowMs)],
      ])}
      <div class="pair">
        ${actButton(visit, { action: `${base}/test`, label: 'Test it' })}
        ${actButton(visit, { action: `${base}/remove`, label: 'Remove the connection' })}
      </div>
    </section>
    ${mirrorSection(visit, page)}
    ${
      jobs.length === 0
        ? ''
        : html`<section aria-labelledby="transfers">
            <h2 id="transfers">Imports and mirrors</h2>
            <ul class="rows">${jobs.map((job) => jobRow(visit, job))}</ul>
          </section>`
    }`,
  );
}

function mirrorSection(visit: Visit, { connection, places }: ConnectionPage): Markup {
  const base = `/documents/connections/${connection.id}`;
  const { mirror_every_seconds: every, mirror_folder_id: folder, mirror_path: path } = connection;
  return html`<section aria-labelledby="mirror">
    <h2 id="mirror">Mirror</h2>
    <p class="soft">Copies your documents to the other side. Nothing is removed there.</p>
    <form class="form" method="post" action="${base}/mirror">
      ${tokenField(visit.token)}
      <div class="field">
        <label for="mirror-folder">What</label>
        <select id="mirror-folder" name="folder">
          <option value="">Everything</option>
          ${places.map(({ id, path: name }) => html`<option value="${id}" ${id === folder ? 'selected' : ''}>${name}</option>`)}
        </select>
      </div>
      <div class="field">
        <label for="mirror-path">Folder on the other side</label>
        <input id="mirror-path" name="path" type="text" value="${path}" maxlength="500" autocomplete="off" />
      </div>
      <div class="field">
        <label for="mirror-every">How often</label>
        <select id="mirror-every" name="every">
          ${everies.map(([value, label]) => html`<option value="${value}" ${value === String(every ?? '') ? 'selected' : ''}>${label}</option>`)}
        </select>
      </div>
      <div class="pair">
        <button type="submit">Keep this</button>
        <button type="submit" class="quiet" name="now" value="yes">Keep this and mirror now</button>
      </div>
    </form>
  </section>`;
}

export interface BrowsePage {
  connection: Connection;
  path: string;
  entries: readonly RemoteEntry[];
  nextCursor: string | undefined;
  places: readonly Place[];
  wrong?: string;
}

/** What lies on the other side, to be brought here. */
export async function browsePage(visit: Visit, page: BrowsePage): Promise<Response> {
  const { connection, entries, path, places, wrong } = page;
  const base = `/documents/connections/${connection.id}`;
  const here = (to: string) => `${base}/browse?${new URLSearchParams({ path: to })}`;
  const names = path === '' ? [] : path.split('/');
  const row = (entry: RemoteEntry) => html`<li>
      <div class="thing">
        <span class="face" data-kind="${entry.kind}">${icon(visit.files, entry.kind === 'folder' ? 'folder' : 'file')}</span>
        <div class="words">
          ${entry.kind === 'folder' ? html`<a href="${here(entry.path)}">${entry.name}</a>` : html`<span>${entry.name}</span>`}
          <span class="soft">${entry.byte_size === undefined ? '' : tellBytes(entry.byte_size)}${entry.modified_at === undefined ? '' : html` ${ago(entry.modified_at, visit.nowMs)}`}</span>
        </div>
      </div>
      <button type="submit" class="quiet small" name="path" value="${entry.path}">Import<span class="visually-hidden"> ${entry.name}</span></button>
    </li>`;
  return await showConnection(
    visit,
    connection,
    '/browse',
    html`<nav class="trail" aria-label="Where on the other side"><ol>
        <li><a href="${here('')}">${connection.name}</a></li>
        ${names.map((name, at) => html`<li><a href="${here(names.slice(0, at + 1).join('/'))}">${name}</a></li>`)}
      </ol></nav>
      ${wrongWords(wrong)}
      ${
        wrong !== undefined
          ? ''
          : html`<form class="selectable" method="post" action="${base}/import">
              ${tokenField(visit.token)}
              <div class="tools">
                <div class="field">
                  <label for="into">Import into</label>
                  <select id="into" name="folder">
                    <option value="">Files (the top)</option>
                    ${places.map(({ id, path: name }) => html`<option value="${id}">${name}</option>`)}
                  </select>
                </div>
                <button type="submit" name="path" value="${path}">Import everything here</button>
              </div>
              <section aria-label="What lies there">
                ${entries.length === 0 ? html`<p class="soft">Nothing.</p>` : html`<ul class="rows">${entries.map(row)}</ul>`}
                ${page.nextCursor === undefined ? '' : html`<p><a href="${here(path)}&cursor=${encodeURIComponent(page.nextCursor)}">More</a></p>`}
              </section>
            </form>`
      }`,
    wrong === undefined ? 200 : 502,
  );
}

async function showConnection(visit: Visit, connection: Connection, tab: string, main: Markup, status = 200) {
  const base = `/documents/connections/${connection.id}`;
  const entries = [
    [base, 'Connection'],
    [`${base}/browse`, 'Browse and import'],
  ] as const;
  return await show(
    visit,
    {
      title: connection.name,
      section: 'connections',
      below: true,
      done: doneWords(visit),
      status,
      heading: html`<nav class="trail" aria-label="Where this page is"><ol><li><a href="/documents/connections">Connections</a></li></ol></nav>
        <div class="heading"><h1>${connection.name}</h1>${chip(connection.kind === 's3' ? 'S3' : 'WebDAV')}</div>
        ${tabs('About this connection', entries, `${base}${tab}`)}`,
    },
    main,
  );
}
