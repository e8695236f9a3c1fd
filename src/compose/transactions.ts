import { accountTransactions } from '#features/accounts/transactions.ts';
import { auditTransactions } from '#features/audit/transactions.ts';
import { cloudTransactions } from '#features/cloud/transactions.ts';
import { documentTransactions } from '#features/documents/transactions.ts';
import { incidentTransactions } from '#features/incidents/transactions.ts';
import { jobTransactions } from '#features/jobs/transactions.ts';
import { lineageTransactions } from '#features/lineage/transactions.ts';
import { resumableTransactions } from '#features/resumable/transactions.ts';
import type { AnyTransaction } from '#platform/metadata/metadata.ts';
import { transferTransactions } from './transfer/transactions.ts';

/** Every transaction of every slice, and of what copies whole stores, by the names under which the writer knows them. */
export const transactions: readonly AnyTransaction[] = [
  ...accountTransactions,
  ...auditTransactions,
  ...incidentTransactions,
  ...resumableTransactions,
  ...jobTransactions,
  ...documentTransactions,
  ...cloudTransactions,
  ...lineageTransactions,
  ...transferTransactions,
];
