import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
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
    return { byteSize: size, entries, read: (entry) => readEntry(zip, handle, entry), close: () => handle.close() };
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
      const name = nameBytes(entry).toString('utf8');
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

/** One memory for all pieces, instead of a new one for each. */
const pieceBytes = 256 * 1024;

async function* readEntry(zip: ZipFile, file: FileHandle, { entry, stored }: ZipEntry): AsyncGenerator<Uint8Array> {
  const header = await zip.readLocalFileHeaderPromise(entry);
  // Some programs go by the directory and some by this header; a file must not look different to them.
  if (!header.fileName.equals(nameBytes(entry))) throw new Error('the ZIP names it twice, and differently');
  const pieces =
    stored && !entry.isEncrypted() && entry.compressedSize === entry.uncompressedSize
      ? storedPieces(file, header.fileDataStart, entry.compressedSize)
      : await inflatedPieces(zip, entry);
  let sum = 0;
  for await (const piece of pieces) {
    sum = crc32(piece, sum);
    yield piece;
  }
  if (sum !== entry.crc32) throw new Error('its checksum in the ZIP is wrong');
}

async function* storedPieces(file: FileHandle, start: number, length: number): AsyncGenerator<Uint8Array> {
  const piece = new Uint8Array(Math.min(pieceBytes, Math.max(1, length)));
  for (let at = 0; at < length; ) {
    const { bytesRead } = await file.read(piece, 0, Math.min(piece.length, length - at), start + at);
    if (bytesRead === 0) throw new Error('the file ends before it does');
    at += bytesRead;
    yield piece.subarray(0, bytesRead);
  }
}

async function inflatedPieces(zip: ZipFile, entry: Entry): Promise<AsyncIterable<Uint8Array>> {
  const stream = await zip.openReadStreamPromise(entry);
  return stream.map((piece: Buffer) => new Uint8Array(piece));
}

/** With decodeStrings off the name is a Buffer; yauzl's types know only of text. */
function nameBytes(entry: Entry): Buffer {
  return Buffer.from(entry.fileName as string | Buffer);
}
