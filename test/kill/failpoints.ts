import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../support/server.ts';

/** Every named place of the source where the process may be killed: read from it, so that none can be forgotten here. */
export function failpointNames(): string[] {
  const names = new Set<string>();
  for (const file of globSync('src/**/*.ts', { cwd: repository })) {
    const source = readFileSync(join(repository, file), 'utf8');
    for (const [, name = ''] of source.matchAll(/\bfailpoint\('([^']+)'\)/g)) names.add(name);
  }
  return [...names].sort();
}
