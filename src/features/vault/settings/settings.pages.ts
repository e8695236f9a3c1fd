import { html } from 'hono/html';
import { ago, type Markup } from '#http/pages/moment.ts';
import { chip, facts } from '#http/pages/parts.pages.ts';
import { tellBytes } from '#http/pages/tell.js';
import { doneWords } from '../done.ts';
import { show, tokenField } from '../frame.pages.ts';
import type { Visit } from '../gate.ts';

export interface SessionLine {
  id: string;
  current: boolean;
  kind: string;
  createdAt: string;
}

const kinds: Record<string, string> = { browser: 'A browser', api: 'An app or script', admin_page: 'The admin pages' };

export async function settingsPage(visit: Visit, sessions: readonly SessionLine[]): Promise<Response> {
  const { caller, quota } = visit;
  const of = (used: string, limit: string) => (limit === '' ? `${used}, no limit` : `${used} of ${limit}`);
  return await show(
    visit,
    { title: 'Settings', section: 'settings', done: doneWords(visit) },
    html`<section aria-labelledby="account-title">
      <h2 id="account-title">Your account</h2>
      ${facts([
        ['Username', caller.username],
        ['Room', of(tellBytes(quota.bytesUsed), quota.bytesLimit === 0 ? '' : tellBytes(quota.bytesLimit))],
        [
          'Documents',
          of(
            quota.documentsUsed.toLocaleString('en'),
            quota.documentsLimit === 0 ? '' : quota.documentsLimit.toLocaleString('en'),
          ),
        ],
      ])}
    </section>
    <section aria-labelledby="sessions-title">
      <h2 id="sessions-title">Where you are signed in</h2>
      <ul class="rows">
        ${sessions.map(
          ({ current, createdAt, kind }) => html`<li><div><p>${kinds[kind] ?? kind}</p><p class="soft">since ${ago(createdAt, visit.nowMs)}</p></div>${current ? chip('This one', 'good') : ''}</li>`,
        )}
      </ul>
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
