import { buffer } from 'node:stream/consumers';
import { fromBuffer } from 'yauzl';

export interface ReadEntry {
  name: string;
  bytes: Buffer;
  /** Bytes in the archive. */
  compressed: number;
}

/** Reads an archive with a reader that is not ours; throws where it is not well-formed or a checksum is wrong. */
export async function readZip(archive: Buffer): Promise<ReadEntry[]> {
  const zip = await new Promise<import('yauzl').ZipFile>((resolve, reject) => {
    fromBuffer(archive, { lazyEntries: true, strictFileNames: true, validateEntrySizes: true }, (error, file) =>
      error === null ? resolve(file) : reject(error),
    );
  });
  return await new Promise((resolve, reject) => {
    const entries: ReadEntry[] = [];
    zip.on('entry', (entry) => {
      zip.openReadStream(entry, (error, stream) => {
        if (error !== null) return reject(error);
        buffer(stream).then((bytes) => {
          entries.push({ name: entry.fileName, bytes, compressed: entry.compressedSize });
          zip.readEntry();
        }, reject);
      });
    });
    zip.on('end', () => resolve(entries)).on('error', reject);
    zip.readEntry();
  });
}
