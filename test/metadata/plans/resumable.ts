import * as resumable from '#features/resumable/resumable.store.ts';
import { rows } from '#platform/metadata/contract/rows.ts';

/** What query-plans.test.ts calls the store of resumable uploads with, and runs its transactions on. */
const later = '2036-01-02T03:04:05.678Z';
const caller = { accountId: 'acct_1' };

export const resumableStores = { resumable };
export const notQueriesOfResumable = ['isFinishing', 'wordsOf', 'expiryAfter'];

export const resumableReads: Record<string, Record<string, unknown[][]>> = {
  resumable: {
    uploadById: [['upl_1']],
    uploadFor: [[caller, 'upl_1']],
    uploadsOf: [
      ['acct_1', 'document', 10],
      ['acct_1', 'document', 10, 'upl_0'],
    ],
    unfinishedOf: [['acct_1']],
    partsOf: [['upl_1']],
    countParts: [['upl_1']],
    partAt: [['upl_1', 0]],
    namedParts: [[['a/d', 'a/e']]],
    fullUploads: [[10]],
    leavingUploads: [[10]],
    spentUploads: [[10]],
    knownUploads: [[['upl_1', 'upl_2']]],
  },
};

const removing = "UPDATE resumable_uploads SET state = 'removing'";

export const resumableWrites: Record<string, { input: unknown; after?: string }[]> = {
  'resumable.create': [{ input: { upload: rows.resumable({ id: 'upl_2' }).values, maxOpen: 10 } }],
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
