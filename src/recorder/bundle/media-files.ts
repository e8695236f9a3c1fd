import { type FileHandle, link, mkdir, open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { PlaintextSink, StreamPlace } from '#client/bundle/verify-stream.ts';
import { hasCode, RecorderError } from '../recorder-error.ts';

export interface MediaFiles extends PlaintextSink {
  /** Paths of the files that were written, by stream id. */
  readonly written: ReadonlyMap<string, string>;
  /** Removes what is unfinished; to be called whatever happened. */
  abandon(): Promise<void>;
}

/**
 * Writes each stream's decrypted chunks, joined, into one file in `folder`. The file gets its name only once all of the
 * stream was verified, and an existing file is never touched. Throws RecorderError `output_exists`.
 */
export function mediaFiles(folder: string): MediaFiles {
  const written = new Map<string, string>();
  let current: { streamId: string; handle: FileHandle; partial: string; path: string } | undefined;

  const begin = async (stream: StreamPlace, firstBytes: Uint8Array) => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    // The id comes out of the bundle: nothing of it may lead out of the folder.
    const name = `${stream.media_type}_${stream.stream_id.replace(/[^A-Za-z0-9_-]/g, '_')}`;
    const path = join(folder, name + extensionOf(firstBytes));
    if (await stat(path).catch(() => undefined)) throw existing(path);
    const partial = join(folder, `.${name}.${process.pid}.partial`);
    current = { streamId: stream.stream_id, handle: await open(partial, 'wx', 0o600), partial, path };
    return current;
  };

  const abandon = async () => {
    if (!current) return;
    const { handle, partial } = current;
    current = undefined;
    await handle.close();
    await rm(partial, { force: true });
  };

  return {
    written,
    abandon,
    write: async (stream, bytes) => {
      const file = current?.streamId === stream.stream_id ? current : await begin(stream, bytes);
      await file.handle.writeFile(bytes);
    },
    finish: async (stream, whole) => {
      if (!whole || current?.streamId !== stream.stream_id) return abandon();
      const { handle, partial, path } = current;
      await handle.sync();
      try {
        // A link, not a rename: it fails where a file has appeared meanwhile.
        await link(partial, path);
      } catch (error) {
        throw hasCode(error, 'EEXIST') ? existing(path) : error;
      } finally {
        await abandon();
      }
      written.set(stream.stream_id, path);
    },
  };
}

function existing(path: string): RecorderError {
  return new RecorderError(
    'output_exists',
    `${path} is there already, and is not overwritten. Choose another --out, or move it away.`,
  );
}

/** What players go by, told from the first bytes; `.bin` when they tell nothing. */
export function extensionOf(bytes: Uint8Array): string {
  const starts = (at: number, text: string) =>
    [...text].every((character, offset) => bytes[at + offset] === character.charCodeAt(0));
  if (bytes[0] === 0x47 && (bytes.length < 189 || bytes[188] === 0x47)) return '.ts';
  if (starts(4, 'ftyp') || starts(4, 'styp')) return '.mp4';
  if (starts(0, '\x1aE\xdf\xa3')) return '.webm';
  if (starts(0, 'OggS')) return '.ogg';
  if (starts(0, 'RIFF') && starts(8, 'WAVE')) return '.wav';
  if (starts(0, '{"')) return '.jsonl';
  return '.bin';
}
