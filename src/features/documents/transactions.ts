import { documentTransactions as ownTransactions } from './documents.transactions.ts';
import { folderTransactions } from './folders/folders.transactions.ts';
import { groupTransactions } from './groups/groups.transactions.ts';
import { documentJobEndings } from './jobs/document-job-endings.ts';
import { linkTransactions } from './links/links.transactions.ts';
import { processingTransactions } from './processing/processing.transactions.ts';
import { quotaTransactions } from './quotas/quotas.transactions.ts';
import { shareTransactions } from './shares/shares.transactions.ts';
import { topicTransactions } from './topics/topics.transactions.ts';
import { deletionTransactions } from './trash/deletion.transactions.ts';
import { trashTransactions } from './trash/trash.transactions.ts';

/** A door of its own beside index.ts: the writer thread loads these and none of the routes. */
export const documentTransactions = [
  ...ownTransactions,
  ...folderTransactions,
  ...topicTransactions,
  ...quotaTransactions,
  ...shareTransactions,
  ...groupTransactions,
  ...linkTransactions,
  ...trashTransactions,
  ...deletionTransactions,
  ...Object.values(documentJobEndings),
  ...processingTransactions,
];
