import { buffer } from 'node:stream/consumers';
import { fromBuffer } from 'yauzl';

export interface ReadEntry {
  name: string;
  bytes: Buffer;
  /** Bytes in the archive. */
  compressed: number;
}

/**
 * Reads an archive with a reader that is not ours; throws where it is not well-formed or a checksum is wrong. Of entries that are not
 * `wanted` only the name is read.
 */
export async function readZip(archive: Buffer, wanted: (name: string) => boolean = () => true): Promise<ReadEntry[]> {
  const zip = await new Promise<import('yauzl').ZipFile>((resolve, reject) => {
    fromBuffer(archive, { lazyEntries: true, strictFileNames: true, validateEntrySizes: true }, (error, file) =>
      error === null ? resolve(file) : reject(error),
    );
  });
  return await new Promise((resolve, reject) => {
    const entries: ReadEntry[] = [];
    zip.on('entry', (entry) => {
      if (!wanted(entry.fileName)) {
        entries.push({ name: entry.fileName, bytes: Buffer.alloc(0), compressed: entry.compressedSize });
        zip.readEntry();
        return;
      }
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
