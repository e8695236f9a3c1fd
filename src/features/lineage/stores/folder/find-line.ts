import { type FileHandle, open } from 'node:fs/promises';
import { asProblem, hasErrno } from '#platform/blobs/local/disk-problem.ts';
import { type Arrival, parseLine, type RunLine } from '../../record/run-line.ts';
import { lineBlocks } from './line-blocks.ts';

/** Lines that were written at the same time may be out of order by this much. Bytes. */
const slack = 64 * 1024;
/** More than any line has. Bytes. */
const longestLine = 1024;
const newline = 0x0a;

/**
 * The line of one run in the manifest of its day, without making sense of the others. Lines stand about in order of arrival, so most
 * are where halving the file leads to; where one is not, the whole manifest is gone through.
 */
export async function findLine(path: string, run: Arrival): Promise<RunLine | undefined> {
  const { received_at, run_id } = run;
  // As formatLine begins it.
  const beginning = `${JSON.stringify({ received_at, run_id }).slice(0, -1)},`;
  const near = await nearby(path, received_at);
  const found = near === undefined ? undefined : lineIn(near, beginning);
  if (found !== undefined) return found;
  for await (const { bytes } of lineBlocks(path)) {
    const line = lineIn(bytes, beginning);
    if (line !== undefined) return line;
  }
  return undefined;
}

function lineIn(bytes: Buffer, beginning: string): RunLine | undefined {
  const at = bytes.indexOf(beginning, 0, 'latin1');
  const end = at < 0 ? -1 : bytes.indexOf(newline, at);
  return end < 0 ? undefined : parseLine(bytes.toString('latin1', at, end));
}

/** What stands around the first line of that time or later; undefined for a manifest so small that it is read as quickly. */
async function nearby(path: string, receivedAt: string): Promise<Buffer | undefined> {
  try {
    await using file = await open(path, 'r');
    let [low, high] = [0, (await file.stat()).size];
    if (high <= 4 * slack) return undefined;
    while (high - low > slack) {
      const middle = Math.floor((low + high) / 2);
      const time = await timeBehind(file, middle);
      if (time === undefined) return undefined;
      if (time < receivedAt) low = middle;
      else high = middle;
    }
    const start = Math.max(0, low - slack);
    const bytes = Buffer.alloc(high + slack - start);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, start);
    return bytes.subarray(0, bytesRead);
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return undefined;
    throw asProblem(error);
  }
}

/** Of the first line that begins behind an offset. */
async function timeBehind(file: FileHandle, offset: number): Promise<string | undefined> {
  const bytes = Buffer.alloc(2 * longestLine);
  const { bytesRead } = await file.read(bytes, 0, bytes.length, offset);
  const text = bytes.toString('latin1', 0, bytesRead);
  return /\n\{"received_at":"([^"]+)"/.exec(text)?.[1];
}
