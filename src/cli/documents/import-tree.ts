import { openAsBlob } from 'node:fs';
import { ProoflineApiError } from '#client/api/api-error.ts';
import type { DocumentsApi } from '#client/documents/documents-api.ts';
import type { Document } from '#client/documents/documents-wire.ts';
import { hashFile } from './hash-file.ts';
import { type LocalFile, type LocalTree, reasonOf } from './local-tree.ts';

export type ImportOutcome = 'added' | 'new_version' | 'present' | 'differs' | 'failed';

export type ImportEvent =
  | { event: 'listed'; files: number; bytes: number }
  | { event: 'bytes'; bytes: number }
  | { event: 'file'; path: string; outcome: ImportOutcome; bytes: number; document_id?: string; reason?: string };

export interface ImportOptions {
  /** The folder of the vault that the tree goes into; absent: the root. */
  readonly into: string | undefined;
  /** What to do with a document of the same place whose content is another: make it the next version, or leave it. */
  readonly onChange: 'version' | 'skip';
  readonly lanes: number;
  readonly tell: (event: ImportEvent) => void;
}

/** The vault's side of one folder, listed once. */
interface RemoteFolder {
  readonly id: string | undefined;
  /** Looked into when they are needed: a vault may have many more folders than are imported into. */
  readonly folders: Map<string, () => Promise<RemoteFolder>>;
  readonly documents: Map<string, Document>;
}

/**
 * Copies a tree of files. What is there already with the same content is passed over, so the same command goes on where one was killed:
 * there is no journal, it looks. A file that cannot be read or is refused costs itself and nothing else.
 */
export async function importTree(api: DocumentsApi, tree: LocalTree, options: ImportOptions): Promise<void> {
  const bytes = tree.files.reduce((sum, { byteSize }) => sum + byteSize, 0);
  options.tell({ event: 'listed', files: tree.files.length, bytes });
  const root = await listed(api, options.into);
  for (const names of tree.folders) await folderAt(api, root, names).catch(() => undefined);
  const waiting = tree.files[Symbol.iterator]();
  const lane = async () => {
    for (let next = waiting.next(); next.done !== true; next = waiting.next())
      await importFile(api, root, next.value, options);
  };
  await Promise.all(Array.from({ length: options.lanes }, lane));
}

async function importFile(
  api: DocumentsApi,
  root: RemoteFolder,
  file: LocalFile,
  { onChange, tell }: ImportOptions,
): Promise<void> {
  const say = (outcome: ImportOutcome, more: { document_id?: string; reason?: string } = {}) =>
    tell({ event: 'file', path: file.names.join('/'), outcome, bytes: file.byteSize, ...more });
  try {
    const folder = await folderAt(api, root, file.names.slice(0, -1));
    const name = (file.names.at(-1) ?? '').normalize('NFC').trim();
    const sha256Hex = await hashFile(file.path);
    const standing = folder.documents.get(name);
    if (standing?.sha256_hex === sha256Hex) {
      tell({ event: 'bytes', bytes: file.byteSize });
      say('present', { document_id: standing.id });
      return;
    }
    if (standing !== undefined && onChange === 'skip') {
      tell({ event: 'bytes', bytes: file.byteSize });
      say('differs', { document_id: standing.id });
      return;
    }
    const content = await openAsBlob(file.path);
    const onBytes = (bytes: number) => tell({ event: 'bytes', bytes });
    const made =
      standing === undefined
        ? await api.add({ name, folderId: folder.id, content, sha256Hex }, { onBytes })
        : await api.addVersion(standing, content, sha256Hex);
    if (standing !== undefined) onBytes(file.byteSize);
    // The server hashed what it got: other bytes mean that the file changed while it was read.
    if (made.sha256_hex !== sha256Hex) say('failed', { document_id: made.id, reason: 'changed_while_read' });
    else say(standing === undefined ? 'added' : 'new_version', { document_id: made.id });
  } catch (error) {
    if (error instanceof ProoflineApiError && error.status < 500 && error.status !== 401 && error.status !== 429)
      say('failed', { reason: error.code });
    else if (error instanceof Error && 'syscall' in error) say('failed', { reason: reasonOf(error) });
    else if (error instanceof DOMException && error.name === 'NotReadableError')
      say('failed', { reason: 'changed_while_read' });
    else throw error;
  }
}

async function folderAt(api: DocumentsApi, root: RemoteFolder, names: readonly string[]): Promise<RemoteFolder> {
  let at = root;
  for (const given of names) {
    const name = given.normalize('NFC').trim();
    const above = at;
    let below = above.folders.get(name);
    if (below === undefined) {
      below = once(async () => empty((await api.addFolder(name, above.id)).id));
      above.folders.set(name, below);
    }
    at = await below();
  }
  return at;
}

const empty = (id: string | undefined): RemoteFolder => ({ id, folders: new Map(), documents: new Map() });

async function listed(api: DocumentsApi, id: string | undefined): Promise<RemoteFolder> {
  const folder = empty(id);
  for await (const document of api.documents(id ?? 'root')) folder.documents.set(document.name, document);
  for await (const below of api.folders(id ?? 'root')) {
    const look = () => listed(api, below.id);
    folder.folders.set(below.name, once(look));
  }
  return folder;
}

function once<T>(begin: () => Promise<T>): () => Promise<T> {
  let begun: Promise<T> | undefined;
  return () => {
    begun ??= begin();
    return begun;
  };
}
