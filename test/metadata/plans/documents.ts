import { auditEntry } from '#features/audit/index.ts';
import * as access from '#features/documents/access.ts';
import * as documents from '#features/documents/documents.store.ts';
import * as folders from '#features/documents/folders/folders.store.ts';
import * as operations from '#features/documents/operations.store.ts';
import * as place from '#features/documents/place.ts';
import * as thumbnails from '#features/documents/processing/thumbnails.store.ts';
import * as topicExamples from '#features/documents/processing/topic-examples.store.ts';
import * as quotas from '#features/documents/quotas/quotas.store.ts';
import * as texts from '#features/documents/search/texts.store.ts';
import * as topics from '#features/documents/topics/topics.store.ts';
import * as deletion from '#features/documents/trash/deletion.store.ts';
import { hash, rows } from '#platform/metadata/contract/rows.ts';

/** What query-plans.test.ts calls the stores of documents with, and runs their transactions on. */
const at = '2026-01-02T03:04:05.678Z';
const later = '2036-01-02T03:04:05.678Z';
const audit = auditEntry({ actor: 'server', action: 'x', subjectType: 'document' });
const owner = { ownerId: 'acct_1', accountId: 'acct_1', at, audit };
const caller = { accountId: 'acct_1' };
const operation = { keyHash: hash('b'), fingerprint: hash('c') };
const topic = { id: 'top_2', name: 'b' };
const claim = { accountId: 'acct_1', at, id: 'doc_1', need: 'edit' };
const folderClaim = { ...claim, id: 'fld_1' };
const version = rows.version({ document_id: 'doc_2', stored_path: 'a/e' }).values;
const newJob = { id: 'job_2', kind: 'text', ownerAccountId: 'acct_1', documentId: 'doc_1', at } as const;
const thumbnail = rows.thumbnail({ stored_path: 'a/t' }).values;

export const documentStores = {
  access,
  documents,
  folders,
  operations,
  place,
  quotas,
  texts,
  thumbnails,
  topicExamples,
  topics,
  trash: deletion,
};
export const notQueriesOfDocuments = ['assertRoom', 'bytesLeft', 'tooLarge', 'operationOf'];

export const documentReads: Record<string, Record<string, unknown[][]>> = {
  access: {
    documentById: [['doc_1']],
    folderById: [['fld_1']],
    documentFor: [[caller, 'doc_1', 'view']],
    folderFor: [[caller, 'fld_1', 'view']],
    documentToChange: [[claim]],
    documentHeld: [[claim]],
    folderHeld: [[folderClaim]],
    folderToChange: [[folderClaim]],
  },
  documents: {
    versionOf: [['doc_1', 1]],
    versionsOf: [
      ['doc_1', 10],
      ['doc_1', 10, 2],
    ],
    listDocuments: [
      [{ ownerId: 'acct_1', trashed: false }, { limit: 10 }],
      [
        { ownerId: 'acct_1', folderId: null, trashed: false },
        { limit: 10, after: 'doc_0' },
      ],
      [
        { ownerId: 'acct_1', folderId: 'fld_1', topic: 'rent', trashed: false },
        { limit: 10, after: 'doc_0' },
      ],
      [
        { ownerId: 'acct_1', trashed: true },
        { limit: 10, after: 'doc_0' },
      ],
      [{ ownerId: 'acct_1', folderId: 'fld_1', trashed: true }, { limit: 10 }],
    ],
  },
  folders: {
    listFolders: [
      [{ ownerId: 'acct_1', trashed: false }, { limit: 10 }],
      [
        { ownerId: 'acct_1', parentId: null, trashed: false },
        { limit: 10, after: 'fld_0' },
      ],
      [{ ownerId: 'acct_1', parentId: 'fld_1', trashed: false }, { limit: 10 }],
      [
        { ownerId: 'acct_1', trashed: true },
        { limit: 10, after: 'fld_0' },
      ],
    ],
  },
  operations: {
    isUsedKey: [['acct_1', 'k']],
    documentMadeBy: [[operation]],
    insertOperation: [[{ ...operation, keyHash: hash('e') }, { document_id: 'doc_1', version: 1 }, at]],
  },
  place: {
    holdTarget: [[owner, 'fld_1']],
    assertNameFree: [
      [{ ownerId: 'acct_1', folderId: null, name: 'z' }],
      [{ ownerId: 'acct_1', folderId: 'fld_1', name: 'z' }, 'doc_1'],
    ],
  },
  quotas: {
    quotaOf: [['acct_1']],
    holdOwner: [['acct_1']],
    chargeOwner: [['acct_1', { bytes: 1, documents: 1 }]],
  },
  texts: {
    putText: [
      [
        { id: 'doc_1', name: 'a', version: 1 },
        { body: 'b', words: 'b' },
      ],
    ],
  },
  thumbnails: {
    thumbnailOf: [['doc_1', 1]],
    picturedOf: [[[{ id: 'doc_1', version: 1 }]]],
    putThumbnail: [[thumbnail]],
  },
  topicExamples: { topicExamples: [['acct_1', 'doc_2']] },
  topics: {
    topicsOf: [[['doc_1', 'doc_2']]],
    topicsOfOne: [['doc_1']],
    topicById: [['top_1']],
    listTopics: [
      ['acct_1', 10],
      ['acct_1', 10, 'top_0'],
    ],
    ensureTopics: [['acct_1', [topic], at]],
    setTopics: [
      [{ id: 'doc_1', owner_account_id: 'acct_1' }, [topic], at],
      [{ id: 'doc_1', owner_account_id: 'acct_1' }, [topic], at, ['rent']],
      [{ id: 'doc_1', owner_account_id: 'acct_1' }, [], at],
    ],
  },
  trash: {
    documentsToDelete: [[10], [10, 'doc_0']],
    ownersOfOldTrash: [[later]],
    pathsOfDocument: [
      ['doc_1', 10],
      ['doc_1', 10, 'a'],
    ],
    namedPaths: [[['a/b', 'a/c']]],
  },
};

const quota = { quotaBytes: 1000, quotaDocuments: 10 };
const ending = { claim: { jobId: 'job_1', fence: 1 }, documentId: 'doc_1', version: 1, at, next: [newJob] };
const inFolder = "UPDATE documents SET folder_id = 'fld_1'; UPDATE shares SET document_id = NULL, folder_id = 'fld_1';";
const secondFolder = `INSERT INTO folders (id, owner_account_id, parent_id, name, created_at, updated_at)
  VALUES ('fld_2', 'acct_1', NULL, 'c', '${at}', '${at}');`;
const documentInTrash = `UPDATE documents SET folder_id = 'fld_1', trashed_at = '${at}';`;
const folderInTrash = `UPDATE documents SET folder_id = 'fld_1', trashed_at = '${at}', trashed_with = 'fld_1';
  UPDATE folders SET trashed_at = '${at}';`;

export const documentWrites: Record<string, { input: unknown; after?: string }[]> = {
  'documents.add': [
    {
      input: {
        ...owner,
        document: rows.document({ id: 'doc_2', name: 'b', folder_id: 'fld_1' }).values,
        ...{ version, topics: [topic], jobs: [newJob], quota },
        operation: { ...operation, keyHash: hash('e') },
      },
    },
  ],
  'documents.add_version': [
    {
      input: {
        ...owner,
        ...{ version: { ...version, document_id: 'doc_1', version: 2 }, jobs: [newJob], quota },
        operation: { ...operation, keyHash: hash('e') },
      },
    },
    { input: { ...owner, version: { ...version, document_id: 'doc_1' }, jobs: [], operation, quota } },
  ],
  'documents.change': [
    { input: { ...owner, documentId: 'doc_1', change: { name: 'b', folderId: 'fld_1' } } },
    { input: { ...owner, documentId: 'doc_1', change: { topics: [topic], openTopics: ['rent'] } }, after: inFolder },
  ],
  'documents.add_folder': [
    { input: { ...owner, folder: rows.folder({ id: 'fld_2', parent_id: 'fld_1', name: 'b' }).values } },
  ],
  'documents.change_folder': [
    { input: { ...owner, folderId: 'fld_1', name: 'b', parentId: 'fld_2' }, after: secondFolder },
  ],
  'documents.add_topic': [{ input: { ...owner, topic } }],
  'documents.delete_topic': [
    { input: { ...owner, topicId: 'top_1' }, after: "UPDATE document_topics SET state = 'confirmed'" },
  ],
  'documents.set_limits': [{ input: { accountId: 'acct_1', bytesLimit: 1, documentsLimit: null, audit } }],
  'documents.trash': [{ input: { ...owner, documentId: 'doc_1' }, after: inFolder }],
  'documents.restore': [{ input: { ...owner, documentId: 'doc_1' }, after: documentInTrash }],
  'documents.trash_folder': [{ input: { ...owner, folderId: 'fld_1' }, after: inFolder }],
  'documents.restore_folder': [{ input: { ...owner, folderId: 'fld_1' }, after: folderInTrash }],
  'documents.delete': [{ input: { ...owner, documentId: 'doc_1' } }],
  'documents.delete_folder': [{ input: { ...owner, folderId: 'fld_1' }, after: inFolder }],
  'documents.empty_trash': [
    { input: { ownerId: 'acct_1', at, audit }, after: folderInTrash },
    { input: { ownerId: 'acct_1', before: later, at, audit }, after: folderInTrash },
  ],
  'documents.finish_deletion': [
    {
      input: { documentId: 'doc_1', ownerId: 'acct_1', audit },
      after: "UPDATE documents SET deletion_state = 'deleting'; UPDATE quotas SET bytes_used = 10, documents_used = 1;",
    },
  ],
  'documents.end_unused': [{ input: ending }],
  'documents.record_sniff': [{ input: { ending, mediaType: 'text/plain' } }],
  'documents.record_text': [{ input: { ending, said: { body: 'b', words: 'b' } } }],
  'documents.record_thumbnail': [{ input: { ending, thumbnail } }],
  'documents.record_suggestions': [{ input: { ending, topicIds: ['top_1'] } }],
};
