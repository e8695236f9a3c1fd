import { accountTransactions } from '#features/accounts/transactions.ts';
import { auditTransactions } from '#features/audit/transactions.ts';
import { incidentTransactions } from '#features/incidents/transactions.ts';
import type { AnyTransaction } from '#platform/metadata/metadata.ts';

/** Every transaction of every slice, by the names under which the writer knows them. */
export const transactions: readonly AnyTransaction[] = [
  ...accountTransactions,
  ...auditTransactions,
  ...incidentTransactions,
];
