import { html } from 'hono/html';
import type { Markup } from '#http/pages/moment.ts';
import { facts } from '#http/pages/parts.pages.ts';
import { tellBytes } from '#http/pages/tell.js';
import { doneWords } from '../done.ts';
import { show, tokenField } from '../frame.pages.ts';
import type { Visit } from '../gate.ts';

export async function settingsPage(visit: Visit): Promise<Response> {
  const { caller, quota } = visit;
  const of = (used: number, limit: number | undefined, tell: (amount: number) => string) =>
    limit === undefined ? `${tell(used)}, no limit` : `${tell(used)} of ${tell(limit)}`;
  return await show(
    visit,
    { title: 'Settings', section: 'settings', done: doneWords(visit) },
    html`<section aria-labelledby="account-title">
      <h2 id="account-title">Your account</h2>
      ${facts([
        ['Username', caller.username],
        ['Room', of(quota.bytes_used, quota.bytes_limit, tellBytes)],
        ['Documents', of(quota.documents_used, quota.documents_limit, (count) => count.toLocaleString('en'))],
      ])}
    </section>
    <section aria-labelledby="out-title">
      <h2 id="out-title">Signing out</h2>
      <div class="pair">
        ${out(visit, '/documents/sign-out', 'Sign out', 'main')}
        ${out(visit, '/documents/sign-out-everywhere', 'Sign out everywhere', 'quiet')}
      </div>
      <p class="soft">Everywhere means all browsers, apps and scripts, this browser too.</p>
    </section>`,
  );
}

function out(visit: Visit, action: string, label: string, tone: string): Markup {
  return html`<form method="post" action="${action}" data-plain>${tokenField(visit.token)}<button type="submit" class="${tone}">${label}</button></form>`;
}
