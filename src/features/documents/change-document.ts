import type { Caller } from '#http/caller.ts';
import { Problem } from '#kit/errors.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { type DocumentRow, documentFor, folderFor } from './access.ts';
import { act } from './act.ts';
import { changeDocumentTransaction } from './documents.transactions.ts';
import { namedTopics } from './topics/topic-name.ts';

export interface DocumentWish {
  /** As documentName returns it. */
  name?: string;
  /** Null: the root of its owner, which nobody else may put anything into. */
  folderId?: string | null;
  topics?: readonly string[];
  /** Suggestions that stay undecided when the topics are set. */
  openTopics?: readonly string[];
}

/** Throws document_not_found, folder_not_found, forbidden, invalid_request, and what changeDocumentTransaction throws. */
export async function changeDocument(
  { metadata }: { metadata: Metadata },
  caller: Caller,
  documentId: string,
  { topics, ...wish }: DocumentWish,
): Promise<DocumentRow> {
  const { read } = metadata;
  const document = await documentFor(read, caller, documentId, 'edit');
  const ownerId = document.owner_account_id;
  if (typeof wish.folderId === 'string') {
    const folder = await folderFor(read, caller, wish.folderId, 'edit');
    if (folder.owner_account_id !== ownerId)
      throw new Problem('invalid_request', { message: 'folder_id: a document stays with its owner' });
  }
  const changes = [
    ...(wish.name === undefined ? [] : ['name']),
    ...(wish.folderId === undefined ? [] : ['folder']),
    ...(topics === undefined ? [] : ['topics']),
  ];
  return await metadata.write(changeDocumentTransaction, {
    ...act(caller, ownerId, ['document', documentId], 'change', changes.join(', ')),
    documentId,
    change: { ...wish, ...(topics === undefined ? {} : { topics: namedTopics(topics) }) },
  });
}
