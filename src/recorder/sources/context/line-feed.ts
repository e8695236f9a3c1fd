import { createReadStream } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { hasCode, RecorderError } from '../../recorder-error.ts';

export interface FedLine {
  readonly text: string;
  readonly readAtMs: number;
  /** In a file: the byte after it. */
  readonly offset?: number;
}

/** Lines that somebody else writes while a recording goes on. */
export interface LineFeed {
  /** Reads what is there by now. False when nothing new was. */
  pull(): Promise<boolean>;
  /** The next line that was read, and stays until it is taken. */
  peek(): FedLine | undefined;
  take(): void;
  close(): Promise<void>;
}

/** So much is read ahead of what is taken. */
const aheadBytes = 1024 * 1024;

/** `-` is standard input. A file is gone on with as it grows, from the byte `from`. Throws RecorderError `no_input`. */
export async function openLineFeed(path: string, from: number): Promise<LineFeed> {
  if (path === '-') return streamFeed(process.stdin);
  const found = await stat(path).catch((error: unknown) => {
    throw hasCode(error, 'ENOENT', 'ENOTDIR', 'EACCES')
      ? new RecorderError('no_input', 'The file given with --context cannot be read.')
      : error;
  });
  return found.isFile() ? fileFeed(await open(path, 'r'), from) : streamFeed(createReadStream(path));
}

function fileFeed(handle: FileHandle, from: number): LineFeed {
  const lines: FedLine[] = [];
  let at = from;
  let rest = Buffer.alloc(0);
  return {
    peek: () => lines[0],
    take: () => void lines.shift(),
    close: () => handle.close(),
    pull: async () => {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(64 * 1024), 0, 64 * 1024, at + rest.length);
      rest = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
      let found = false;
      for (let end = rest.indexOf(0x0a); end >= 0; end = rest.indexOf(0x0a)) {
        at += end + 1;
        lines.push({ text: rest.toString('utf8', 0, end), readAtMs: Date.now(), offset: at });
        rest = rest.subarray(end + 1);
        found = true;
      }
      // A last line without its end: whole if it is JSON, else still being written.
      if (bytesRead === 0 && isJson(rest.toString('utf8'))) {
        at += rest.length;
        lines.push({ text: rest.toString('utf8'), readAtMs: Date.now(), offset: at });
        rest = Buffer.alloc(0);
        found = true;
      }
      return found || bytesRead > 0;
    },
  };
}

function streamFeed(stream: Readable): LineFeed {
  const lines: FedLine[] = [];
  const decoder = new StringDecoder('utf8');
  let waiting = 0;
  let rest = '';
  const add = (text: string) => {
    lines.push({ text, readAtMs: Date.now() });
    waiting += text.length;
  };
  stream.on('data', (part: Buffer) => {
    const parts = (rest + decoder.write(part)).split('\n');
    rest = parts.pop() ?? '';
    for (const text of parts) add(text);
    if (waiting + rest.length > aheadBytes) stream.pause();
  });
  stream.on('end', () => {
    if (rest !== '') add(rest);
    rest = '';
  });
  // Whoever feeds it is gone: what came before stays.
  stream.on('error', () => undefined);
  return {
    pull: async () => false,
    peek: () => lines[0],
    take: () => {
      waiting -= lines.shift()?.text.length ?? 0;
      if (waiting < aheadBytes / 2 && stream.isPaused()) stream.resume();
    },
    close: async () => {
      stream.destroy();
    },
  };
}

function isJson(text: string): boolean {
  try {
    return typeof JSON.parse(text) === 'object';
  } catch {
    return false;
  }
}
