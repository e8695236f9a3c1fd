import { afterEach, describe } from 'node:test';
import { schemaContract } from './contract/schema.contract.ts';
import { transactionsContract } from './contract/transactions.contract.ts';
import type { Metadata } from './metadata.ts';

/**
 * What every metadata database must do. `open` returns one that is empty, migrated, and knows `contractTransactions`; the suite
 * closes it, then `clean` may remove what it stood on.
 */
export function metadataContract(
  name: string,
  open: () => Promise<Metadata>,
  clean: () => void = () => undefined,
): void {
  describe(`${name} as the metadata database`, () => {
    const opened: Metadata[] = [];
    const openAndRemember = async () => {
      const metadata = await open();
      opened.push(metadata);
      return metadata;
    };
    afterEach(async () => {
      for (const metadata of opened.splice(0)) await metadata.close();
      clean();
    });
    describe('schema', () => schemaContract(openAndRemember));
    describe('transactions', () => transactionsContract(openAndRemember));
  });
}
