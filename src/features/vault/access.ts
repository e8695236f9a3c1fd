import { isProblem } from '#kit/errors.ts';
import { type FolderAnswer, folderAnswer, sharedAnswer, sharesAnswer } from './answers.ts';
import type { Api } from './api.ts';
import type { Visit } from './gate.ts';

export interface Standing {
  access: 'view' | 'edit' | 'own';
  /** Whose it is, where it is not the reader's. */
  owner: string | undefined;
}

const own: Standing = { access: 'own', owner: undefined };

/** How the reader stands to a folder or document, for what a page offers; the API judges each act again. */
export async function standingTo(
  api: Api,
  visit: Visit,
  kind: 'document' | 'folder',
  thing: { id: string },
  above: readonly { id: string }[],
): Promise<Standing> {
  try {
    const question = { params: { [`${kind}_id`]: thing.id }, query: { limit: '1' } };
    await api.read(visit, `/v1/${kind}s/:${kind}_id/shares`, sharesAnswer, question);
    return own;
  } catch (error) {
    if (!isProblem(error, 'forbidden')) throw error;
  }
  const { shared } = await api.read(visit, '/v1/shared', sharedAnswer, { query: { limit: '500' } });
  const ids = new Set([thing.id, ...above.map(({ id }) => id)]);
  const by = shared.filter(({ document, folder }) => ids.has(document?.id ?? folder?.id ?? ''));
  const access = by.some((share) => share.access === 'edit') ? 'edit' : 'view';
  return { access, owner: by[0]?.owner.username };
}

/** The folders above one, from the top down, as far as the reader may see them. */
export async function foldersAbove(api: Api, visit: Visit, parentId: string | undefined): Promise<FolderAnswer[]> {
  const above: FolderAnswer[] = [];
  let id = parentId;
  // Folders lie in one another only so deep; whatever says otherwise is not followed for ever.
  while (id !== undefined && above.length < 100) {
    const found = await folderById(api, visit, id);
    if (found === undefined) break;
    above.unshift(found);
    id = found.parent_id;
  }
  return above;
}

export async function folderById(api: Api, visit: Visit, id: string): Promise<FolderAnswer | undefined> {
  try {
    const { folder } = await api.read(visit, '/v1/folders/:folder_id', folderAnswer, { params: { folder_id: id } });
    return folder;
  } catch (error) {
    if (isProblem(error, 'folder_not_found')) return undefined;
    throw error;
  }
}
