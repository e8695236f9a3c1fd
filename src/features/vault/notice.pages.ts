import { html } from 'hono/html';
import type { Markup } from '#http/pages/moment.ts';
import type { StaticFiles } from '#http/pages/static-files.ts';
import type { Problem } from '#kit/errors.ts';
import { plainPage } from './frame.pages.ts';

const notices: Record<string, { title: string; text: string }> = {
  csrf_failed: {
    title: 'This form was not accepted',
    text: 'It did not come from a page of this server in this browser, or its sign-in has ended meanwhile. Nothing was changed. Open the page again and repeat what you wanted to do.',
  },
  forbidden: {
    title: 'You may not do that',
    text: 'It is shared with you, but not so that you could change it. Ask its owner.',
  },
  rate_limited: { title: 'Too many requests', text: 'Wait a little, then reload the page. Nothing was changed.' },
  not_found: { title: 'There is nothing here', text: 'It is gone, or it was never yours to see.' },
  setup_required: {
    title: 'Nobody can sign in yet',
    text: 'This server has no administrator so far. Whoever runs it finds how to make one in its log.',
  },
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
      <p><a class="button" href="/documents">To your files</a></p>`,
  );
}

/** The session is over and can be renewed: by itself where scripts run, else by a button. */
export function renewPage(files: StaticFiles, back: string): Markup {
  return plainPage(
    files,
    'Welcome back',
    html`<p>You are still signed in.</p>
      <form method="post" action="/documents/renew" id="renew">
        <input type="hidden" name="back" value="${back}" />
        <button type="submit">Go on</button>
      </form>`,
    'renew.js',
  );
}
