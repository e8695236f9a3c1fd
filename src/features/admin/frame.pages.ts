import { html } from 'hono/html';
import type { Markup } from '#http/pages/moment.ts';
import type { StaticFiles } from '#http/pages/static-files.ts';
import * as reply from '#http/reply.ts';
import type { Problem } from '#kit/errors.ts';
import type { Visit } from './gate.ts';

const sections = [
  ['overview', 'Overview'],
  ['incidents', 'Incidents'],
  ['deletions', 'Deletions'],
  ['jobs', 'Jobs'],
  ['accounts', 'Accounts'],
  ['audit', 'Audit'],
] as const;

export interface PageOf {
  title: string;
  /** Which entry of the navigation the page belongs to. */
  section: (typeof sections)[number][0];
  /** One level up, where there is one. */
  back?: { href: string; label: string };
  /** What just happened, said once at the top. */
  done?: string | undefined;
  status?: number;
}

/** A page for a signed-in administrator. */
export async function show(visit: Visit, page: PageOf, main: Markup): Promise<Response> {
  const status = page.status ?? 200;
  const markup = frame(
    visit.files,
    status >= 400 ? `Error: ${page.title}` : page.title,
    html`<nav aria-label="Sections">
        <ul>
          ${sections.map(
            ([name, label]) =>
              html`<li><a href="/admin/${name}" ${name === page.section ? html`aria-current="${page.back === undefined ? 'page' : 'true'}"` : ''}>${label}</a></li>`,
          )}
        </ul>
      </nav>
      <form class="who" method="post" action="/admin/logout">
        ${tokenField(visit.token)}
        <span>Signed in as <strong>${visit.admin.username}</strong></span>
        <button type="submit" class="quiet small">Sign out</button>
      </form>`,
    html`${page.back === undefined ? '' : html`<p class="back"><a href="${page.back.href}">${page.back.label}</a></p>`}
      <h1>${page.title}</h1>
      ${page.done === undefined ? '' : html`<p class="done" role="status">${page.done}</p>`} ${main}`,
  );
  return reply.page(status, await markup);
}

/** A page before the sign-in: narrow, with nothing but its one form. */
export function plainPage(files: StaticFiles, title: string, main: Markup): Markup {
  return frame(files, title, html``, html`<div class="narrow"><h1>${title}</h1>${main}</div>`);
}

export function tokenField(token: string): Markup {
  return html`<input type="hidden" name="form_token" value="${token}" />`;
}

const notices: Record<string, { title: string; text: string }> = {
  forbidden: {
    title: 'This form was not accepted',
    text: 'It did not come from a page of this server in this browser, or its sign-in has ended meanwhile. Nothing was changed. Open the page again and repeat what you wanted to do.',
  },
  rate_limited: {
    title: 'Too many requests',
    text: 'Wait a little, then reload the page. Nothing was changed.',
  },
  not_found: { title: 'There is nothing here', text: 'The page does not exist, or what it showed is gone.' },
};

/** In place of a page that cannot be shown, to whoever asks. */
export function noticePage(files: StaticFiles, problem: Problem): Markup {
  const kind = problem.kind === 'not_found' ? 'not_found' : problem.code;
  const { title, text } = notices[kind] ?? { title: 'That did not work', text: problem.message };
  const wait = problem.retryAfterSeconds;
  return plainPage(
    files,
    title,
    html`<p>${text}</p>
      ${wait === undefined ? '' : html`<p>Try again in ${wait} seconds.</p>`}
      <p><a href="/admin">To the admin pages</a></p>`,
  );
}

function frame(files: StaticFiles, title: string, top: Markup, main: Markup): Markup {
  // Browsers then name their origin when a form is sent over plain http, which is how such a form is told from a foreign one.
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex, nofollow" />
        <meta name="referrer" content="same-origin" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} · Proofline admin</title>
        <link rel="icon" href="${files.href('icon.svg')}" type="image/svg+xml" />
        <link rel="stylesheet" href="${files.href('admin.css')}" />
        <script type="module" src="${files.href('admin.js')}"></script>
      </head>
      <body>
        <a class="skip" href="#content">Skip to the content</a>
        <header class="top"><p class="mark"><a href="/admin">Proofline <span>admin</span></a></p>${top}</header>
        <main id="content" tabindex="-1">${main}</main>
      </body>
    </html>`;
}
