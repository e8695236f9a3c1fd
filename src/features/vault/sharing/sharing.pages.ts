import { html } from 'hono/html';
import { ago, type Markup } from '#http/pages/moment.ts';
import { type FieldErrors, field } from '#http/pages/parts.pages.ts';
import { tokenField } from '../frame.pages.ts';
import type { Visit } from '../gate.ts';
import { actButton } from '../parts.pages.ts';

export interface ShareLine {
  id: string;
  kind: 'account' | 'group' | 'link';
  /** The name of the account or group. */
  who: string | undefined;
  access: 'view' | 'edit';
  createdAt: string;
  expiresAt: string | undefined;
  hasPassword: boolean;
  maxDownloads: number | undefined;
  downloads: number;
}

export interface Sharing {
  /** Where its forms post to. */
  action: string;
  /** What is shared: a document or a folder. */
  what: 'document' | 'folder';
  shares: readonly ShareLine[];
  /** Those that the reader belongs to. */
  groups: readonly { id: string; name: string }[];
  /** A link that was just made, with its token: shown this once. */
  link?: string | undefined;
  typed?: URLSearchParams;
  errors?: FieldErrors;
}

const lasts = [
  ['', 'For ever'],
  ['1', '1 day'],
  ['7', '1 week'],
  ['30', '30 days'],
  ['365', '1 year'],
] as const;

export function sharingParts(visit: Visit, sharing: Sharing): Markup {
  const { link, shares } = sharing;
  return html`${
    link === undefined
      ? ''
      : html`<div class="once" role="status">
          <p><strong>Copy the link now.</strong> It is shown this once; the server keeps no copy of it.</p>
          <div class="add">
            <input id="new-link" type="text" readonly value="${link}" aria-label="The new link" />
            <button type="button" data-copies="new-link" class="only-scripted">Copy</button>
          </div>
        </div>`
  }
  <section aria-labelledby="who-title">
    <h2 id="who-title">Who has it</h2>
    ${shares.length === 0 ? html`<p class="soft">Nobody but you.</p>` : html`<ul class="rows">${shares.map((share) => shareRow(visit, share))}</ul>`}
  </section>
  <div class="cards">${peopleForm(visit, sharing)} ${groupForm(visit, sharing)} ${linkForm(visit, sharing)}</div>`;
}

function shareRow(visit: Visit, share: ShareLine): Markup {
  const name =
    share.kind === 'link'
      ? 'Whoever has the link'
      : share.kind === 'group'
        ? `Group ${share.who ?? ''}`
        : (share.who ?? '');
  const limit = share.maxDownloads === undefined ? '' : `, ${share.downloads} of ${share.maxDownloads} downloads`;
  const counted = share.kind === 'link' && share.maxDownloads === undefined ? `, ${share.downloads} downloads` : limit;
  return html`<li>
    <div>
      <p><strong>${name}</strong> ${share.access === 'edit' ? 'may view and change' : 'may view'}</p>
      <p class="soft">since ${ago(share.createdAt, visit.nowMs)}${share.expiresAt === undefined ? '' : html`, ends ${ago(share.expiresAt, visit.nowMs)}`}${share.hasPassword ? ', with a password' : ''}${counted}</p>
    </div>
    ${actButton(visit, { action: '/documents/shares/revoke', label: 'End', values: { share: share.id }, about: `the share with ${name}` })}
  </li>`;
}

function peopleForm(visit: Visit, { action, errors = {}, typed, what }: Sharing): Markup {
  return html`<section aria-labelledby="people-title">
    <h2 id="people-title">Share with somebody here</h2>
    <form class="form" method="post" action="${action}">
      ${tokenField(visit.token)}<input type="hidden" name="kind" value="account" />
      ${field(
        {
          name: 'who',
          label: 'Username',
          hint:
            what === 'folder' ? 'They see whatever lies in it, now and later.' : 'They find it under “Shared with me”.',
          value: typed?.get('who') ?? undefined,
        },
        errors,
      )}
      ${accessChoice(typed)} ${lastsChoice('account-lasts', typed)}
      <button type="submit">Share</button>
    </form>
  </section>`;
}

function groupForm(visit: Visit, { action, groups, typed }: Sharing): Markup {
  if (groups.length === 0) return html``;
  return html`<section aria-labelledby="group-title">
    <h2 id="group-title">Share with a group</h2>
    <form class="form" method="post" action="${action}">
      ${tokenField(visit.token)}<input type="hidden" name="kind" value="group" />
      <div class="field">
        <label for="group">Group</label>
        <select id="group" name="group">${groups.map(({ id, name }) => html`<option value="${id}">${name}</option>`)}</select>
      </div>
      ${accessChoice(typed)} ${lastsChoice('group-lasts', typed)}
      <button type="submit">Share with the group</button>
    </form>
  </section>`;
}

function accessChoice(typed: URLSearchParams | undefined): Markup {
  const edit = typed?.get('access') === 'edit';
  return html`<fieldset class="choices">
    <legend>They may</legend>
    <label><input type="radio" name="access" value="view" ${edit ? '' : 'checked'} /> View and download</label>
    <label><input type="radio" name="access" value="edit" ${edit ? 'checked' : ''} /> Change it too</label>
  </fieldset>`;
}

function lastsChoice(id: string, typed: URLSearchParams | undefined): Markup {
  const chosen = typed?.get('days') ?? (id === 'link-lasts' ? '30' : '');
  return html`<div class="field">
    <label for="${id}">How long</label>
    <select id="${id}" name="days">
      ${lasts.map(([days, label]) => html`<option value="${days}" ${days === chosen ? 'selected' : ''}>${label}</option>`)}
    </select>
  </div>`;
}

function linkForm(visit: Visit, { action, errors = {}, typed }: Sharing): Markup {
  return html`<section aria-labelledby="link-title">
    <h2 id="link-title">Share by link</h2>
    <form class="form" method="post" action="${action}">
      ${tokenField(visit.token)}<input type="hidden" name="kind" value="link" />
      <p class="soft">Whoever has the link can view and download it, without an account.</p>
      ${lastsChoice('link-lasts', typed)}
      ${field({ name: 'password', label: 'Password', hint: 'Tell it by another way than the link.', type: 'password', autocomplete: 'new-password', optional: true }, errors)}
      ${field({ name: 'max_downloads', label: 'Downloads at most', value: typed?.get('max_downloads') ?? undefined, optional: true }, errors)}
      <button type="submit">Make a link</button>
    </form>
  </section>`;
}
