import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../support/server.ts';

/** Reached by the commands that copy whole stores, not by the server. */
const ofTransfer = 'src/compose/transfer/';

/** Every named place of the source where the process may be killed: read from it, so that none can be forgotten here. */
export function failpointNames(by: 'server' | 'transfer' = 'server'): string[] {
  const names = new Set<string>();
  for (const file of globSync('src/**/*.ts', { cwd: repository })) {
    if (file.startsWith(ofTransfer) !== (by === 'transfer')) continue;
    const source = readFileSync(join(repository, file), 'utf8');
    for (const [, name = ''] of source.matchAll(/\bfailpoint\('([^']+)'\)/g)) names.add(name);
  }
  return [...names].sort();
}
