import { html } from 'hono/html';
import { type Markup, moment } from '#http/pages/moment.ts';
import type { StaticFiles } from '#http/pages/static-files.ts';
import { tellBytes, tellCount } from '#http/pages/tell.js';
import type { DocumentRow, FolderRow } from '../access.ts';
import type { Listing } from './folder-listing.ts';
import type { LinkRow } from './links.store.ts';
import { mediaWords } from './media-words.ts';

/** Where pages of one link are. Its token is of characters that need no escaping. */
const home = (token: string) => `/s/${token}`;

export function documentPage(files: StaticFiles, token: string, link: LinkRow, document: DocumentRow): Markup {
  return frame(
    files,
    document.name,
    html`<main id="content" tabindex="-1">
      <h1>${document.name}</h1>
      <section class="card">
        <dl class="facts">
          <div><dt>Type</dt><dd>${mediaWords(document.media_type)} <span class="soft">${document.media_type}</span></dd></div>
          <div><dt>Size</dt><dd>${tellBytes(document.byte_size)}</dd></div>
          <div><dt>Changed</dt><dd>${moment(document.updated_at)}</dd></div>
        </dl>
        <p><a class="button" href="${home(token)}/content" download>Download</a></p>
        <details>
          <summary>Check the file after the download</summary>
          <p>Its SHA-256 must be</p>
          <pre><code>${document.sha256_hex}</code></pre>
        </details>
      </section>
    </main>`,
    terms(link),
  );
}

export interface FolderView {
  folder: FolderRow;
  /** The shared folder first; empty there. */
  above: readonly FolderRow[];
  listing: Listing;
  /** This is not its first page. */
  continued: boolean;
}

export function folderPage(files: StaticFiles, token: string, link: LinkRow, view: FolderView): Markup {
  const { folder, above, listing, continued } = view;
  const { folders, documents, next } = listing;
  const empty = folders.length + documents.length === 0;
  return frame(
    files,
    folder.name,
    html`<main id="content" tabindex="-1">
      ${
        above.length === 0
          ? ''
          : html`<nav aria-label="Folders above"><ol class="path">
              ${above.map((one) => html`<li><a href="${folderHref(token, one.id)}">${one.name}</a></li>`)}
            </ol></nav>`
      }
      <h1>${folder.name}</h1>
      <section class="card" aria-label="What is in this folder">
        ${empty ? html`<p>${continued ? 'Nothing more is in this folder.' : 'This folder is empty.'}</p>` : ''}
        <ul class="things">
          ${folders.map((one) => html`<li><a href="${folderHref(token, one.id)}"><span class="name">${one.name}</span> <span class="soft">Folder</span></a></li>`)}
          ${documents.map(
            (one) =>
              html`<li><a href="${home(token)}/documents/${one.id}/content" download
                ><span class="name">${one.name}</span> <span class="soft">${mediaWords(one.media_type)}, ${tellBytes(one.byte_size)}</span></a
              ></li>`,
          )}
        </ul>
        ${next === undefined ? '' : html`<p><a class="button quiet" href="${folderHref(token, folder.id, next)}">Show more</a></p>`}
      </section>
    </main>`,
    terms(link),
  );
}

function folderHref(token: string, folderId: string, after?: string): string {
  return `${home(token)}?${new URLSearchParams({ folder: folderId, ...(after === undefined ? {} : { after }) })}`;
}

/** Says nothing of what it protects. */
export function passwordPage(files: StaticFiles, token: string, wasWrong: boolean): Markup {
  return frame(
    files,
    'Password needed',
    html`<main id="content" tabindex="-1">
      <h1>Password needed</h1>
      <section class="card">
        <p>What is behind this link is protected. Whoever sent it to you knows the password.</p>
        <form method="post" action="${home(token)}">
          ${wasWrong ? html`<p class="wrong" id="wrong" role="alert">That is not the password.</p>` : ''}
          <label for="password">Password</label>
          <input id="password" name="password" type="password" autocomplete="off" required autofocus
            ${wasWrong ? html`aria-invalid="true" aria-describedby="wrong"` : ''} />
          <button type="submit">Open</button>
        </form>
      </section>
    </main>`,
    html``,
  );
}

export function linkNoticePage(files: StaticFiles, notice: { title: string; paragraphs: readonly string[] }): Markup {
  return frame(
    files,
    notice.title,
    html`<main id="content" tabindex="-1">
      <h1>${notice.title}</h1>
      ${notice.paragraphs.map((text) => html`<p>${text}</p>`)}
    </main>`,
    html``,
  );
}

function terms(link: LinkRow): Markup {
  const left = link.max_downloads === null ? undefined : Math.max(0, link.max_downloads - link.downloads);
  return html`${link.expires_at === null ? '' : html`<p>This link works until ${moment(link.expires_at)}.</p>`}
    ${left === undefined ? '' : html`<p>It allows ${tellCount(left, 'download')} more.</p>`}
    <p>Whoever has the address of this page can open it. Share it only with people you trust.</p>`;
}

function frame(files: StaticFiles, title: string, main: Markup, footer: Markup): Markup {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex, nofollow" />
        <meta name="referrer" content="no-referrer" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <link rel="icon" href="${files.href('icon.svg')}" type="image/svg+xml" />
        <link rel="stylesheet" href="${files.href('link.css')}" />
      </head>
      <body>
        <a class="skip" href="#content">Skip to the content</a>
        <header class="top"><p class="mark">Proofline</p></header>
        ${main}
        <footer>${footer}</footer>
      </body>
    </html>`;
}
