import { jobEndings } from '#features/jobs/index.ts';
import { holdDocument, settleDocument } from './settle-document.ts';

/** A document whose last job is parked has failed; one whose job is repeated is processed again. Jobs of other things change nothing here. */
export const documentJobEndings = jobEndings({
  hold: async (trx, { document_id }) => {
    if (document_id !== null) await holdDocument(trx, document_id);
  },
  settle: async (trx, { document_id }) => {
    if (document_id !== null) await settleDocument(trx, document_id);
  },
});
