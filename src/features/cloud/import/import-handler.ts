import { addFolder, folderById, listFolders } from '#features/documents/index.ts';
import { JobFailure, type JobHandler } from '#features/jobs/index.ts';
import { isProblem } from '#kit/errors.ts';
import { joinPath, type RemotePath } from '../remote/remote-path.ts';
import type { RemoteEntry } from '../remote/remote-store.ts';
import { Transfer, type TransferDeps } from '../transfer/transfer.ts';
import { wishOf } from '../transfer/transfer-input.ts';
import { importFile, ownerOf } from './import-file.ts';
import { importName, numberedName } from './import-name.ts';

const pageSize = 1_000;
/** Then others have their turn, and it goes on later. */
const longestTurnMs = 4 * 60 * 60_000;
/** A tree that is deeper is one that lies in itself. */
const deepest = 60;
const mostNamesakes = 100;
/** Of one import: whoever answers for the other side may make up as many as it likes. */
const mostFolders = 50_000;

/**
 * Brings a file, or a folder with everything in it. Begun again after a crash or a restart it walks the same way and passes over what is
 * there: each file has its record, and each folder its name.
 */
export function importHandler(deps: TransferDeps): JobHandler {
  return {
    kind: 'import',
    timeoutMs: longestTurnMs,
    lasting: true,
    run: (job, context) =>
      Transfer.run(deps, job, context, async (transfer) => {
        const { folderId, path } = wishOf(job.input);
        await assertTarget(transfer, folderId);
        const root = await transfer.remote.stat(path, transfer.signal);
        if (root === undefined)
          throw new JobFailure('remote_path_not_found', 'There is nothing at that path on the other side.');
        if (root.kind === 'folder')
          await importFolder(transfer, path, folderId, { depth: 0, folders: { left: mostFolders } });
        else await importFiles(transfer, path.split('/').slice(0, -1).join('/'), folderId, [root]);
      }),
  };
}

async function assertTarget({ connection, deps }: Transfer, folderId: string | null): Promise<void> {
  if (folderId === null) return;
  const folder = await folderById(deps.metadata.read, folderId);
  if (folder?.owner_account_id !== connection.owner_account_id || folder.trashed_at !== null)
    throw new JobFailure('folder_not_found', 'The folder that it should go into is gone.');
}

async function importFolder(
  transfer: Transfer,
  path: RemotePath,
  folderId: string | null,
  bounds: { depth: number; folders: { left: number } },
): Promise<void> {
  const { depth, folders } = bounds;

  const below: string[] = [];
  await transfer.each(path, async () => {
    let after: string | undefined;
    do {
      const page = await transfer.remote.list(path, { limit: pageSize, after }, transfer.signal);
      transfer.report.unusable(page.unusable);
      below.push(...page.entries.filter(({ kind }) => kind === 'folder').map(({ name }) => name));
      const files = page.entries.filter(({ kind }) => kind === 'file');
      await importFiles(transfer, path, folderId, files);
      after = page.next;
    } while (after !== undefined);
    return undefined;
  });
  for (const name of below) {
    const inner = joinPath(path, name);
    if (depth === deepest) {
      transfer.report.failed(inner, 'invalid_remote_path');
      continue;
    }
    folders.left -= 1;
    if (folders.left < 0)
      throw new JobFailure('too_many_folders', 'There are more folders on the other side than one import brings.');
    const made: { id?: string } = {};
    await transfer.each(inner, async () => {
      made.id = await folderNamed(transfer, folderId, importName(name));
      return undefined;
    });
    if (made.id !== undefined) await importFolder(transfer, inner, made.id, { depth: depth + 1, folders });
  }
}

async function importFiles(
  transfer: Transfer,
  folder: RemotePath,
  folderId: string | null,
  files: readonly RemoteEntry[],
): Promise<void> {
  await transfer.foundFiles(files.length);
  for (const entry of files) {
    const path = joinPath(folder, entry.name);
    await transfer.each(path, () => importFile(transfer, { entry, path, folderId }));
  }
}

/** The folder of that name, made where there is none; beside a document of that name it has a number. */
async function folderNamed({ connection, deps }: Transfer, parentId: string | null, name: string): Promise<string> {
  for (let number = 1; ; number++) {
    const wanted = numberedName(name, number);
    const found = await folderIn(deps, connection.owner_account_id, parentId, wanted);
    if (found !== undefined) return found;
    try {
      return (await addFolder(deps, ownerOf(connection), { name: wanted, parentId })).id;
    } catch (error) {
      if (!isProblem(error, 'name_conflict') || number === mostNamesakes) throw error;
    }
  }
}

async function folderIn(
  { metadata }: TransferDeps,
  ownerId: string,
  parentId: string | null,
  name: string,
): Promise<string | undefined> {
  let after: string | undefined;
  for (;;) {
    const page = await listFolders(
      metadata.read,
      { ownerId, parentId, trashed: false },
      { limit: pageSize, ...(after === undefined ? {} : { after }) },
    );
    const found = page.find((folder) => folder.name === name);
    if (found !== undefined || page.length < pageSize) return found?.id;
    after = page.at(-1)?.id;
  }
}
