import { parseTimestamp, timestamp } from '#kit/time.ts';
import { type LineFeed, openLineFeed } from './line-feed.ts';

/** What belongs to one moment besides pictures and sound, to be sealed as it is. */
export interface ContextPiece {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where to go on after it, for what can be read again. */
  readonly cursor: string | undefined;
}

/** Of one moment; what is more goes with the next. */
const pieceBytes = 4 * 1024 * 1024;

/**
 * Context of a recording, such as places, as lines of JSON. A line belongs to the moment of its own time (`at`, `time` or `timestamp`,
 * RFC 3339), else to when it came. Nothing of a line is ever told to anyone: what leaves is sealed.
 */
export class ContextFeed {
  readonly #feed: LineFeed;
  readonly #live: boolean;
  #before = 0;

  private constructor(feed: LineFeed, live: boolean) {
    this.#feed = feed;
    this.#live = live;
  }

  /** `path` as in openLineFeed. `live`: the moments happen as they are recorded. Throws RecorderError `no_input`. */
  static async open(path: string, options: { live: boolean; cursor: string | undefined }): Promise<ContextFeed> {
    return new ContextFeed(await openLineFeed(path, Number(options.cursor ?? 0)), options.live);
  }

  /** Lines left out, because their own time is before the recording. */
  get linesBefore(): number {
    return this.#before;
  }

  /** The lines up to a moment's end, in their order, except those from before the recording. Undefined when there are none. */
  async take(endedAt: string, recordingStartedAt: string): Promise<ContextPiece | undefined> {
    const [end, start] = [Date.parse(endedAt), Date.parse(recordingStartedAt)];
    const parts: Buffer[] = [];
    let length = 0;
    let cursor: string | undefined;
    while (length < pieceBytes) {
      const line = this.#feed.peek();
      if (line === undefined) {
        if (await this.#feed.pull()) continue;
        break;
      }
      const { own, sealed } = readLine(line.text, line.readAtMs);
      // A file is only read now: when its lines were written is not known, but it was before now.
      const isTimed = this.#live && line.offset === undefined;
      if ((own ?? (isTimed ? line.readAtMs : start)) >= end) break;
      this.#feed.take();
      if (own !== undefined && own < start) {
        this.#before += 1;
      } else if (sealed !== undefined) {
        const part = Buffer.from(`${sealed}\n`);
        parts.push(part);
        length += part.length;
      }
      if (line.offset !== undefined) cursor = String(line.offset);
    }
    return parts.length === 0 ? undefined : { bytes: new Uint8Array(Buffer.concat(parts)), cursor };
  }

  close(): Promise<void> {
    return this.#feed.close();
  }
}

/** The line as it is sealed: with the time at which it was read. What is no object is kept as text. */
function readLine(text: string, readAtMs: number): { own: number | undefined; sealed: string | undefined } {
  if (text.trim() === '') return { own: undefined, sealed: undefined };
  const read_at = timestamp(readAtMs);
  const value = objectIn(text);
  if (value === undefined) return { own: undefined, sealed: JSON.stringify({ read_at, line: text }) };
  const own = [value.at, value.time, value.timestamp]
    .map((time) => (typeof time === 'string' ? parseTimestamp(time) : undefined))
    .find((time) => time !== undefined);
  return { own: own === undefined ? undefined : Date.parse(own), sealed: JSON.stringify({ read_at, ...value }) };
}

function objectIn(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    // An object that is no list has text keys.
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
