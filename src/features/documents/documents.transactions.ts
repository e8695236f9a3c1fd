import { appendAudit } from '#features/audit/index.ts';
import { insertJobs, type NewJob } from '#features/jobs/index.ts';
import { Problem } from '#kit/errors.ts';
import { type Trx, transaction } from '#platform/metadata/metadata.ts';
import { type DocumentRow, documentById, documentToChange } from './access.ts';
import { type Act, claim } from './act.ts';
import type { VersionRow } from './documents.store.ts';
import { documentMadeBy, insertOperation, type Operation } from './operations.store.ts';
import { assertNameFree, holdTarget } from './place.ts';
import { assertRoom, chargeOwner, holdOwner, type QuotaDefaults } from './quotas/quotas.store.ts';
import { noteWords } from './search/note-words.ts';
import type { NamedTopic } from './topics/topic-name.ts';
import { setTopics } from './topics/topics.store.ts';

export interface AddDocument extends Act {
  document: DocumentRow;
  version: VersionRow;
  topics: readonly NamedTopic[];
  /** What is to be done with the version. */
  jobs: readonly NewJob[];
  operation: Operation | undefined;
  quota: QuotaDefaults;
}

/** Created by this request, or by an equivalent one before. */
export interface Added {
  created: boolean;
  document: DocumentRow;
}

/**
 * Accepts a new document whose bytes are already durable. What was checked before the body is checked again, where nothing changes in
 * between. Throws idempotency_conflict, quota_exceeded, folder_not_found, forbidden, name_conflict.
 */
export const addDocumentTransaction = transaction('documents.add', async (trx, input: AddDocument): Promise<Added> => {
  const { document, version, operation } = input;
  const { folder_id: folderId, name } = document;
  const { ownerId } = input;
  const more = { bytes: version.byte_size, documents: 1 };
  const quota = await holdOwner(trx, ownerId);
  const before = await madeBefore(trx, operation);
  if (before !== undefined) return { created: false, document: before };
  assertRoom(quota, input.quota, more);
  await holdTarget(trx, input, folderId);
  await assertNameFree(trx, { ownerId, folderId, name });
  await chargeOwner(trx, ownerId, more);
  await trx.insertInto('documents').values(document).execute();
  await trx.insertInto('document_versions').values(version).execute();
  if (input.topics.length > 0) await setTopics(trx, document, input.topics, input.at);
  await noteWords(trx, document);
  await insertJobs(trx, input.jobs);
  if (operation !== undefined) await insertOperation(trx, operation, version, input.at);
  await appendAudit(trx, input.audit);
  return { created: true, document };
});

export interface AddVersion extends Act {
  /** Its number is the one after the version that the sender knew. */
  version: VersionRow;
  jobs: readonly NewJob[];
  operation: Operation | undefined;
  quota: QuotaDefaults;
}

/** As for a new document. Throws idempotency_conflict, document_not_found, forbidden, document_in_trash, version_conflict, quota_exceeded. */
export const addVersionTransaction = transaction(
  'documents.add_version',
  async (trx, input: AddVersion): Promise<Added> => {
    const { ownerId, version, operation } = input;
    const more = { bytes: version.byte_size, documents: 0 };
    const quota = await holdOwner(trx, ownerId);
    const before = await madeBefore(trx, operation);
    if (before !== undefined) return { created: false, document: before };
    const document = await liveDocument(trx, input, version.document_id);
    if (document.version + 1 !== version.version) throw new Problem('version_conflict');
    assertRoom(quota, input.quota, more);
    await chargeOwner(trx, ownerId, more);
    const { media_type, byte_size, sha256_hex } = version;
    const changed = {
      version: version.version,
      media_type,
      byte_size,
      sha256_hex,
      status: 'processing' as const,
      updated_at: input.at,
    };
    await trx.updateTable('documents').set(changed).where('id', '=', document.id).execute();
    await trx.insertInto('document_versions').values(version).execute();
    await insertJobs(trx, input.jobs);
    if (operation !== undefined) await insertOperation(trx, operation, version, input.at);
    await appendAudit(trx, input.audit);
    return { created: true, document: { ...document, ...changed } };
  },
);

export interface DocumentChange {
  name?: string;
  /** Null: the root. */
  folderId?: string | null;
  topics?: readonly NamedTopic[];
  /** Names of suggestions that stay undecided then. */
  openTopics?: readonly string[];
}

interface ChangeDocument extends Act {
  documentId: string;
  change: DocumentChange;
}

/** Throws document_not_found, document_in_trash, folder_not_found, forbidden, name_conflict. */
export const changeDocumentTransaction = transaction(
  'documents.change',
  async (trx, input: ChangeDocument): Promise<DocumentRow> => {
    const { change } = input;
    await holdOwner(trx, input.ownerId);
    if (change.folderId !== undefined) await holdTarget(trx, input, change.folderId);
    const document = await liveDocument(trx, input, input.documentId);
    const changed = {
      name: change.name ?? document.name,
      folder_id: change.folderId === undefined ? document.folder_id : change.folderId,
      updated_at: input.at,
    };
    const { name, folder_id: folderId } = changed;
    await assertNameFree(trx, { ownerId: input.ownerId, folderId, name }, document.id);
    await trx.updateTable('documents').set(changed).where('id', '=', document.id).execute();
    if (change.topics !== undefined) await setTopics(trx, document, change.topics, input.at, change.openTopics);
    await noteWords(trx, { ...document, name });
    await appendAudit(trx, input.audit);
    return { ...document, ...changed };
  },
);

async function madeBefore(trx: Trx, operation: Operation | undefined): Promise<DocumentRow | undefined> {
  const id = operation === undefined ? undefined : await documentMadeBy(trx, operation);
  return id === undefined ? undefined : await documentById(trx, id);
}

/** Held until the commit, for whoever may edit it. Throws document_not_found, forbidden, document_in_trash. */
async function liveDocument(trx: Trx, act: Act, id: string): Promise<DocumentRow> {
  const document = await documentToChange(trx, claim(act, id, 'edit'));
  if (document.trashed_at !== null) throw new Problem('document_in_trash');
  return document;
}

export const documentTransactions = [addDocumentTransaction, addVersionTransaction, changeDocumentTransaction];
