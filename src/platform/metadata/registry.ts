import type { AnyTransaction } from '#platform/metadata/metadata.ts';

/** A transaction is found by its name, so two of one name would run in each other's place. */
export function assertDistinctNames(transactions: readonly AnyTransaction[]): void {
  const seen = new Set<string>();
  for (const { name } of transactions) {
    if (seen.has(name)) throw new Error(`Two transactions are named ${name}.`);
    seen.add(name);
  }
}
