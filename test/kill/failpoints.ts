import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../support/server.ts';

/** Reached by the commands that copy whole stores, not by the server. */
const ofTransfer = 'src/compose/transfer/';
/** Killed by tests of their own, test/lineage/kill-*.test.ts. */
const ofLineage = 'src/features/lineage/';
/** Killed by tests of their own in test/documents and test/cloud. */
const ofVault = {
  documents: 'src/features/documents/',
  uploads: 'src/features/resumable/',
  cloud: 'src/features/cloud/',
};
/** Not reached by a node that keeps its rows in PostgreSQL and its bytes in S3. */
const ofOneMachine = ['src/platform/metadata/sqlite/', 'src/platform/blobs/local/'];

/** Every named place of the source where the process may be killed: read from it, so that none can be forgotten here. */
export function failpointNames(by: 'server' | 'node' | 'transfer' | keyof typeof ofVault = 'server'): string[] {
  const names = new Set<string>();
  for (const file of globSync('src/**/*.ts', { cwd: repository })) {
    if (file.startsWith(ofLineage)) continue;
    if (file.startsWith(ofTransfer) !== (by === 'transfer')) continue;
    const vault = Object.entries(ofVault).find(([, folder]) => file.startsWith(folder))?.[0];
    if (vault !== (by in ofVault ? by : undefined)) continue;
    if (by === 'node' && ofOneMachine.some((folder) => file.startsWith(folder))) continue;
    const source = readFileSync(join(repository, file), 'utf8');
    for (const [, name = ''] of source.matchAll(/\bfailpoint\('([^']+)'\)/g)) names.add(name);
  }
  return [...names].sort();
}
