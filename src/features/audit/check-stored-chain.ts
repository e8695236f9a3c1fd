import type { Db } from '#platform/metadata/metadata.ts';
import { ChainCheck, type ChainEnd, type ChainReport } from './check-chain.ts';
import { chainHead, chainPages } from './read-audit.store.ts';

export interface StoredChainOptions {
  expected?: ChainEnd | undefined;
  /** An entry that is no part of the log: the mark of a store that is being filled. */
  exceptId?: string;
  onProgress?: (entries: number) => void;
}

/** Reads the whole log of a database, which should be one moment of it. */
export async function checkStoredChain(db: Db, options: StoredChainOptions = {}): Promise<ChainReport> {
  const check = new ChainCheck(await chainHead(db), options.expected);
  for await (const rows of chainPages(db)) {
    for (const row of rows) if (row.id !== options.exceptId) check.add(row);
    options.onProgress?.(rows.length);
  }
  return check.finish();
}
