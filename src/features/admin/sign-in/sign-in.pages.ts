import { html } from 'hono/html';
import type { Markup } from '#http/pages/moment.ts';
import { type FieldErrors, field } from '#http/pages/parts.pages.ts';
import type { StaticFiles } from '#http/pages/static-files.ts';
import { plainPage, tokenField } from '../frame.pages.ts';

export function signInPage(
  files: StaticFiles,
  page: { token: string; username?: string; wrong?: boolean; notice?: string | undefined },
): Markup {
  const wrong = page.wrong === true;
  return plainPage(
    files,
    wrong ? 'Sign in again' : 'Sign in',
    html`${page.notice === undefined ? '' : html`<p class="done" role="status">${page.notice}</p>`}
      ${wrong ? html`<p class="wrong" role="alert">The username or the password is wrong, or the account is not an administrator's.</p>` : ''}
      <form method="post" action="/admin/login" class="form">
        ${tokenField(page.token)}
        ${field({ name: 'username', label: 'Username', autocomplete: 'username', value: page.username, autofocus: !wrong })}
        ${field({ name: 'password', label: 'Password', type: 'password', autocomplete: 'current-password', autofocus: wrong })}
        <button type="submit">Sign in</button>
      </form>
      <p class="soft">Forgotten? Another administrator can set a new password, or, on the machine itself: <code>proofline accounts reset-password</code></p>`,
  );
}

export function setUpPage(
  files: StaticFiles,
  page: { token: string; username?: string; errors?: FieldErrors },
): Markup {
  const errors = page.errors ?? {};
  return plainPage(
    files,
    'Set up Proofline',
    html`<p>Nobody can sign in yet. This page makes the first administrator, once.</p>
      ${Object.keys(errors).length > 0 ? html`<p class="wrong" role="alert">Nothing was created yet. See below.</p>` : ''}
      <form method="post" action="/admin/bootstrap" class="form">
        ${tokenField(page.token)}
        ${field(
          {
            name: 'secret',
            label: 'Set-up secret',
            hint: 'From the terminal of the server, or what SAFE_AUTH_BOOTSTRAP_SECRET was set to.',
            type: 'password',
          },
          errors,
        )}
        ${field(
          {
            name: 'username',
            label: 'Username',
            hint: '3 to 64 of a to z, 0 to 9, dot, underscore, hyphen, at sign.',
            autocomplete: 'username',
            value: page.username,
          },
          errors,
        )}
        ${newPasswordFields(errors)}
        <button type="submit">Create the administrator</button>
      </form>`,
  );
}

export function newPasswordFields(errors: FieldErrors): Markup {
  return html`${field(
    {
      name: 'password',
      label: 'New password',
      hint: '12 to 72 bytes; that is 12 to 72 plain letters. A few unrelated words are good.',
      type: 'password',
      autocomplete: 'new-password',
    },
    errors,
  )}
  ${field({ name: 'repeat', label: 'The same again', type: 'password', autocomplete: 'new-password' }, errors)}`;
}

/** Without a secret there is nothing that could tell the operator from a stranger. */
export function setUpElsewherePage(files: StaticFiles): Markup {
  return plainPage(
    files,
    'Set up Proofline',
    html`<p>Nobody can sign in yet, and this server was started without a set-up secret. Do one of these on its machine:</p>
      <ul class="plain">
        <li>Create the first administrator there: <pre><code>proofline accounts create --role admin --username you</code></pre></li>
        <li>Or start the server with <code>SAFE_AUTH_BOOTSTRAP_SECRET</code> set, at least 16 characters, and reload this page.</li>
      </ul>`,
  );
}
