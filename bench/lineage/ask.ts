/** What questions to a filled folder take, in a process of its own. Arguments: folder, a day. Milliseconds. */
import { openFolderRunStore } from '#features/lineage/stores/folder/open-folder-run-store.ts';
import { median } from '../support/process-figures.ts';
import { filledKey, runsADay } from './fill-folder.ts';

const [dataDir = '', day = ''] = process.argv.slice(2);
const log = { warn: () => undefined, error: () => undefined };
const store = await openFolderRunStore({ dataDir, log });

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

const latestFirst = await time(() => store.latest(filledKey));
const latest = await often(() => store.latest(filledKey), 1000);
const listed = await store.day(filledKey, { day });
if (listed.length !== runsADay) throw new Error(`${listed.length} runs were listed, and not ${runsADay}`);
const oneDay = await often(() => store.day(filledKey, { day }), 100);
await store.close();
process.stdout.write(`${JSON.stringify({ latestFirst, latest, oneDay })}\n`);
