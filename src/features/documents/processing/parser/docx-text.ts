import { extractRawText } from 'mammoth';
import { fromBuffer } from 'yauzl';
import { ParserGaveUp } from './parser-task.ts';

/** More than any document that people write; what an archive says it unpacks to. Bytes. */
const maxUnpackedBytes = 128 * 1024 * 1024;
const maxEntries = 10_000;

/** The paragraphs of a Word document. Refuses an archive before it is unpacked; one that lies meets the limits of this process. */
export async function docxText(bytes: Buffer): Promise<string> {
  await judgeArchive(bytes);
  const { value } = await extractRawText({ buffer: bytes });
  return value.replace(/\n{2,}/g, '\n');
}

function judgeArchive(bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    fromBuffer(bytes, { lazyEntries: true }, (error, archive) => {
      if (error) return reject(new ParserGaveUp('unreadable', { cause: error }));
      let unpacked = 0;
      if (archive.entryCount > maxEntries) return reject(new ParserGaveUp('too_large'));
      archive.on('entry', ({ uncompressedSize }) => {
        unpacked += uncompressedSize;
        if (unpacked > maxUnpackedBytes) reject(new ParserGaveUp('too_large'));
        else archive.readEntry();
      });
      archive.on('end', resolve);
      archive.on('error', (cause) => reject(new ParserGaveUp('unreadable', { cause })));
      archive.readEntry();
    });
  });
}
