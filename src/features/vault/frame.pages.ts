import { html } from 'hono/html';
import type { Markup } from '#http/pages/moment.ts';
import type { StaticFiles } from '#http/pages/static-files.ts';
import { tellBytes } from '#http/pages/tell.js';
import * as reply from '#http/reply.ts';
import type { Visit } from './gate.ts';
import { icon } from './icon.pages.ts';
import { modules } from './modules.ts';
import { uploadTray } from './uploads/tray.pages.ts';

const sections = [
  ['files', '/documents', 'Files', 'folder'],
  ['shared', '/documents/shared', 'Shared with me', 'shared'],
  ['topics', '/documents/topics', 'Topics', 'topic'],
  ['connections', '/documents/connections', 'Connections', 'cloud'],
  ['activity', '/documents/activity', 'Activity', 'activity'],
  ['trash', '/documents/trash', 'Trash', 'trash'],
  ['settings', '/documents/settings', 'Settings', 'settings'],
] as const;

export interface PageOf {
  title: string;
  section: (typeof sections)[number][0];
  /** The page of the section itself, or one below it. */
  below?: boolean;
  /** What stands beside the heading. */
  aside?: Markup;
  /** In place of the heading, where that is more than the title. */
  heading?: Markup;
  /** What just happened, said once. */
  done?: string | undefined;
  status?: number;
  headers?: Record<string, string>;
}

/** Every page may frame a preview: what one page brought stays while its script goes on to others. */
const policy = `${reply.pagePolicy}; frame-src 'self'`;

/** A page for somebody who is signed in. */
export async function show(visit: Visit, page: PageOf, main: Markup): Promise<Response> {
  const status = page.status ?? 200;
  const markup = frame(
    visit.files,
    status >= 400 ? `Error: ${page.title}` : page.title,
    visit,
    html`<header class="bar">
        <button type="button" class="quiet menu" popovertarget="sections">${icon(visit.files, 'menu')}<span>Menu</span></button>
        <p class="mark"><a href="/documents">Proofline <span>documents</span></a></p>
        <form class="search" role="search" method="get" action="/documents" data-part="search">
          <label class="visually-hidden" for="q">Search your documents</label>
          ${icon(visit.files, 'search')}
          <input id="q" name="q" type="search" placeholder="Search" value="${visit.query.get('q') ?? ''}" maxlength="200" autocomplete="off" />
          <kbd aria-hidden="true">/</kbd>
        </form>
      </header>
      <div class="frame">
        <div class="sections" id="sections" popover data-part="sections">
          <nav aria-label="Sections">
            <ul>
              ${sections.map(
                ([name, href, label, picture]) =>
                  html`<li><a href="${href}" ${name === page.section ? html`aria-current="${page.below ? 'true' : 'page'}"` : ''}>${icon(visit.files, picture)}${label}</a></li>`,
              )}
            </ul>
          </nav>
          ${quotaBar(visit)}
          <form class="who" method="post" action="/documents/sign-out" data-plain>
            ${tokenField(visit.token)}<span>Signed in as <strong>${visit.caller.username}</strong></span>
            <button type="submit" class="quiet small">Sign out</button>
          </form>
          <p class="help"><a href="/documents/keys" data-dialog>Keyboard shortcuts</a></p>
        </div>
        <main id="content" tabindex="-1">
          ${page.heading ?? html`<div class="heading"><h1>${page.title}</h1>${page.aside ?? ''}</div>`}
          ${page.done === undefined ? '' : html`<p class="done" role="status">${page.done}</p>`} ${main}
        </main>
      </div>
      ${uploadTray()}`,
  );
  return reply.page(status, await markup, { 'Content-Security-Policy': policy, ...page.headers });
}

/** How full the vault is, where there is a limit; and what to do when it is nearly full. */
function quotaBar({ quota }: Visit): Markup {
  const { bytes_used: used, bytes_limit: limit, documents_used: documents, documents_limit: most } = quota;
  const full = Math.max(limit === undefined ? 0 : used / limit, most === undefined ? 0 : documents / most);
  const words = limit === undefined ? `${tellBytes(used)} used` : `${tellBytes(used)} of ${tellBytes(limit)} used`;
  const state = full >= 1 ? 'full' : full >= 0.9 ? 'nearly' : 'room';
  return html`<div class="quota" data-state="${state}">
    <p id="quota-words">${words}</p>
    ${
      full === 0
        ? ''
        : html`<meter min="0" max="100" high="90" value="${Math.min(100, Math.round(full * 100))}" aria-labelledby="quota-words">${Math.round(full * 100)} %</meter>`
    }
    ${
      state === 'room'
        ? ''
        : html`<p class="soft">${state === 'full' ? 'Your vault is full.' : 'Your vault is nearly full.'} <a href="/documents/trash">Empty the trash</a>, or ask an administrator for more room.</p>`
    }
  </div>`;
}

/** A page before the sign-in: narrow, with nothing but its one form. */
export function plainPage(files: StaticFiles, title: string, main: Markup, script?: string): Markup {
  return frame(
    files,
    title,
    undefined,
    html`<header class="bar"><p class="mark"><a href="/documents">Proofline <span>documents</span></a></p></header>
      <main id="content" tabindex="-1"><div class="narrow"><h1>${title}</h1>${main}</div></main>`,
    script,
  );
}

export function tokenField(token: string): Markup {
  return html`<input type="hidden" name="csrf_token" value="${token}" />`;
}

function frame(
  files: StaticFiles,
  title: string,
  visit: Visit | undefined,
  body: Markup,
  script = visit === undefined ? undefined : 'vault.js',
): Markup {
  return html`<!doctype html>
    <html lang="en" ${visit === undefined ? '' : html`data-account="${visit.caller.accountId}"`}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex, nofollow" />
        <meta name="referrer" content="same-origin" />
        <meta name="color-scheme" content="light dark" />
        ${visit === undefined ? '' : html`<meta name="csrf-token" content="${visit.token}" />`}
        <title>${title} · Proofline</title>
        <link rel="icon" href="${files.href('icon.svg')}" type="image/svg+xml" />
        <link rel="stylesheet" href="${files.href('vault.css')}" />
        ${script === 'vault.js' ? [...modules, 'tell'].map((name) => html`<link rel="modulepreload" href="${files.href(`${name}.js`)}" />`) : ''}
        ${script === undefined ? '' : html`<script type="module" src="${files.href(script)}"></script>`}
      </head>
      <body>
        <a class="skip" href="#content">Skip to the content</a>
        ${body}
        ${
          visit === undefined
            ? ''
            : html`<p class="visually-hidden" id="announcements" role="status"></p>
              <dialog id="dialog" aria-labelledby="dialog-title"></dialog>`
        }
      </body>
    </html>`;
}
