import type { Route } from '#http/route.ts';
import { Problem } from '#kit/errors.ts';
import { folderById, foldersAbove, standingTo } from '../access.ts';
import { documentsAnswer } from '../answers.ts';
import type { Api } from '../api.ts';
import type { Gate, Visit } from '../gate.ts';
import { filesPage, sorts } from './files.pages.ts';
import { foundPage } from './found.pages.ts';
import { documentItem, readFolder, sorted } from './read-folder.ts';

export function filesRoutes({ gate, api }: { gate: Gate; api: Api }): Route[] {
  return [
    gate.page('/documents', 'Files at the top, or what was searched for', async (visit) => {
      const q = (visit.query.get('q') ?? '').trim();
      const topic = visit.query.get('topic') ?? '';
      if (q !== '' || topic !== '') return await found(visit, q, topic);
      const contents = await readFolder(api, visit, 'root', visit.query.get('cursor') ?? undefined);
      const top = { folder: undefined, trail: [], mayEdit: true, isOwn: true };
      return await filesPage(visit, { ...top, ...looks(visit), ...shown(visit, contents) });
    }),
    gate.page('/documents/folders/:folder_id', 'What lies in a folder', async (visit) => {
      const folder = await folderById(api, visit, visit.param('folder_id'));
      if (folder === undefined) throw new Problem('folder_not_found');
      const [trail, contents] = await Promise.all([
        foldersAbove(api, visit, folder.parent_id),
        readFolder(api, visit, folder.id, visit.query.get('cursor') ?? undefined),
      ]);
      const { access } = await standingTo(api, visit, 'folder', folder, trail);
      const standing = { mayEdit: access !== 'view' && folder.trashed_at === undefined, isOwn: access === 'own' };
      return await filesPage(visit, { folder, trail, ...standing, ...looks(visit), ...shown(visit, contents) });
    }),
  ];

  async function found(visit: Visit, q: string, topic: string): Promise<Response> {
    const cursor = visit.query.get('cursor');
    const query = {
      limit: '50',
      ...(q === '' ? {} : { q }),
      ...(topic === '' ? {} : { topic }),
      ...(cursor === null ? {} : { cursor }),
    };
    const answer = await api.read(visit, '/v1/documents', documentsAnswer, { query });
    const items = answer.documents.map(documentItem);
    return await foundPage(visit, { q, topic, items, nextCursor: answer.next_cursor });
  }

  function shown(visit: Visit, contents: Awaited<ReturnType<typeof readFolder>>) {
    return { items: sorted(contents, looks(visit).sort), nextCursor: contents.nextCursor };
  }
}

/** Sorting and looks as the address says, or else as they were last. */
export function looks({ c, query }: Visit): { view: 'list' | 'grid'; sort: string; headers: Record<string, string> } {
  const kept = /(?:^|;\s*)vault_looks=(list|grid)\.(-?[a-z_]+)(?:;|$)/.exec(c.req.header('cookie') ?? '');
  const view = (query.get('view') ?? kept?.[1]) === 'grid' ? 'grid' : 'list';
  const wanted = query.get('sort') ?? kept?.[2];
  const sort = sorts.find(([value]) => value === wanted)?.[0] ?? 'name';
  const asked = query.has('view') || query.has('sort');
  return {
    view,
    sort,
    // A matter of taste and no secret, so that plain http may carry it.
    headers: asked
      ? { 'Set-Cookie': `vault_looks=${view}.${sort}; Path=/documents; SameSite=Lax; HttpOnly; Max-Age=31536000` }
      : {},
  };
}
