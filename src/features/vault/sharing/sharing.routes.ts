import { z } from 'zod';
import { textOf } from '#http/read-form.ts';
import type { Route } from '#http/route.ts';
import { isProblem, Problem } from '#kit/errors.ts';
import { folderById, foldersAbove, standingTo } from '../access.ts';
import { groupsAnswer, sharesAnswer } from '../answers.ts';
import type { Api } from '../api.ts';
import { showDocument } from '../document/document.pages.ts';
import { shownDocument } from '../document/document.routes.ts';
import { doneWords } from '../done.ts';
import { show } from '../frame.pages.ts';
import { backTo, type Gate, type Visit } from '../gate.ts';
import { folderHeading } from './folder-sharing.pages.ts';
import { type ShareLine, type Sharing, sharingParts } from './sharing.pages.ts';

const made = z.object({ token: z.string().optional() });
type More = Pick<Sharing, 'link' | 'errors' | 'typed'>;

export function sharingRoutes({ gate, api }: { gate: Gate; api: Api }): Route[] {
  const ofDocument = async (visit: Visit, more: More = {}) => {
    const { shown } = await shownDocument(api, visit);
    const sharing = await sharingOf(visit, 'document', shown.id, more);
    return await showDocument(visit, shown, '/sharing', sharingParts(visit, sharing), statusOf(more));
  };
  const ofFolder = async (visit: Visit, more: More = {}) => {
    const folder = await folderById(api, visit, visit.param('folder_id'));
    if (folder === undefined) throw new Problem('folder_not_found');
    const above = await foldersAbove(api, visit, folder.parent_id);
    const { access } = await standingTo(api, visit, 'folder', folder, above);
    if (access !== 'own') throw new Problem('folder_not_found');
    const sharing = await sharingOf(visit, 'folder', folder.id, more);
    const page = { title: `Sharing “${folder.name}”`, section: 'files', below: true, done: doneWords(visit) } as const;
    const heading = folderHeading(folder, above);
    return await show(visit, { ...page, heading, status: statusOf(more) }, sharingParts(visit, sharing));
  };
  return [
    gate.page('/documents/files/:document_id/sharing', 'With whom a document is shared', (visit) => ofDocument(visit)),
    gate.act('/documents/files/:document_id/sharing', 'Share a document', (visit, form) =>
      share(visit, form, 'document', ofDocument),
    ),
    gate.page('/documents/folders/:folder_id/sharing', 'With whom a folder is shared', (visit) => ofFolder(visit)),
    gate.act('/documents/folders/:folder_id/sharing', 'Share a folder', (visit, form) =>
      share(visit, form, 'folder', ofFolder),
    ),
    gate.act('/documents/shares/revoke', 'End a share', async (visit, form) => {
      await api.act(visit, 'DELETE', '/v1/shares/:share_id', { params: { share_id: form.get('share') ?? '' } });
      return backTo(form, '/documents', 'revoked');
    }),
  ];

  async function share(
    visit: Visit,
    form: URLSearchParams,
    what: 'document' | 'folder',
    again: (visit: Visit, more: More) => Promise<Response>,
  ): Promise<Response> {
    const id = visit.param(`${what}_id`);
    const path = `/v1/${what}s/:${what}_id/shares`;
    try {
      const answer = await api.act(visit, 'POST', path, {
        params: { [`${what}_id`]: id },
        json: wishOf(form, visit.nowMs),
      });
      const { token } = made.parse(await answer.json());
      // Shown in this very answer, since nothing keeps it.
      if (token !== undefined) return await again(visit, { link: `${originOf(visit)}/s/${token}` });
    } catch (error) {
      return await again(visit, { typed: form, errors: errorsOf(error) });
    }
    return backTo(
      new URLSearchParams(),
      `/documents/${what === 'document' ? 'files' : 'folders'}/${id}/sharing`,
      'shared',
    );
  }

  async function sharingOf(visit: Visit, what: 'document' | 'folder', id: string, more: More): Promise<Sharing> {
    const question = { params: { [`${what}_id`]: id }, query: { limit: '200' } };
    const [{ shares }, { groups }] = await Promise.all([
      api.read(visit, `/v1/${what}s/:${what}_id/shares`, sharesAnswer, question),
      api.read(visit, '/v1/groups', groupsAnswer, { query: { limit: '200' } }),
    ]);
    const action = `/documents/${what === 'document' ? 'files' : 'folders'}/${id}/sharing`;
    return { action, what, groups, shares: shares.map(shareLine), ...more };
  }
}

function statusOf({ errors }: More): number {
  return errors === undefined ? 200 : 400;
}

/** A wish as the API takes it. */
function wishOf(form: URLSearchParams, nowMs: number): Record<string, unknown> {
  const days = Number(form.get('days') ?? '');
  const expires = days > 0 ? { expires_at: new Date(nowMs + days * 86_400_000).toISOString() } : {};
  const access = form.get('access') === 'edit' ? 'edit' : 'view';
  if (form.get('kind') === 'group') return { kind: 'group', group_id: textOf(form, 'group'), access, ...expires };
  if (form.get('kind') !== 'link') return { kind: 'account', username: textOf(form, 'who'), access, ...expires };
  const password = form.get('password') ?? '';
  const most = textOf(form, 'max_downloads');
  return {
    kind: 'link',
    access: 'view',
    ...expires,
    ...(password === '' ? {} : { password }),
    ...(most === '' ? {} : { max_downloads: Number(most) }),
  };
}

/** By field. Throws the error again when it belongs to none. */
function errorsOf(error: unknown): Record<string, string> {
  if (isProblem(error, 'account_not_found')) return { who: 'There is no account with this username.' };
  if (isProblem(error, 'invalid_password')) return { password: error.message };
  if (isProblem(error, 'invalid_request') && error.message.startsWith('max_downloads'))
    return { max_downloads: 'Write a whole number, at least 1.' };
  if (isProblem(error, 'invalid_request') && error.message.startsWith('account_id'))
    return { who: 'This is yours already. Write the username of somebody else.' };
  if (isProblem(error, 'invalid_request')) return { who: error.message };
  throw error;
}

function shareLine(share: z.output<typeof sharesAnswer>['shares'][number]): ShareLine {
  return {
    id: share.id,
    kind: share.kind,
    who: share.username ?? share.group_name,
    access: share.access,
    createdAt: share.created_at,
    expiresAt: share.expires_at,
    hasPassword: share.has_password,
    maxDownloads: share.max_downloads,
    downloads: share.downloads,
  };
}

/** As the reader's browser calls this server; their forms are posted to it, so its host is the one in the request. */
function originOf({ c, secure }: Visit): string {
  return `${secure ? 'https' : 'http'}://${c.req.header('host') ?? ''}`;
}
