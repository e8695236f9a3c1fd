import { isId } from '#kit/ids.ts';
import { documentAnswer, folderAnswer } from './answers.ts';
import type { Api } from './api.ts';
import type { Visit } from './gate.ts';

/** What is chosen in a list: folders and documents by their ids; anything else in the form is passed over. */
export function itemsOf(form: URLSearchParams): string[] {
  return [...new Set(form.getAll('item'))].filter((id) => isId('doc', id) || isId('fld', id));
}

export function isFolder(id: string): boolean {
  return isId('fld', id);
}

/** Where the API has the thing, and what its path needs. */
export function routeOf(id: string): { path: string; params: Record<string, string> } {
  return isFolder(id)
    ? { path: '/v1/folders/:folder_id', params: { folder_id: id } }
    : { path: '/v1/documents/:document_id', params: { document_id: id } };
}

export async function nameOf(api: Api, visit: Visit, id: string): Promise<{ id: string; name: string }> {
  const { params, path } = routeOf(id);
  if (isFolder(id)) {
    const { folder } = await api.read(visit, path, folderAnswer, { params });
    return { id, name: folder.name };
  }
  const { document } = await api.read(visit, path, documentAnswer, { params });
  return { id, name: document.name };
}
