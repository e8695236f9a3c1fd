import type { DocumentsApi } from '#client/documents/documents-api.ts';
import type { Document, Folder } from '#client/documents/documents-wire.ts';
import type { ExportedDocument } from '#client/documents/vault-export.ts';
import { PathsTaken, safeName } from './export-paths.ts';

export interface ListedVault {
  readonly documents: readonly ExportedDocument[];
  readonly folders: readonly Folder[];
}

/** Everything that an account owns, with a path for each version: the current ones by their names, the others by their ids. */
export async function listVault(api: DocumentsApi): Promise<ListedVault> {
  const taken = new PathsTaken();
  const documents: ExportedDocument[] = [];
  const folders: Folder[] = [];
  const add = async (document: Document, path: string) => {
    const versions: ExportedDocument['versions'][number][] = [];
    for await (const version of api.versions(document.id)) {
      const isCurrent = version.version === document.version;
      versions.push({ ...version, file: isCurrent ? path : `versions/${safeName(document.id)}/${version.version}` });
    }
    const { id, name, folder_id, topics, created_at, updated_at, trashed_at } = document;
    documents.push({
      ...{ id, name, topics, created_at, updated_at, versions },
      ...(folder_id === undefined ? {} : { folder_id }),
      ...(trashed_at === undefined ? {} : { trashed_at }),
    });
  };
  const walk = async (folderId: string, path: string, query: { trashed?: boolean }): Promise<void> => {
    for await (const below of api.folders(folderId, query)) {
      folders.push(below);
      await walk(below.id, taken.take(path, below.name, below.id), query);
    }
    for await (const document of api.documents(folderId, query))
      await add(document, taken.take(path, document.name, document.id));
  };
  await walk('root', 'documents', {});
  for await (const folder of api.trashedFolders()) {
    folders.push(folder);
    await walk(folder.id, taken.take('trash', folder.name, folder.id), { trashed: true });
  }
  // One that went by itself, and later its folder, is in both listings.
  const seen = new Set(documents.map(({ id }) => id));
  for await (const document of api.trashedDocuments())
    if (!seen.has(document.id)) await add(document, taken.take('trash', document.name, document.id));
  return { documents, folders };
}
