import { type AuditEntry, appendAudit } from '#features/audit/index.ts';
import type { Timestamp } from '#kit/time.ts';
import { type Trx, transaction } from '#platform/metadata/metadata.ts';
import { documentToChange, folderToChange } from '../access.ts';
import { claim } from '../act.ts';
import { folderTree } from '../folders/folder-tree.ts';
import { chargeOwner, holdOwner } from '../quotas/quotas.store.ts';
import { type OfDocument, type OfFolder, trashTree } from './trash.transactions.ts';

/**
 * From here on nobody sees it any more and nothing is added to it; the deletion worker removes its bytes and then its rows. It leaves its
 * folder, which may then go. Throws document_not_found.
 */
export const deleteDocumentTransaction = transaction('documents.delete', async (trx, input: OfDocument) => {
  await holdOwner(trx, input.ownerId);
  const document = await documentToChange(trx, claim(input, input.documentId, 'own'));
  await trx.updateTable('documents').set(deleting(input.at)).where('id', '=', document.id).execute();
  await appendAudit(trx, input.audit);
});

const deleting = (at: Timestamp) => ({
  deletion_state: 'deleting' as const,
  folder_id: null,
  trashed_at: at,
  trashed_with: null,
  updated_at: at,
});

/**
 * The folder with all that is in it, or went into the trash along with it. What went there by itself before stays there. Throws
 * folder_not_found.
 */
export const deleteFolderTransaction = transaction(
  'documents.delete_folder',
  async (trx, input: OfFolder) => {
    await holdOwner(trx, input.ownerId);
    const folder = await folderToChange(trx, claim(input, input.folderId, 'own'));
    if (folder.trashed_at === null) await trashTree(trx, input);
    const mark = folder.trashed_with ?? folder.id;
    const tree = () => folderTree(trx, folder.id, mark);
    await trx
      .updateTable('documents')
      .set(deleting(input.at))
      .where('folder_id', 'in', tree())
      .where('trashed_with', '=', mark)
      .execute();
    await trx.updateTable('documents').set({ folder_id: null }).where('folder_id', 'in', tree()).execute();
    await trx
      .updateTable('folders')
      .set({ parent_id: null })
      .where('parent_id', 'in', tree())
      .where('id', 'not in', tree())
      .execute();
    await trx.deleteFrom('folders').where('id', 'in', tree()).execute();
    await appendAudit(trx, input.audit);
  },
  { patient: true },
);

interface EmptyTrash {
  ownerId: string;
  /** Only what has been there since before then. */
  before?: Timestamp;
  at: Timestamp;
  audit: AuditEntry;
}

/** Everything of an account that is in the trash, or only what has been there for long. Returns how many documents that are. */
export const emptyTrashTransaction = transaction(
  'documents.empty_trash',
  async (trx, { ownerId, before, at, audit }: EmptyTrash): Promise<number> => {
    await holdOwner(trx, ownerId);
    const documents = await trx
      .updateTable('documents')
      .set(deleting(at))
      .where('owner_account_id', '=', ownerId)
      .where('deletion_state', '=', 'active')
      .where('trashed_at', 'is not', null)
      .$if(before !== undefined, (query) => query.where('trashed_at', '<', before ?? ''))
      .executeTakeFirst();
    const folders = await removeTrashedFolders(trx, ownerId, before);
    const count = Number(documents.numUpdatedRows);
    if (count + folders > 0) await appendAudit(trx, { ...audit, detail: `documents: ${count}, folders: ${folders}` });
    return count;
  },
  { patient: true },
);

/** Those whose documents are on their way out. Whatever is left in one moves to the root of the trash. */
async function removeTrashedFolders(trx: Trx, ownerId: string, before: Timestamp | undefined): Promise<number> {
  const gone = () =>
    trx
      .selectFrom('folders')
      .select('id')
      .where('owner_account_id', '=', ownerId)
      .where('trashed_at', 'is not', null)
      .$if(before !== undefined, (query) => query.where('trashed_at', '<', before ?? ''));
  await trx.updateTable('documents').set({ folder_id: null }).where('folder_id', 'in', gone()).execute();
  await trx
    .updateTable('folders')
    .set({ parent_id: null })
    .where('parent_id', 'in', gone())
    .where('id', 'not in', gone())
    .execute();
  const removed = await trx.deleteFrom('folders').where('id', 'in', gone()).executeTakeFirst();
  return Number(removed.numDeletedRows);
}

/**
 * After the last blob: the rows go, and the room comes back. False when another worker has done it. Versions cannot have been added
 * meanwhile.
 */
export const finishDeletionTransaction = transaction(
  'documents.finish_deletion',
  async (trx, input: { documentId: string; ownerId: string; audit: AuditEntry }): Promise<boolean> => {
    await holdOwner(trx, input.ownerId);
    const document = await trx
      .selectFrom('documents')
      .select('deletion_state')
      .where('id', '=', input.documentId)
      .forUpdate()
      .executeTakeFirst();
    if (document?.deletion_state !== 'deleting') return false;
    const total = await trx
      .selectFrom('document_versions')
      .select((builder) => [
        builder.fn.sum<number | string | null>('byte_size').as('bytes'),
        builder.fn.countAll<number>().as('versions'),
      ])
      .where('document_id', '=', input.documentId)
      .executeTakeFirstOrThrow();
    await chargeOwner(trx, input.ownerId, { bytes: -Number(total.bytes ?? 0), documents: -1 });
    await trx.deleteFrom('documents').where('id', '=', input.documentId).execute();
    await appendAudit(trx, { ...input.audit, detail: `versions: ${total.versions}` });
    return true;
  },
  { patient: true },
);

export const deletionTransactions = [
  deleteDocumentTransaction,
  deleteFolderTransaction,
  emptyTrashTransaction,
  finishDeletionTransaction,
];
