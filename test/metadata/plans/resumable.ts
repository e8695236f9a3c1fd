import * as chunkUploads from '#features/incidents/uploads/chunk-uploads.store.ts';
import * as resumable from '#features/resumable/resumable.store.ts';
import { rows } from '#platform/metadata/contract/rows.ts';

/** What query-plans.test.ts calls the stores of resumable uploads with, and runs its transactions on. */
const later = '2036-01-02T03:04:05.678Z';
const caller = { accountId: 'acct_1' };
const ofDocuments = { target: 'document', incident_id: null };
const ofIncident = { target: 'chunk', incident_id: 'inc_1' };
const chunkUpload = rows.resumable({ id: 'upl_2', target: 'chunk', incident_id: 'inc_1', stream_id: 'str_1' }).values;

export const resumableStores = { chunkUploads, resumable };
export const notQueriesOfResumable = ['isFull', 'isFinishing', 'keptOf', 'wordsOf', 'expiryAfter'];

export const resumableReads: Record<string, Record<string, unknown[][]>> = {
  chunkUploads: { overtakenUploads: [[10]], roleOf: [['acct_1']] },
  resumable: {
    uploadById: [['upl_1']],
    uploadFor: [[caller, 'upl_1', ofDocuments]],
    uploadsOf: [
      ['acct_1', ofDocuments, 10],
      ['acct_1', ofIncident, 10, 'upl_0'],
    ],
    unfinishedOf: [['acct_1'], ['acct_1', 'chunk']],
    sameWish: [
      [{ ...rows.resumable().values, incident_id: null, result_id: null }],
      [{ ...chunkUpload, result_id: 'chk_1' }],
    ],
    countUnderWay: [[]],
    partsOf: [['upl_1']],
    countParts: [['upl_1']],
    partAt: [['upl_1', 0]],
    namedParts: [[['a/d', 'a/e']]],
    fullUploads: [[10]],
    leavingUploads: [[10]],
    leavingUploadsOf: [['inc_1', 10]],
    spentUploads: [[10]],
    knownUploads: [[['upl_1', 'upl_2']]],
  },
};

const removing = "UPDATE resumable_uploads SET state = 'removing'";

export const resumableWrites: Record<string, { input: unknown; after?: string }[]> = {
  'resumable.create': [
    {
      input: {
        upload: { ...rows.resumable({ id: 'upl_2' }).values, incident_id: null, result_id: null },
        maxOpen: 10,
        once: true,
      },
    },
  ],
  'chunk-uploads.begin': [{ input: { upload: { ...chunkUpload, result_id: null }, maxOpen: 10, once: true } }],
  'resumable.overtaken': [
    { input: { id: 'upl_1', code: 'incident_closed' }, after: 'UPDATE resumable_uploads SET received_bytes = 5' },
  ],
  'resumable.end-of-incident': [{ input: { incidentId: 'inc_1' } }],
  'resumable.add-part': [
    {
      input: { part: rows.resumablePart({ stored_path: 'a/e' }).values, expiresAt: later },
      after: 'DELETE FROM resumable_parts',
    },
  ],
  'resumable.done': [{ input: { id: 'upl_1', resultId: 'doc_1', expiresAt: later } }],
  'resumable.refused': [{ input: { id: 'upl_1', code: 'x', forEver: true } }],
  'resumable.end': [{ input: { id: 'upl_1' } }],
  'resumable.expire': [{ input: { at: later } }],
  'resumable.forget-parts': [{ input: { id: 'upl_1' } }],
  'resumable.forget': [{ input: { id: 'upl_1' }, after: removing }],
};
