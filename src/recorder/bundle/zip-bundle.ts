import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { type Entry, fromFd, type ZipFile } from 'yauzl';
import type { BundleEntry, BundleSource, Digest } from '#client/bundle/bundle-source.ts';
import { hasCode, RecorderError } from '../recorder-error.ts';

interface ZipEntry extends BundleEntry {
  readonly entry: Entry;
}

export interface ZipBundle extends BundleSource<ZipEntry> {
  /** Size of the whole file in bytes. */
  readonly byteSize: number;
  close(): Promise<void>;
}

/**
 * Opens a ZIP from disk; only its directory is read into memory. Throws RecorderError `no_input` when there is no such file
 * and `not_a_bundle` when it is no ZIP.
 */
export async function openZipBundle(path: string): Promise<ZipBundle> {
  const handle = await open(path, 'r').catch((error: unknown) => {
    throw hasCode(error, 'ENOENT', 'ENOTDIR', 'EACCES')
      ? new RecorderError('no_input', `There is no file ${path} that can be read.`)
      : error;
  });
  try {
    const { size } = await handle.stat();
    const zip = await openZip(handle.fd);
    const entries = await listEntries(zip);
    return { byteSize: size, entries, read: ({ entry }) => readEntry(zip, entry), close: () => handle.close() };
  } catch (cause) {
    await handle.close();
    if (hasCode(cause, 'EISDIR')) throw new RecorderError('no_input', `${path} is a folder.`);
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RecorderError(
      'not_a_bundle',
      `The file is no complete ZIP (${why}). If it was downloaded, download it again.`,
      { cause },
    );
  }
}

/** SHA-256 in pieces, so that a chunk of any size is verified in little memory. */
export const nodeDigest: Digest = async (pieces) => {
  const hash = createHash('sha256');
  for await (const piece of pieces) hash.update(piece);
  return hash.digest('hex');
};

function openZip(fd: number): Promise<ZipFile> {
  return new Promise((resolve, reject) => {
    // Names as bytes: a hostile name is to be reported as one of the failures, not to end the whole verification.
    fromFd(fd, { lazyEntries: true, autoClose: false, decodeStrings: false }, (error, zip) =>
      error ? reject(error) : resolve(zip),
    );
  });
}

function listEntries(zip: ZipFile): Promise<readonly ZipEntry[]> {
  return new Promise((resolve, reject) => {
    const entries: ZipEntry[] = [];
    zip.on('entry', (entry: Entry) => {
      // With decodeStrings off it is a Buffer; yauzl's types know only of text.
      const name = Buffer.from(entry.fileName as string | Buffer).toString('utf8');
      entries.push({ name, byteSize: entry.uncompressedSize, stored: entry.compressionMethod === 0, entry });
      zip.readEntry();
    });
    zip.once('end', () =>
      resolve(entries.sort((a, b) => a.entry.relativeOffsetOfLocalHeader - b.entry.relativeOffsetOfLocalHeader)),
    );
    zip.once('error', reject);
    zip.readEntry();
  });
}

async function* readEntry(zip: ZipFile, entry: Entry): AsyncGenerator<Uint8Array> {
  const stream = await new Promise<NodeJS.ReadableStream>((resolve, reject) => {
    zip.openReadStream(entry, (error, opened) => (error ? reject(error) : resolve(opened)));
  });
  let sum = 0;
  for await (const piece of stream) {
    const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece;
    sum = crc32(bytes, sum);
    yield bytes;
  }
  if (sum !== entry.crc32) throw new Error('its checksum in the ZIP is wrong');
}
