import { newJob } from '#features/jobs/index.ts';
import type { Caller } from '#http/caller.ts';
import { newId } from '#kit/ids.ts';
import type { BlobStore, StagedBody } from '#platform/blobs/blob-store.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { type DocumentRow, documentById, documentFor } from './access.ts';
import { act } from './act.ts';
import { versionPath } from './document-path.ts';
import type { DocumentConfig } from './documents.config.ts';
import { addDocumentTransaction } from './documents.transactions.ts';
import { keepBytes } from './keep-bytes.ts';
import { type Operation, operationOf } from './operations.store.ts';
import { namedTopics } from './topics/topic-name.ts';

export interface VaultDeps {
  metadata: Metadata;
  blobs: BlobStore;
}

export interface NewDocument {
  /** Whose it will be: the owner of the folder it goes into. */
  ownerId: string;
  folderId: string | null;
  /** As documentName returns it. */
  name: string;
  /** As its sender says; the first job looks at the bytes. */
  mediaType: string;
  /** Names; those that are missing are made. */
  topics?: readonly string[];
  body: StagedBody;
  idempotencyKey: string | undefined;
}

export interface AddedDocument {
  document: DocumentRow;
  /** An earlier, equivalent request had created it. */
  replayed: boolean;
}

/**
 * From a body that has fully arrived to a document. Resolves only when bytes, rows, the job and the entry of the audit log are durable. The
 * body stays the caller's to discard. Throws what addDocumentTransaction throws, invalid_request, and what the stores throw.
 */
export async function addDocument(
  deps: VaultDeps,
  config: DocumentConfig,
  caller: Pick<Caller, 'accountId'>,
  wish: NewDocument,
): Promise<AddedDocument> {
  const { ownerId, body } = wish;
  const id = newId('doc');
  const does = act(caller, ownerId, ['document', id], 'add');
  const { at } = does;
  const path = versionPath(ownerId, id, 1);
  const topics = namedTopics(wish.topics ?? []);
  const facts = { media_type: wish.mediaType, byte_size: body.byteSize, sha256_hex: body.sha256Hex };
  const document: DocumentRow = {
    id,
    owner_account_id: ownerId,
    folder_id: wish.folderId,
    name: wish.name,
    version: 1,
    ...facts,
    status: 'processing',
    deletion_state: 'active',
    created_at: at,
    updated_at: at,
    trashed_at: null,
    trashed_with: null,
  };
  const added = await keepBytes(deps.blobs, {
    path,
    body,
    record: () =>
      deps.metadata.write(addDocumentTransaction, {
        ...does,
        document,
        version: {
          document_id: id,
          version: 1,
          stored_path: path,
          ...facts,
          created_by_account_id: caller.accountId,
          created_at: at,
        },
        topics,
        jobs: [newJob({ kind: 'sniff', ownerAccountId: ownerId, documentId: id, documentVersion: 1, at })],
        operation: addOperation(caller, wish, body.sha256Hex),
        quota: config,
      }),
    written: () => documentById(deps.metadata.read, id),
  });
  if (added.created) return { document: added.document, replayed: false };
  // As it stands now: what the caller may no longer see is not shown for an old key.
  return { document: await documentFor(deps.metadata.read, caller, added.document.id, 'view'), replayed: true };
}

/** What makes two wishes the same one, where the SHA-256 of their bytes is known. */
export function addOperation(
  caller: Pick<Caller, 'accountId'>,
  { ownerId, folderId, name, mediaType, topics = [], idempotencyKey }: Omit<NewDocument, 'body'>,
  sha256Hex: string,
): Operation | undefined {
  if (idempotencyKey === undefined) return undefined;
  const names = namedTopics(topics).map((topic) => topic.name);
  return operationOf(caller.accountId, idempotencyKey, ['add', ownerId, folderId, name, mediaType, names, sha256Hex]);
}
