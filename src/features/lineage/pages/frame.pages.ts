import { html } from 'hono/html';
import type { Markup } from '#http/pages/moment.ts';
import type { Problem } from '#kit/errors.ts';
import type { ServiceKey } from '../record/names.ts';
import type { Impact } from '../record/run-line.ts';

export interface Frame {
  title: string;
  /** From the outside in, the page itself last. */
  trail?: readonly { words: string; href?: string }[];
  /** Shown where the reader came in with a token, and may leave. */
  signedIn?: boolean;
}

export function frame({ signedIn = false, title, trail = [] }: Frame, body: Markup): Markup {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="same-origin">
<title>${title} · Lineage</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/lineage/style.css">
</head>
<body>
<a class="skip" href="#main">To the content</a>
<header>
<nav aria-label="Main"><a class="home" href="/lineage">Lineage</a><a href="/lineage/search">Search</a>${
    signedIn ? html`<form method="post" action="/lineage/sign-out"><button class="plain">Sign out</button></form>` : ''
  }</nav>
${
  trail.length === 0
    ? ''
    : html`<nav aria-label="Where this is" class="trail"><ol>${trail.map(({ href, words }) =>
        href === undefined
          ? html`<li aria-current="page">${words}</li>`
          : html`<li><a href="${href}">${words}</a></li>`,
      )}</ol></nav>`
}
</header>
<main id="main" tabindex="-1">
<h1>${title}</h1>
${body}
</main>
</body>
</html>`;
}

export function noticePage(problem: Problem): Markup {
  return frame(
    { title: 'That did not work' },
    html`<p>${problem.message}</p>
<p><a href="/lineage">To the services</a></p>`,
  );
}

export const impactWords: Record<Impact, string> = {
  none: 'no changes',
  self_only: 'changes itself only',
  downstream: 'changes others',
  unknown: 'changes, reach unknown',
};

export function impactMark(impact: Impact): Markup {
  return html`<span class="impact ${impact}">${impactWords[impact]}</span>`;
}

export function pagePath({ organization, project, service }: ServiceKey, rest = ''): string {
  return `/lineage/${organization}/${project}/${service}${rest}`;
}

/** Between the list of services and the page at hand. */
export function trailTo(key: ServiceKey, words?: string): NonNullable<Frame['trail']> {
  const name = `${key.organization} / ${key.project} / ${key.service}`;
  const services = { words: 'Services', href: '/lineage' };
  return words === undefined
    ? [services, { words: name }]
    : [services, { words: name, href: pagePath(key) }, { words }];
}
