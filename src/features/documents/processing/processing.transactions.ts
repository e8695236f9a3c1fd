import type { JobClaim, NewJob } from '#features/jobs/index.ts';
import type { Timestamp } from '#kit/time.ts';
import { type Trx, transaction } from '#platform/metadata/metadata.ts';
import { type DocumentRow, documentById } from '../access.ts';
import { finishDocumentJob } from '../jobs/settle-document.ts';
import { putText, type SaidText } from '../search/texts.store.ts';
import { putThumbnail, type ThumbnailRow } from './thumbnails.store.ts';

/** The end of a job about one version of a document. */
export interface Ending {
  claim: JobClaim;
  documentId: string;
  version: number;
  at: Timestamp;
  next: readonly NewJob[];
}

/** The document as it stands now, held; undefined when the claim counts no more: then nothing is written. */
async function end(trx: Trx, ending: Ending): Promise<DocumentRow | undefined> {
  return (await finishDocumentJob(trx, ending)) ? await documentById(trx, ending.documentId) : undefined;
}

/** For a job whose work is not wanted any more, or came to nothing. */
export const endUnusedTransaction = transaction('documents.end_unused', async (trx, ending: Ending) => {
  await end(trx, ending);
});

export interface Sniffed {
  ending: Ending;
  mediaType: string;
}

export const recordSniffTransaction = transaction(
  'documents.record_sniff',
  async (trx, { ending, mediaType }: Sniffed) => {
    const document = await end(trx, ending);
    if (document === undefined) return;
    await trx
      .updateTable('document_versions')
      .set({ media_type: mediaType })
      .where('document_id', '=', document.id)
      .where('version', '=', ending.version)
      .execute();
    if (document.version !== ending.version) return;
    await trx.updateTable('documents').set({ media_type: mediaType }).where('id', '=', document.id).execute();
  },
);

export interface ReadText {
  ending: Ending;
  said: SaidText;
}

/** A document is found by what its current version says, and by nothing that it said before. */
export const recordTextTransaction = transaction('documents.record_text', async (trx, { ending, said }: ReadText) => {
  const document = await end(trx, ending);
  if (document?.version === ending.version) await putText(trx, document, said);
});

export interface MadeThumbnail {
  ending: Ending;
  thumbnail: ThumbnailRow;
}

/** Which blob no row names now: the new one, when the claim counted no more; the one before, if there was one. */
export const recordThumbnailTransaction = transaction(
  'documents.record_thumbnail',
  async (trx, { ending, thumbnail }: MadeThumbnail): Promise<{ unused: string | undefined }> => {
    const document = await end(trx, ending);
    if (document === undefined) return { unused: thumbnail.stored_path };
    return { unused: (await putThumbnail(trx, thumbnail))?.stored_path };
  },
);

export interface SuggestedTopics {
  ending: Ending;
  topicIds: readonly string[];
}

/** What people have said of a topic stands. A topic that went meanwhile is left out. */
export const recordSuggestionsTransaction = transaction(
  'documents.record_suggestions',
  async (trx, { ending, topicIds }: SuggestedTopics) => {
    const document = await end(trx, ending);
    if (document?.version !== ending.version || topicIds.length === 0) return;
    const topics = await trx
      .selectFrom('topics')
      .select('id')
      .where('id', 'in', topicIds)
      .where('owner_account_id', '=', document.owner_account_id)
      .forShare()
      .execute();
    if (topics.length === 0) return;
    await trx
      .insertInto('document_topics')
      .values(
        topics.map(({ id }) => ({
          document_id: document.id,
          topic_id: id,
          owner_account_id: document.owner_account_id,
          state: 'suggested' as const,
          created_at: ending.at,
        })),
      )
      .onConflict((conflict) => conflict.columns(['document_id', 'topic_id']).doNothing())
      .execute();
  },
);

export const processingTransactions = [
  endUnusedTransaction,
  recordSniffTransaction,
  recordTextTransaction,
  recordThumbnailTransaction,
  recordSuggestionsTransaction,
];
