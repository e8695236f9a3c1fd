import { type DocumentAnswer, documentsAnswer, type FolderAnswer, foldersAnswer } from '../answers.ts';
import type { Api, Asking } from '../api.ts';
import type { Item } from './items.pages.ts';

/** A folder with more than this is shown in the order in which it was filled, a page at a time. */
const mostSorted = 2000;
const atOnce = '500';

export function documentItem(document: DocumentAnswer): Item {
  const { id, name, media_type, byte_size, status, topics, suggested_topics, snippet, updated_at, version } = document;
  return {
    id,
    kind: 'document',
    name,
    href: `/documents/files/${id}`,
    mediaType: media_type,
    bytes: byte_size,
    status,
    topics,
    suggested: suggested_topics.length,
    snippet,
    at: updated_at,
    thumbnail: document.has_thumbnail ? `/v1/documents/${id}/thumbnail?version=${version}` : undefined,
  };
}

export function folderItem({ id, name, updated_at }: FolderAnswer): Item {
  return { id, kind: 'folder', name, href: `/documents/folders/${id}`, at: updated_at };
}

export interface Contents {
  folders: Item[];
  documents: Item[];
  /** Where there is more than can be sorted: the rest of the documents. */
  nextCursor: string | undefined;
}

/** What lies in a folder, `root` for the top. From a cursor on: the rest of its documents, without its folders. */
export async function readFolder(
  api: Api,
  asking: Asking,
  folder: string,
  cursor: string | undefined,
): Promise<Contents> {
  const folders: Item[] = [];
  for await (const page of pages(cursor === undefined, undefined, async (from) => {
    const query = { parent_id: folder, limit: atOnce, ...from };
    return await api.read(asking, '/v1/folders', foldersAnswer, { query });
  }))
    folders.push(...page.folders.map(folderItem));
  const documents: Item[] = [];
  let nextCursor: string | undefined;
  for await (const page of pages(true, cursor, async (from) => {
    const query = { folder_id: folder, limit: atOnce, ...from };
    return await api.read(asking, '/v1/documents', documentsAnswer, { query });
  })) {
    documents.push(...page.documents.map(documentItem));
    nextCursor = page.next_cursor;
    if (documents.length >= mostSorted) break;
  }
  return { folders, documents, nextCursor };
}

async function* pages<Page extends { next_cursor?: string | undefined }>(
  wanted: boolean,
  first: string | undefined,
  read: (from: { cursor?: string }) => Promise<Page>,
): AsyncGenerator<Page> {
  if (!wanted) return;
  let cursor = first;
  do {
    const page = await read(cursor === undefined ? {} : { cursor });
    yield page;
    cursor = page.next_cursor;
  } while (cursor !== undefined);
}

const byName = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

/** Folders first, each kind in the order that was asked for. */
export function sorted({ folders, documents }: Contents, sort: string): Item[] {
  const named = (a: Item, b: Item) => byName.compare(a.name, b.name);
  const latest = (a: Item, b: Item) => (a.at < b.at ? 1 : a.at > b.at ? -1 : named(a, b));
  const compare =
    sort === '-updated_at'
      ? latest
      : sort === '-created_at'
        ? (a: Item, b: Item) => (timeOf(a.id) < timeOf(b.id) ? 1 : -1)
        : sort === '-byte_size'
          ? (a: Item, b: Item) => (b.bytes ?? 0) - (a.bytes ?? 0) || named(a, b)
          : named;
  return [...folders.sort(compare), ...documents.sort(compare)];
}

/** Ids begin with the time at which they were made. */
function timeOf(id: string): string {
  return id.slice(id.indexOf('_') + 1);
}
