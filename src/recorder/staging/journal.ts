import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { sha256Hex } from '#client/api/wire.ts';
import { type Infer, object, oneOf, optional, read, text, whole } from '#client/shape.ts';
import { RecorderError } from '../recorder-error.ts';
import { syncFolder } from './durable-file.ts';

/** What happened to one chunk. Lines are only ever added; the last line about a chunk is its state. */
const line = object({
  event: oneOf('staged', 'rebound', 'accepted', 'dropped'),
  index: whole(1),
  at: text,
  /** `staged` and `rebound`: which file on disk, and what it is. */
  binding: optional(oneOf('provisional', 'final')),
  sha256_hex: optional(sha256Hex),
  byte_size: optional(whole(0)),
  /** `staged` only. */
  started_at: optional(text),
  ended_at: optional(text),
  idempotency_key: optional(text),
  /** Where the source goes on after this chunk, in the source's own words. */
  cursor: optional(text),
  /** In a capture: the moment's number, and the number of the context chunk that belongs to it. */
  sequence: optional(whole(1)),
  context_index: optional(whole(1)),
});
export type JournalLine = Infer<typeof line>;

/** An append-only file of JSON lines. `append` returns once its line is on durable storage. */
export class Journal {
  readonly #handle: FileHandle;
  #last: Promise<void> = Promise.resolve();

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** Opens or creates it, and returns the lines it holds. A last line that a crash cut short never counted, and is removed. */
  static async open(path: string): Promise<{ journal: Journal; lines: readonly JournalLine[] }> {
    const handle = await open(path, 'a+', 0o600);
    try {
      await syncFolder(dirname(path));
      const content = await handle.readFile();
      const whole = content.lastIndexOf(0x0a) + 1;
      if (whole < content.length) {
        await handle.truncate(whole);
        await handle.sync();
      }
      const lines = content
        .toString('utf8', 0, whole)
        .split('\n')
        .filter((row) => row !== '')
        .map(parseLine);
      return { journal: new Journal(handle), lines };
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  append(entry: JournalLine): Promise<void> {
    const write = async () => {
      await this.#handle.appendFile(`${JSON.stringify(entry)}\n`);
      await this.#handle.datasync();
    };
    // One after the other, and none after a failure: a line behind a gap would claim an order that was not kept.
    this.#last = this.#last.then(write);
    return this.#last;
  }

  async close(): Promise<void> {
    await this.#last.catch(() => undefined);
    await this.#handle.close();
  }
}

function parseLine(row: string, position: number): JournalLine {
  let json: unknown;
  try {
    json = JSON.parse(row);
  } catch {
    throw new RecorderError('state_damaged', `Line ${position + 1} of the recording's journal cannot be read.`);
  }
  const result = read(line, json);
  if ('value' in result) return result.value;
  throw new RecorderError(
    'state_damaged',
    `Line ${position + 1} of the recording's journal is not valid: ${result.problems.join('; ')}.`,
  );
}
