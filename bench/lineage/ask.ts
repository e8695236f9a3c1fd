/** What questions to a filled folder take, in a process of its own. Arguments: folder, a day. Milliseconds. */
import { openFolderRunStore } from '#features/lineage/stores/folder/open-folder-run-store.ts';
import { median } from '../support/process-figures.ts';
import { filledKey, runsADay } from './fill-folder.ts';

const [dataDir = '', day = ''] = process.argv.slice(2);
const log = { warn: () => undefined, error: () => undefined };
async function time(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

async function often(work: () => Promise<unknown>, times: number): Promise<number> {
  const taken: number[] = [];
  for (let i = 0; i < times; i++) taken.push(await time(work));
  return median(taken);
}

// A store that was just opened has yet to look for it.
const firsts: number[] = [];
for (let i = 0; i < 15; i++) {
  const fresh = await openFolderRunStore({ dataDir, log });
  firsts.push(await time(() => fresh.latest(filledKey)));
  await fresh.close();
}
const store = await openFolderRunStore({ dataDir, log });
const latest = await often(() => store.latest(filledKey), 1000);
const listed = await store.day(filledKey, { day });
if (listed.length !== runsADay) throw new Error(`${listed.length} runs were listed, and not ${runsADay}`);
const oneDay = await often(() => store.day(filledKey, { day }), 100);
await store.close();
process.stdout.write(`${JSON.stringify({ latestFirst: median(firsts), latest, oneDay })}\n`);
