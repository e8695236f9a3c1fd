import { html } from 'hono/html';
import type { AccountRow, SessionRow } from '#features/accounts/index.ts';
import { ago, type Markup, moment } from '#http/pages/moment.ts';
import { chip, choice, type FieldErrors, facts, field, older, table } from '#http/pages/parts.pages.ts';
import { tellBytes } from '#http/pages/tell.js';
import { show, tokenField } from '../frame.pages.ts';
import type { Visit } from '../gate.ts';
import { newPasswordFields } from '../sign-in/sign-in.pages.ts';

const sessionKinds = { api: 'Recorder or program', browser: 'Browser', admin_page: 'Admin pages' } as const;

const roles = { user: 'User', admin: 'Administrator' } as const;

function quotaWords(account: AccountRow, defaultBytes: number): string {
  const limit = account.bytes_limit ?? defaultBytes;
  return `${tellBytes(account.bytes_used)} ${limit === 0 ? 'used, no limit' : `of ${tellBytes(limit)}`}`;
}

export async function accountsPage(
  visit: Visit,
  page: { rows: readonly AccountRow[]; next_cursor?: string; defaultQuotaBytes: number },
): Promise<Response> {
  return await show(
    visit,
    { title: 'Accounts', section: 'accounts' },
    html`<p><a class="button" href="/admin/accounts/new">Create an account</a></p>
      ${table(
        'Accounts',
        [
          { label: 'Username', cell: ({ id, username }) => html`<a href="/admin/accounts/${id}">${username}</a>` },
          { label: 'Role', cell: ({ role }) => (role === 'admin' ? chip(roles.admin, 'care') : roles.user) },
          { label: 'Recordings', cell: (account) => quotaWords(account, page.defaultQuotaBytes) },
          { label: 'Created', cell: ({ created_at }) => ago(created_at, visit.nowMs) },
        ],
        page.rows,
      )}
      ${older('/admin/accounts', visit.query, page.next_cursor, 'accounts')}`,
  );
}

export async function newAccountPage(
  visit: Visit,
  typed: { username: string; role: 'user' | 'admin'; errors: FieldErrors },
): Promise<Response> {
  const wrong = Object.keys(typed.errors).length > 0;
  return await show(
    visit,
    {
      title: 'Create an account',
      section: 'accounts',
      back: { href: '/admin/accounts', label: 'Accounts' },
      status: wrong ? 400 : 200,
    },
    html`${wrong ? html`<p class="wrong" role="alert">Nothing was created yet. See below.</p>` : ''}
      <form method="post" action="/admin/accounts/new" class="form">
        ${tokenField(visit.token)}
        ${field(
          {
            name: 'username',
            label: 'Username',
            hint: '3 to 64 of a to z, 0 to 9, dot, underscore, hyphen, at sign.',
            value: typed.username,
          },
          typed.errors,
        )}
        ${choice({
          name: 'role',
          label: 'Role',
          hint: 'A user records and sees their own incidents. An administrator also sees these pages.',
          value: typed.role,
          options: [
            ['user', roles.user],
            ['admin', roles.admin],
          ],
        })}
        ${newPasswordFields(typed.errors)}
        <button type="submit">Create the account</button>
      </form>`,
  );
}

const done: Record<string, string> = {
  created: 'The account was created.',
  password: 'The new password holds. All sessions of the account were ended.',
  quota: 'The quota was set.',
  'end-all': 'All sessions of the account were ended.',
  end: 'The session was ended.',
};

export interface AccountView {
  account: AccountRow;
  sessions: readonly SessionRow[];
  defaultQuotaBytes: number;
  /** The form that was not accepted, and why. */
  wrong: { form: string; errors: FieldErrors; typed?: string } | undefined;
}

export async function accountPage(visit: Visit, view: AccountView): Promise<Response> {
  const { account, wrong } = view;
  const errorsOf = (form: string): FieldErrors => (wrong?.form === form ? wrong.errors : {});
  const isSelf = account.id === visit.admin.accountId;
  const action = (name: string) => `/admin/accounts/${account.id}/${name}`;
  return await show(
    visit,
    {
      title: account.username,
      section: 'accounts',
      back: { href: '/admin/accounts', label: 'Accounts' },
      done: done[visit.query.get('done') ?? ''],
      status: wrong === undefined ? 200 : 400,
    },
    html`<section aria-labelledby="account">
        <h2 id="account">Account</h2>
        ${facts([
          ['Id', html`<code>${account.id}</code>`],
          ['Role', `${roles[account.role]}${isSelf ? ' (you)' : ''}`],
          ['Created', moment(account.created_at)],
          ['Password set', moment(account.password_changed_at)],
          ['Recordings', quotaWords(account, view.defaultQuotaBytes)],
          ['Incidents', html`<a href="/admin/incidents?owner=${account.username}">Show</a>`],
        ])}
      </section>
      ${sessionsSection(visit, view, action)}
      <section aria-labelledby="quota">
        <h2 id="quota">Quota</h2>
        <form method="post" action="${action('quota')}" class="form">
          ${tokenField(visit.token)}
          ${field(
            {
              name: 'limit',
              label: 'How much this account may keep',
              hint: `Like 500MB or 20GiB. 0 for no limit. Empty for the server's default (${view.defaultQuotaBytes === 0 ? 'no limit' : tellBytes(view.defaultQuotaBytes)}).`,
              value: wrong?.typed ?? account.bytes_limit?.toString() ?? '',
              optional: true,
            },
            errorsOf('quota'),
          )}
          <button type="submit">Set the quota</button>
        </form>
      </section>
      <section aria-labelledby="reset">
        <h2 id="reset">Reset the password</h2>
        <p>${isSelf ? 'This ends all of your sessions, this one too.' : 'This ends all sessions of the account. Hand the new password over where nobody else can read it.'}</p>
        <form method="post" action="${action('password')}" class="form">
          ${tokenField(visit.token)}
          <input type="text" name="username" value="${account.username}" autocomplete="username" hidden />
          ${newPasswordFields(errorsOf('password'))}
          <button type="submit">Set the new password</button>
        </form>
      </section>`,
  );
}

function sessionsSection(visit: Visit, { sessions, account }: AccountView, action: (name: string) => string): Markup {
  return html`<section aria-labelledby="sessions">
    <h2 id="sessions">Sessions</h2>
    ${
      sessions.length === 0
        ? html`<p>Nobody is signed in with this account.</p>`
        : html`${table(
            `Sessions of ${account.username}`,
            [
              {
                label: 'Kind',
                cell: ({ kind, id }: SessionRow) =>
                  html`${sessionKinds[kind]}${id === visit.admin.sessionId ? html` ${chip('this one')}` : ''}`,
              },
              { label: 'Signed in', cell: ({ created_at }) => ago(created_at, visit.nowMs) },
              { label: 'Ends', cell: ({ expires_at }) => ago(expires_at, visit.nowMs) },
              {
                label: 'Action',
                cell: ({ id, created_at }) =>
                  html`<form method="post" action="${action('sessions/end')}">
                    ${tokenField(visit.token)}<input type="hidden" name="session_id" value="${id}" />
                    <button type="submit" class="quiet small">End<span class="visually-hidden"> the session of ${created_at}</span></button>
                  </form>`,
              },
            ],
            sessions,
          )}
          <form method="post" action="${action('sessions/end-all')}">
            ${tokenField(visit.token)}
            <button type="submit" class="quiet">End all sessions</button>
          </form>`
    }
  </section>`;
}
