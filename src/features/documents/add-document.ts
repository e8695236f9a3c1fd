import { createHash } from 'node:crypto';
import { auditEntry } from '#features/audit/index.ts';
import { newJob } from '#features/jobs/index.ts';
import type { Caller } from '#http/caller.ts';
import { isProblem } from '#kit/errors.ts';
import { newId } from '#kit/ids.ts';
import { timestamp } from '#kit/time.ts';
import type { BlobStore, StagedBody } from '#platform/blobs/blob-store.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { failpoint } from '#platform/process/failpoint.ts';
import { type DocumentRow, documentById } from './access.ts';
import { versionPath } from './document-path.ts';
import type { DocumentConfig } from './documents.config.ts';
import { type AddOperation, addDocumentTransaction } from './documents.transactions.ts';

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
 * body stays the caller's to discard. Throws what addDocumentTransaction throws, and what the stores throw.
 */
export async function addDocument(
  deps: VaultDeps,
  config: DocumentConfig,
  caller: Caller,
  wish: NewDocument,
): Promise<AddedDocument> {
  const { ownerId, body } = wish;
  const nowMs = Date.now();
  const at = timestamp(nowMs);
  const id = newId('doc', nowMs);
  const path = versionPath(ownerId, id, 1);

  failpoint('before-document-commit');
  // A crash after this leaves a blob that no row names: never shown, and swept.
  await deps.blobs.commit(path, body);
  failpoint('after-document-commit');

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
  try {
    const added = await deps.metadata.write(addDocumentTransaction, {
      document,
      version: {
        document_id: id,
        version: 1,
        stored_path: path,
        ...facts,
        created_by_account_id: caller.accountId,
        created_at: at,
      },
      jobs: [newJob({ kind: 'sniff', ownerAccountId: ownerId, documentId: id, documentVersion: 1, at })],
      ...(wish.idempotencyKey === undefined ? {} : { operation: operationOf(caller, wish, wish.idempotencyKey) }),
      quota: config,
      audit: auditEntry(
        {
          actor: 'account',
          actorAccountId: caller.accountId,
          ownerAccountId: ownerId,
          action: 'document.add',
          subjectType: 'document',
          subjectId: id,
        },
        nowMs,
      ),
    });
    failpoint('before-document-reply');
    if (added.created) return { document, replayed: false };
    await deps.blobs.remove(path);
    return { document: added.document, replayed: true };
  } catch (error) {
    // Clear refusal: no row names the blob, and its name is nobody else's. Unknown outcome: the database is asked, and nothing is removed.
    if (isProblem(error) && error.kind !== 'unavailable' && error.kind !== 'internal') {
      await deps.blobs.remove(path);
      throw error;
    }
    const written = await documentById(deps.metadata.read, id).catch(() => undefined);
    if (written === undefined) throw error;
    return { document: written, replayed: false };
  }
}

function operationOf(caller: Caller, wish: NewDocument, key: string): AddOperation {
  const sha256 = (...words: readonly unknown[]) => createHash('sha256').update(JSON.stringify(words)).digest('hex');
  const { ownerId, folderId, name, mediaType, body } = wish;
  return {
    keyHash: sha256('document', caller.accountId, key),
    fingerprint: sha256(ownerId, folderId, name, mediaType, body.byteSize, body.sha256Hex),
  };
}
