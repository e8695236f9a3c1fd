import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { sections } from '#compose/config.ts';
import { describedApi } from '#compose/routes.ts';
import { describeApi } from '#features/reference/index.ts';
import { apiPage } from './docs/api-page.ts';
import { configurationPage } from './docs/configuration-page.ts';
import { envExample } from './docs/env-example.ts';
import { errorsPage } from './docs/errors-page.ts';
import { routesOfRelay } from './docs/routes-of-relay.ts';
import { routesOfRelayApi, routesOfServer } from './docs/routes-of-server.ts';
import { scalingPage } from './docs/scaling-page.ts';

/** Writes the pages that are made from the code. With --check it writes nothing and fails where they differ. */
async function main(): Promise<number> {
  const check = process.argv.includes('--check');
  const ofRelay = await routesOfRelay();
  // Handing over a chunk is the same PUT on both sides of a relay.
  const forRelays = (await routesOfRelayApi()).filter(({ method }) => method !== 'PUT');
  const api = describeApi(describedApi([...(await routesOfServer()), ...ofRelay, ...forRelays]));
  const pages: Record<string, string> = {
    'docs/api.md': apiPage(api),
    'docs/errors.md': errorsPage(api),
    'docs/configuration.md': configurationPage(sections),
    'docs/scaling.md': scalingPage(),
    '.env.example': envExample(sections),
  };
  const stale: string[] = [];
  for (const [name, content] of Object.entries(pages)) {
    const path = fileURLToPath(new URL(`../${name}`, import.meta.url));
    if (contentOf(path) === content) continue;
    stale.push(name);
    if (!check) writeFileSync(path, content);
  }
  if (check && stale.length > 0) process.stderr.write(`${stale.join(', ')}: not as the code says. Run: npm run docs\n`);
  else process.stdout.write(stale.length === 0 ? 'docs are as the code says\n' : `wrote ${stale.join(', ')}\n`);
  return check && stale.length > 0 ? 1 : 0;
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

process.exitCode = await main();
