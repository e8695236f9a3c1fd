import { html } from 'hono/html';
import { ago, type Markup } from '#http/pages/moment.ts';
import { chip, type FieldErrors, field } from '#http/pages/parts.pages.ts';
import { doneWords } from '../done.ts';
import { show, tokenField } from '../frame.pages.ts';
import type { Visit } from '../gate.ts';
import { icon } from '../icon.pages.ts';
import { formEnd } from '../parts.pages.ts';
import type { Connection } from './answers.ts';

export async function connectionsPage(visit: Visit, connections: readonly Connection[]): Promise<Response> {
  return await show(
    visit,
    {
      title: 'Connections',
      section: 'connections',
      done: doneWords(visit),
      aside: html`<div class="acts"><a class="button" href="/documents/connections/new" data-key="n">Add a connection</a></div>`,
    },
    connections.length === 0
      ? html`<div class="empty">${icon(visit.files, 'cloud')}<h2>No connection yet</h2>
          <p>Bring files from Nextcloud, another WebDAV folder or an S3 bucket, or have your vault mirrored there.</p></div>`
      : html`<section aria-label="Your connections"><ul class="rows">
          ${connections.map(
            (one) => html`<li>
              <div>
                <p><a href="/documents/connections/${one.id}"><strong>${one.name}</strong></a></p>
                <p class="soft">${one.kind === 's3' ? `S3 bucket ${one.bucket ?? ''}, ` : 'WebDAV, '}${new URL(one.endpoint).host}</p>
              </div>
              ${stateOf(visit, one)}
            </li>`,
          )}
        </ul></section>`,
  );
}

export function stateOf(visit: Visit, { check_error, checked_at }: Connection): Markup {
  if (checked_at === undefined) return chip('Not tested yet');
  if (check_error !== undefined) return chip('Did not answer', 'care');
  return html`<span>${chip('Works', 'good')} <span class="soft">tested ${ago(checked_at, visit.nowMs)}</span></span>`;
}

export async function newConnectionPage(
  visit: Visit,
  page: { kind: 'webdav' | 's3'; typed?: URLSearchParams; errors?: FieldErrors },
): Promise<Response> {
  const { errors = {}, kind, typed } = page;
  const value = (name: string) => typed?.get(name) ?? undefined;
  const fields =
    kind === 'webdav'
      ? html`${field({ name: 'endpoint', label: 'Address of the folder', hint: 'Nextcloud: https://your.cloud/remote.php/dav/files/you', value: value('endpoint') }, errors)}
          ${field({ name: 'username', label: 'Username there', value: value('username') }, errors)}
          ${field({ name: 'password', label: 'Password there', hint: 'Best an app password, made for this use alone.', type: 'password', autocomplete: 'off' }, errors)}`
      : html`${field({ name: 'endpoint', label: 'Address of the store', hint: 'Such as https://s3.eu-central-1.amazonaws.com', value: value('endpoint') }, errors)}
          ${field({ name: 'bucket', label: 'Bucket', value: value('bucket') }, errors)}
          ${field({ name: 'region', label: 'Region', value: value('region'), optional: true }, errors)}
          ${field({ name: 'access_key_id', label: 'Access key id', value: value('access_key_id') }, errors)}
          ${field({ name: 'secret_access_key', label: 'Secret access key', type: 'password', autocomplete: 'off' }, errors)}`;
  const other = kind === 'webdav' ? ['s3', 'an S3 bucket'] : ['webdav', 'a WebDAV folder, such as Nextcloud'];
  return await show(
    visit,
    {
      title: kind === 'webdav' ? 'Connect a WebDAV folder' : 'Connect an S3 bucket',
      section: 'connections',
      below: true,
      status: Object.keys(errors).length === 0 ? 200 : 400,
    },
    html`<p class="soft">Or connect <a href="/documents/connections/new?kind=${other[0]}">${other[1]}</a>.</p>
      <section aria-label="The connection">
        <form class="form" method="post" action="/documents/connections/new">
          ${tokenField(visit.token)}<input type="hidden" name="kind" value="${kind}" />
          ${field({ name: 'name', label: 'A name for it', hint: 'As you call it.', value: value('name') }, errors)} ${fields}
          <p class="soft">What you write here is kept encrypted and shown to nobody, not even to you.</p>
          ${formEnd('Connect', '/documents/connections')}
        </form>
      </section>`,
  );
}
