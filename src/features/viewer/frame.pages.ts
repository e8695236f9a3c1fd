import { html } from 'hono/html';
import type { Markup } from '#http/pages/moment.ts';
import type { StaticFiles } from '#http/pages/static-files.ts';
import { warning } from './viewer-data.ts';

/** What a person sees in place of an incident. */
export function noticePage(files: StaticFiles, notice: { title: string; paragraphs: string[] }): Markup {
  return frame(
    files,
    notice.title,
    html``,
    html`<main id="content" tabindex="-1">
      <h1>${notice.title}</h1>
      ${notice.paragraphs.map((text) => html`<p>${text}</p>`)}
      <p class="warning"><strong>${warning.advice}</strong> ${warning.limit}</p>
    </main>`,
    html``,
  );
}

/** Everything around what a page is about. */
export function frame(files: StaticFiles, title: string, head: Markup, main: Markup, footer: Markup): Markup {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex, nofollow" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <link rel="icon" href="${files.href('icon.svg')}" type="image/svg+xml" />
        <link rel="stylesheet" href="${files.href('viewer.css')}" />
        ${head}
      </head>
      <body>
        <a class="skip" href="#content">Skip to the content</a>
        <header class="top"><p class="mark">Proofline</p></header>
        ${main}
        <footer>${footer}</footer>
      </body>
    </html>`;
}
