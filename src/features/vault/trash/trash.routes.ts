import type { Route } from '#http/route.ts';
import { isProblem } from '#kit/errors.ts';
import { documentsAnswer, foldersAnswer } from '../answers.ts';
import type { Api } from '../api.ts';
import { documentItem, folderItem } from '../files/read-folder.ts';
import { backTo, type Gate, type Visit } from '../gate.ts';
import { itemsOf, nameOf, routeOf } from '../items.ts';
import { deletePage, trashPage } from './trash.pages.ts';

export function trashRoutes(deps: { gate: Gate; api: Api }, config: { trashRetentionMs: number }): Route[] {
  const { gate, api } = deps;
  return [
    gate.page('/documents/trash', 'The trash', async (visit) => {
      const cursor = visit.query.get('cursor');
      const query = { trashed: 'true', limit: '100' };
      const [{ folders }, { documents, next_cursor: nextCursor }] = await Promise.all([
        cursor === null
          ? api.read(visit, '/v1/folders', foldersAnswer, { query: { ...query, limit: '500' } })
          : { folders: [] },
        api.read(visit, '/v1/documents', documentsAnswer, { query: cursor === null ? query : { ...query, cursor } }),
      ]);
      const items = [
        ...folders.map((folder) => ({ ...folderItem(folder), at: folder.trashed_at ?? folder.updated_at })),
        ...documents.map((one) => ({ ...documentItem(one), at: one.trashed_at ?? one.updated_at })),
      ].sort((a, b) => (a.at < b.at ? 1 : -1));
      return await trashPage(visit, { items, nextCursor, retentionMs: config.trashRetentionMs });
    }),
    gate.act('/documents/trash/restore', 'Take out of the trash', async (visit, form) => {
      for (const item of itemsOf(form)) await restore(visit, item);
      return backTo(form, '/documents/trash', 'restored');
    }),
    gate.page('/documents/trash/delete', 'Delete for good?', async (visit) => {
      const items = await Promise.all(itemsOf(visit.query).map((id) => nameOf(api, visit, id)));
      return await deletePage(visit, { items, all: false });
    }),
    gate.act('/documents/trash/delete', 'Delete for good', async (visit, form) => {
      for (const item of itemsOf(form)) {
        const { params, path } = routeOf(item);
        await api.act(visit, 'DELETE', path, { params, query: { permanent: 'true' } });
      }
      return backTo(form, '/documents/trash', 'deleted');
    }),
    gate.page('/documents/trash/empty', 'Empty the trash?', (visit) => deletePage(visit, { items: [], all: true })),
    gate.act('/documents/trash/empty', 'Empty the trash', async (visit, form) => {
      await api.act(visit, 'DELETE', '/v1/trash');
      return backTo(form, '/documents/trash', 'deleted');
    }),
  ];

  /** Under its own name, or where that is taken by now, under one that says so. */
  async function restore(visit: Visit, item: string): Promise<void> {
    const { params, path } = routeOf(item);
    try {
      await api.act(visit, 'POST', `${path}/restore`, { params });
    } catch (error) {
      if (!isProblem(error, 'name_conflict')) throw error;
      const { name } = await nameOf(api, visit, item);
      const stamp = new Date(visit.nowMs).toISOString().slice(0, 19).replaceAll(':', '.');
      const dot = name.lastIndexOf('.');
      const stem = dot > 0 ? name.slice(0, dot) : name;
      const renamed = `${stem} (restored ${stamp})${dot > 0 ? name.slice(dot) : ''}`;
      await api.act(visit, 'POST', `${path}/restore`, { params, json: { name: renamed } });
    }
  }
}
