import { open } from 'node:fs/promises';
import { asProblem, hasErrno } from '#platform/blobs/local/disk-problem.ts';
import { parseLine, type RunLine } from '../../record/run-line.ts';

const blockBytes = 256 * 1024;
const newline = 0x0a;

/** Whole lines, the last newline included. */
export interface LineBlock {
  readonly bytes: Buffer;
  /** Of its first byte, in the file. */
  readonly start: number;
}

export interface FiledLine {
  /** Undefined for one that is not ours, or that a crash has torn. */
  readonly line: RunLine | undefined;
  /** Of the byte behind its newline, in the file. */
  readonly end: number;
}

/** A manifest in pieces. What has no newline yet is being written, or was when the process died, and is left out. */
export async function* lineBlocks(path: string, from = 0): AsyncGenerator<LineBlock> {
  try {
    await using file = await open(path, 'r');
    // An offset behind the end is one of another file.
    let start = from <= (await file.stat()).size ? from : 0;
    let carried = Buffer.alloc(0);
    for (;;) {
      const block = Buffer.allocUnsafe(blockBytes);
      const { bytesRead } = await file.read(block, 0, blockBytes, start + carried.length);
      if (bytesRead === 0) return;
      const bytes = Buffer.concat([carried, block.subarray(0, bytesRead)]);
      const end = bytes.lastIndexOf(newline) + 1;
      if (end > 0) yield { bytes: bytes.subarray(0, end), start };
      start += end;
      carried = bytes.subarray(end);
    }
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw asProblem(error);
  }
}

/** Our lines are ASCII, so that a character is a byte. */
export function* linesOf({ bytes, start }: LineBlock): Generator<FiledLine> {
  let end = start;
  for (const text of bytes.toString('latin1', 0, bytes.length - 1).split('\n')) {
    end += text.length + 1;
    yield { line: parseLine(text), end };
  }
}

export async function* runLines(path: string): AsyncGenerator<RunLine> {
  for await (const block of lineBlocks(path)) for (const { line } of linesOf(block)) if (line !== undefined) yield line;
}
