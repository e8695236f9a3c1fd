import { html } from 'hono/html';
import type { Markup } from '#http/pages/moment.ts';
import { field } from '#http/pages/parts.pages.ts';
import type { StaticFiles } from '#http/pages/static-files.ts';
import { plainPage } from '../frame.pages.ts';

export function signInPage(
  files: StaticFiles,
  page: { back: string; username?: string; wrong?: string; notice?: string | undefined },
): Markup {
  const wrong = page.wrong !== undefined;
  return plainPage(
    files,
    wrong ? 'Sign in again' : 'Sign in',
    html`${page.notice === undefined ? html`<p class="soft">Your documents, kept whole and found again.</p>` : html`<p class="done" role="status">${page.notice}</p>`}
      ${wrong ? html`<p class="wrong" role="alert">${page.wrong}</p>` : ''}
      <form method="post" action="/documents/sign-in" class="form">
        <input type="hidden" name="back" value="${page.back}" />
        ${field({ name: 'username', label: 'Username', autocomplete: 'username', value: page.username, autofocus: !wrong })}
        ${field({ name: 'password', label: 'Password', type: 'password', autocomplete: 'current-password', autofocus: wrong })}
        <button type="submit">Sign in</button>
      </form>
      <p class="soft">Forgotten? An administrator of this server can set a new password.</p>`,
  );
}
