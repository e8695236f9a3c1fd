import type { Route } from '#http/route.ts';
import { type FolderAnswer, foldersAnswer } from '../answers.ts';
import type { Api } from '../api.ts';
import { backTo, type Gate, ownPath, type Visit, wordsFor } from '../gate.ts';
import { isFolder, itemsOf, nameOf, routeOf } from '../items.ts';
import { keysPage, movePage, newFolderPage, type Place, renamePage, uploadPage } from './forms.pages.ts';

const nameCodes = ['invalid_document_name', 'name_conflict'];

/** Making folders, and what can be done with whatever is chosen. */
export function fileActRoutes({ gate, api }: { gate: Gate; api: Api }): Route[] {
  const folderPath = (id: string) => (id === '' ? '/documents' : `/documents/folders/${id}`);
  return [
    gate.page('/documents/keys', 'Keyboard shortcuts', (visit) => keysPage(visit)),
    gate.page('/documents/new-folder', 'Make a folder', (visit) => {
      const folder = visit.query.get('folder') ?? '';
      return newFolderPage(visit, { folder, back: ownPath(folderPath(folder), '/documents') });
    }),
    gate.act('/documents/new-folder', 'Make a folder', async (visit, form) => {
      const [folder, name] = [form.get('folder') ?? '', form.get('name') ?? ''];
      try {
        const json = folder === '' ? { name } : { name, parent_id: folder };
        await api.act(visit, 'POST', '/v1/folders', { json });
      } catch (error) {
        const wrong = wordsFor(error, nameCodes);
        return await newFolderPage(visit, { folder, name, wrong, back: ownPath(form.get('back'), '/documents') });
      }
      return backTo(form, '/documents', 'folder');
    }),
    gate.page('/documents/upload', 'Upload a file', (visit) =>
      uploadPage(visit, { folder: visit.query.get('folder') ?? '' }),
    ),
    gate.upload('/documents/upload', 'Upload a file', async (visit) => {
      const folder = visit.query.get('folder') ?? '';
      try {
        await api.act(visit, 'POST', '/v1/documents');
      } catch (error) {
        const codes = [...nameCodes, 'missing_file', 'quota_exceeded', 'upload_too_large', 'folder_not_found'];
        return await uploadPage(visit, { folder, wrong: wordsFor(error, codes) });
      }
      return backTo(new URLSearchParams(), ownPath(folderPath(folder), '/documents'), 'uploaded');
    }),
    gate.page('/documents/rename', 'Rename something', async (visit) => {
      const back = ownPath(visit.query.get('back'), '/documents');
      const [item] = itemsOf(visit.query);
      return await renamePage(visit, { item: await nameOf(api, visit, item ?? ''), back });
    }),
    gate.act('/documents/rename', 'Rename something', async (visit, form) => {
      const [item = ''] = itemsOf(form);
      const name = form.get('name') ?? '';
      const { params, path } = routeOf(item);
      try {
        await api.act(visit, 'PATCH', path, { params, json: { name } });
      } catch (error) {
        const wrong = wordsFor(error, nameCodes);
        const back = ownPath(form.get('back'), '/documents');
        return await renamePage(visit, { item: await nameOf(api, visit, item), back, name, wrong });
      }
      return backTo(form, '/documents', 'renamed');
    }),
    gate.page('/documents/move', 'Move something', async (visit) => {
      return await showMove(visit, itemsOf(visit.query), ownPath(visit.query.get('back'), '/documents'));
    }),
    gate.act('/documents/move', 'Move something', async (visit, form) => {
      const items = itemsOf(form);
      const folder = form.get('folder') || null;
      try {
        for (const item of items) {
          const { params, path } = routeOf(item);
          const json = isFolder(item) ? { parent_id: folder } : { folder_id: folder };
          await api.act(visit, 'PATCH', path, { params, json });
        }
      } catch (error) {
        const wrong = wordsFor(error, ['name_conflict', 'folder_cycle', 'folder_not_found', 'invalid_request']);
        return await showMove(visit, items, ownPath(form.get('back'), '/documents'), wrong);
      }
      return backTo(form, '/documents', 'moved');
    }),
    gate.act('/documents/trash', 'Move to the trash', async (visit, form) => {
      for (const item of itemsOf(form)) {
        const { params, path } = routeOf(item);
        await api.act(visit, 'DELETE', path, { params });
      }
      return backTo(form, '/documents', 'trashed');
    }),
  ];

  async function showMove(visit: Visit, ids: readonly string[], back: string, wrong?: string): Promise<Response> {
    const items = await Promise.all(ids.map((id) => nameOf(api, visit, id)));
    const places = await allPlaces(api, visit, new Set(ids));
    return await movePage(visit, { items, places, back, ...(wrong === undefined ? {} : { wrong }) });
  }
}

/** Every folder of the reader's, for choosing one. */
export async function allPlaces(api: Api, visit: Visit, without: ReadonlySet<string> = new Set()): Promise<Place[]> {
  const folders: FolderAnswer[] = [];
  let cursor: string | undefined;
  do {
    const query = { limit: '500', ...(cursor === undefined ? {} : { cursor }) };
    const page = await api.read(visit, '/v1/folders', foldersAnswer, { query });
    folders.push(...page.folders);
    cursor = page.next_cursor;
  } while (cursor !== undefined && folders.length < 5000);
  return placesOf(folders, without);
}

/** Every folder with its path, in order; without those that are being moved and what lies in them. */
export function placesOf(folders: readonly FolderAnswer[], moved: ReadonlySet<string>): Place[] {
  const below = Map.groupBy(folders, ({ parent_id }) => parent_id ?? '');
  const places: Place[] = [];
  const walk = (parentId: string, path: string) => {
    const inside = (below.get(parentId) ?? []).toSorted((a, b) => a.name.localeCompare(b.name, 'en'));
    for (const { id, name } of inside) {
      if (moved.has(id)) continue;
      places.push({ id, path: `${path}${name}` });
      walk(id, `${path}${name} / `);
    }
  };
  walk('', '');
  return places;
}
