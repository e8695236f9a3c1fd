import { isProblem } from '#kit/errors.ts';
import { failpoint } from '#platform/process/failpoint.ts';
import { isRunId } from '../../record/names.ts';
import { compareLines, dayOf, formatLine, type RunLine } from '../../record/run-line.ts';
import { resealStoredRun } from '../../record/stored-run.ts';
import type { Mended } from '../run-store.ts';
import { foldersIn } from './folders-in.ts';
import { lineBlocks, linesOf } from './line-blocks.ts';
import { daysOf, type Manifests } from './manifests.ts';
import type { ServiceFolder } from './service-folder.ts';
import { readPayload } from './stored-payload.ts';

export interface MendDeps {
  manifests: Manifests;
  /** Around every change to the lines of a day. */
  around(day: string, rewrite: () => Promise<void>): Promise<void>;
  /** A record whose bytes are no record. It gets no line, and whoever reads it is told. */
  onCorrupt(): void;
}

export interface MendedService extends Mended {
  newest: RunLine | undefined;
}

/** Bounds what is held of runs that no manifest knows. */
const adoptedAtOnce = 1000;

/**
 * Holds the manifests of a service against its records: a line of no record goes, a record without a line gets one. Only records
 * without a line are opened. Nobody may write to the service meanwhile. A crash leaves some of it done, and the rest for the next time.
 */
export async function mendService(at: ServiceFolder, deps: MendDeps): Promise<MendedService> {
  const mended: MendedService = { runs: 0, added: 0, newest: undefined };
  const unlisted = new Set<string>();
  await deps.manifests.release(at);
  for await (const name of foldersIn(at.path)) if (isRunId(name)) unlisted.add(name);
  for (const day of await daysOf(at)) await mendDay(at, day, unlisted, mended, deps);
  let adopted: RunLine[] = [];
  for (const runId of unlisted) {
    const line = await lineOfRecord(at, runId, deps);
    if (line === undefined) continue;
    count(mended, line);
    mended.added += 1;
    adopted.push(line);
    if (adopted.length < adoptedAtOnce) continue;
    await adopt(at, adopted, deps);
    adopted = [];
  }
  await adopt(at, adopted, deps);
  return mended;
}

/** Takes the runs that the day lists from the unlisted ones. */
async function mendDay(
  at: ServiceFolder,
  day: string,
  unlisted: Set<string>,
  mended: Mended & { newest: RunLine | undefined },
  { around, manifests }: MendDeps,
): Promise<void> {
  const kept: string[] = [];
  let dropped = 0;
  for await (const block of lineBlocks(at.manifest(day)))
    for (const { line } of linesOf(block)) {
      if (line === undefined || dayOf(line) !== day || !unlisted.delete(line.run_id)) {
        dropped += 1;
        continue;
      }
      kept.push(formatLine(line));
      count(mended, line);
    }
  if (dropped === 0) return;
  await around(day, () => manifests.rewrite(at, day, kept.join('')));
  failpoint('lineage-after-rewrite');
}

async function lineOfRecord(at: ServiceFolder, runId: string, { onCorrupt }: MendDeps): Promise<RunLine | undefined> {
  // A folder without a record is what a crash leaves before the record has its name.
  const payload = await readPayload(at, runId);
  if (payload === undefined) return undefined;
  try {
    const { line } = await resealStoredRun(payload);
    if (line.run_id === runId) return line;
  } catch (error) {
    if (!isProblem(error, 'evidence_corrupt')) throw error;
  }
  onCorrupt();
  return undefined;
}

async function adopt(at: ServiceFolder, lines: readonly RunLine[], { around, manifests }: MendDeps): Promise<void> {
  const byDay = Map.groupBy(lines, dayOf);
  for (const [day, ofDay] of byDay) {
    await around(day, () => manifests.appendText(at, day, ofDay.toSorted(compareLines).map(formatLine).join('')));
    failpoint('lineage-after-adoption');
  }
}

function count(mended: Mended & { newest: RunLine | undefined }, line: RunLine): void {
  mended.runs += 1;
  if (mended.newest === undefined || compareLines(line, mended.newest) > 0) mended.newest = line;
}
