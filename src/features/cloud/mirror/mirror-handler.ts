import { type DocumentRow, type FolderRow, folderById, listDocuments, listFolders } from '#features/documents/index.ts';
import { JobFailure, type JobHandler } from '#features/jobs/index.ts';
import { isProblem } from '#kit/errors.ts';
import { fits, joinPath, type RemotePath } from '../remote/remote-path.ts';
import { Transfer, type TransferDeps } from '../transfer/transfer.ts';
import { mirrorDocument } from './mirror-document.ts';
import { MirrorNames } from './mirror-name.ts';

const pageSize = 500;
/** Then others have their turn, and it goes on later. */
const longestTurnMs = 4 * 60 * 60_000;

/**
 * Sends what an account keeps, or one of its folders, to the other side: the current version of every document, once. It removes nothing
 * there: what is renamed, moved or thrown away here stays behind under its old name.
 */
export function mirrorHandler(deps: TransferDeps): JobHandler {
  return {
    kind: 'mirror',
    timeoutMs: longestTurnMs,
    lasting: true,
    run: (job, context) =>
      Transfer.run(deps, job, context, async (transfer) => {
        const { mirror_folder_id: folderId, mirror_path: path, owner_account_id: ownerId } = transfer.connection;
        const folder = folderId === null ? undefined : await folderById(deps.metadata.read, folderId);
        if (folderId !== null && (folder?.owner_account_id !== ownerId || folder.trashed_at !== null))
          throw new JobFailure('folder_not_found', 'The folder that is mirrored is gone.');
        await mirrorFolder(transfer, folderId, path);
      }),
  };
}

async function mirrorFolder(transfer: Transfer, folderId: string | null, path: RemotePath): Promise<void> {
  const names = new MirrorNames();
  const below: { folder: FolderRow; name: string }[] = [];
  for await (const folder of foldersIn(transfer, folderId)) below.push({ folder, name: names.of(folder) });
  await transfer.each(path, async () => {
    const there = await sizesIn(transfer, path);
    for await (const documents of documentsIn(transfer, folderId)) {
      await transfer.foundFiles(documents.length);
      for (const document of documents) {
        const name = names.of(document);
        const file = joinPath(path, name);
        if (fits(joinPath(transfer.connection.root, file)))
          await transfer.each(file, () => mirrorDocument(transfer, document, file, there.get(name)));
        else transfer.report.failed(file, 'invalid_remote_path');
      }
    }
    return undefined;
  });
  for (const { folder, name } of below) await mirrorFolder(transfer, folder.id, joinPath(path, name));
}

/** Of the files that stand in a folder of the other side, in bytes. */
async function sizesIn({ remote, signal }: Transfer, folder: RemotePath): Promise<Map<string, number | undefined>> {
  const sizes = new Map<string, number | undefined>();
  let after: string | undefined;
  try {
    do {
      const page = await remote.list(folder, { limit: 1_000, after }, signal);
      for (const { byteSize, kind, name } of page.entries) if (kind === 'file') sizes.set(name, byteSize);
      after = page.next;
    } while (after !== undefined);
  } catch (error) {
    // It is made with the first file that goes into it.
    if (!isProblem(error, 'remote_path_not_found')) throw error;
  }
  return sizes;
}

async function* foldersIn({ connection, deps }: Transfer, parentId: string | null): AsyncGenerator<FolderRow> {
  const filter = { ownerId: connection.owner_account_id, parentId, trashed: false };
  let after: string | undefined;
  for (;;) {
    const page = await listFolders(deps.metadata.read, filter, pageAfter(after));
    yield* page;
    if (page.length < pageSize) return;
    after = page.at(-1)?.id;
  }
}

async function* documentsIn({ connection, deps }: Transfer, folderId: string | null): AsyncGenerator<DocumentRow[]> {
  const filter = { ownerId: connection.owner_account_id, folderId, trashed: false };
  let after: string | undefined;
  for (;;) {
    const page = await listDocuments(deps.metadata.read, filter, pageAfter(after));
    yield page;
    if (page.length < pageSize) return;
    after = page.at(-1)?.id;
  }
}

const pageAfter = (after: string | undefined) => ({ limit: pageSize, ...(after === undefined ? {} : { after }) });
