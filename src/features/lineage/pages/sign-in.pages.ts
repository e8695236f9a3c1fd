import { html } from 'hono/html';
import type { Markup } from '#http/pages/moment.ts';
import { frame } from './frame.pages.ts';

export function signInPage(back: string, wrong: boolean): Markup {
  return frame(
    { title: 'Sign in' },
    html`<p>These pages show what a token may read: the one that your CI uses, or one of your organisation's.</p>
<form class="sign-in" method="post" action="/lineage/sign-in">
${wrong ? html`<p class="wrong" id="wrong" role="alert">This token is not valid here, or no longer.</p>` : ''}
<label for="token">Token</label>
<input id="token" name="token" type="password" required autocomplete="current-password" ${wrong ? html`aria-describedby="wrong" aria-invalid="true"` : ''}>
<input type="hidden" name="back" value="${back}">
<button>Sign in</button>
</form>
<p class="quiet">The browser keeps it until it is closed, for these pages alone, where no script can read it.</p>`,
  );
}
