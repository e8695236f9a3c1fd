import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadConfig, sections } from '#compose/config.ts';
import { openBackends } from '#compose/open-backends.ts';
import { describedApi, mainRoutes } from '#compose/server.ts';
import { UploadsInFlight } from '#features/incidents/index.ts';
import { type ApiDescription, describeApi } from '#features/reference/index.ts';
import { createLog } from '#platform/process/log.ts';
import { apiPage } from './docs/api-page.ts';
import { configurationPage } from './docs/configuration-page.ts';
import { errorsPage } from './docs/errors-page.ts';

/** Writes the pages of docs/ that are made from the code. With --check it writes nothing and fails where they differ. */
async function main(): Promise<number> {
  const check = process.argv.includes('--check');
  const api = await describeServer();
  const pages: Record<string, string> = {
    'api.md': apiPage(api),
    'errors.md': errorsPage(api),
    'configuration.md': configurationPage(sections),
  };
  const stale: string[] = [];
  for (const [name, content] of Object.entries(pages)) {
    const path = fileURLToPath(new URL(`../docs/${name}`, import.meta.url));
    if (contentOf(path) === content) continue;
    stale.push(`docs/${name}`);
    if (!check) writeFileSync(path, content);
  }
  if (check && stale.length > 0) process.stderr.write(`${stale.join(', ')}: not as the code says. Run: npm run docs\n`);
  else process.stdout.write(stale.length === 0 ? 'docs are as the code says\n' : `wrote ${stale.join(', ')}\n`);
  return check && stale.length > 0 ? 1 : 0;
}

/** The routes of a server that listens nowhere, on an empty folder: describing them needs no request. */
async function describeServer(): Promise<ApiDescription> {
  const folder = mkdtempSync(join(tmpdir(), 'proofline-docs-'));
  const { config } = loadConfig({ environment: { SAFE_DATA_DIR: folder } });
  const backends = await openBackends(config, createLog('error'));
  try {
    return describeApi(describedApi(mainRoutes({ ...backends, inFlight: new UploadsInFlight() }, config)));
  } finally {
    await backends.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

process.exitCode = await main();
