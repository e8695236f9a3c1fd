import { crc32 } from 'node:zlib';

/**
 * A ZIP archive of stored entries, made while it is sent: nothing is known of an entry but its name and size until its bytes have
 * passed, so the checksum follows them in a data descriptor. The length of the whole is known before the first byte.
 * Format: APPNOTE.TXT 6.3.10 of PKWARE; section numbers below are its own.
 */
export interface ZipEntry {
  /** ASCII, made by us. */
  name: string;
  /** Bytes. The content must have exactly this size. */
  byteSize: number;
  content: () => AsyncIterable<Buffer>;
}

const limit32 = 0xffffffff;
const limit16 = 0xffff;
const version = 45; // 4.4.3: ZIP64
const flags = 0x0808; // 4.4.4: bit 3 data descriptor, bit 11 UTF-8 names
const madeByUnix = 0x0300;
const regularFile = 0o100644 * 0x10000; // external attributes: mode in the upper half

/** ZIP64 fields in an entry's local header announce that its descriptor has 8-byte sizes (4.3.9.2). */
const isLarge = (byteSize: number) => byteSize >= limit32;

const localHeaderSize = (entry: ZipEntry) => 30 + Buffer.byteLength(entry.name) + (isLarge(entry.byteSize) ? 20 : 0);
const descriptorSize = (entry: ZipEntry) => (isLarge(entry.byteSize) ? 24 : 16);

export function zipSize(entries: readonly ZipEntry[]): number {
  let offset = 0;
  let directory = 0;
  for (const entry of entries) {
    directory += 46 + Buffer.byteLength(entry.name) + zip64Extra(entry.byteSize, offset).length;
    offset += localHeaderSize(entry) + entry.byteSize + descriptorSize(entry);
  }
  return offset + directory + endOfArchive(entries.length, directory, offset).length;
}

/** Throws when an entry's content is not of its declared size; the archive is then left without its end. */
export async function* zip(entries: readonly ZipEntry[], modifiedAt: Date): AsyncGenerator<Buffer> {
  const time = dosTime(modifiedAt);
  const directory: Buffer[] = [];
  const begun: Content[] = [];
  let offset = 0;
  let aheadBytes = 0;
  try {
    for (const [i, entry] of entries.entries()) {
      // The next entries are read while this one is sent.
      if (i > 0) aheadBytes -= entry.byteSize;
      while (begun.length === 0 || (begun.length <= maxAhead && aheadBytes < enoughAheadBytes)) {
        const next = entries[i + begun.length];
        if (next === undefined) break;
        if (begun.length > 0) aheadBytes += next.byteSize;
        begun.push(begin(next));
      }
      yield localHeader(entry, time);
      let checksum = 0;
      let size = 0;
      for (let at = await begun[0]?.first; at?.done === false; at = await begun[0]?.pieces.next()) {
        checksum = crc32(at.value, checksum);
        size += at.value.length;
        yield at.value;
      }
      if (size !== entry.byteSize) throw new Error('an entry differs from its declared size');
      yield descriptor(entry, checksum);
      directory.push(directoryHeader(entry, checksum, offset, time));
      offset += localHeaderSize(entry) + size + descriptorSize(entry);
      begun.shift();
    }
  } finally {
    for (const { pieces } of begun) await pieces.return?.();
  }
  const central = Buffer.concat(directory);
  yield central;
  yield endOfArchive(entries.length, central.length, offset);
}

/** Small entries several at a time, large ones one or two: each holds memory of the store until its turn. */
const maxAhead = 4;
const enoughAheadBytes = 2 * 1024 * 1024;

interface Content {
  pieces: AsyncIterator<Buffer>;
  first: Promise<IteratorResult<Buffer>>;
}

function begin(entry: ZipEntry): Content {
  const pieces = entry.content()[Symbol.asyncIterator]();
  const first = pieces.next();
  // Its turn may never come, when an entry before it fails; then nobody waits for this one.
  first.catch(() => undefined);
  return { pieces, first };
}

function localHeader(entry: ZipEntry, time: number): Buffer {
  const name = Buffer.from(entry.name);
  const large = isLarge(entry.byteSize);
  const header = Buffer.alloc(30); // 4.3.7
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(version, 4);
  header.writeUInt16LE(flags, 6);
  header.writeUInt32LE(time, 10);
  // Sizes are known and said at once, which lets streaming readers find the end of a stored entry; the checksum comes after.
  header.writeUInt32LE(large ? limit32 : entry.byteSize, 18);
  header.writeUInt32LE(large ? limit32 : entry.byteSize, 22);
  header.writeUInt16LE(name.length, 26);
  header.writeUInt16LE(large ? 20 : 0, 28);
  if (!large) return Buffer.concat([header, name]);
  const extra = Buffer.alloc(20); // 4.5.3
  extra.writeUInt16LE(1, 0);
  extra.writeUInt16LE(16, 2);
  extra.writeBigUInt64LE(BigInt(entry.byteSize), 4);
  extra.writeBigUInt64LE(BigInt(entry.byteSize), 12);
  return Buffer.concat([header, name, extra]);
}

function descriptor(entry: ZipEntry, checksum: number): Buffer {
  const record = Buffer.alloc(descriptorSize(entry)); // 4.3.9
  record.writeUInt32LE(0x08074b50, 0);
  record.writeUInt32LE(checksum, 4);
  if (isLarge(entry.byteSize)) {
    record.writeBigUInt64LE(BigInt(entry.byteSize), 8);
    record.writeBigUInt64LE(BigInt(entry.byteSize), 16);
  } else {
    record.writeUInt32LE(entry.byteSize, 8);
    record.writeUInt32LE(entry.byteSize, 12);
  }
  return record;
}

/** Only the fields that do not fit their 32 bits, in the order that 4.5.3 fixes. */
function zip64Extra(byteSize: number, offset: number): Buffer {
  const values = [...(isLarge(byteSize) ? [byteSize, byteSize] : []), ...(offset >= limit32 ? [offset] : [])];
  if (values.length === 0) return Buffer.alloc(0);
  const extra = Buffer.alloc(4 + values.length * 8);
  extra.writeUInt16LE(1, 0);
  extra.writeUInt16LE(values.length * 8, 2);
  values.forEach((value, i) => {
    extra.writeBigUInt64LE(BigInt(value), 4 + i * 8);
  });
  return extra;
}

function directoryHeader(entry: ZipEntry, checksum: number, offset: number, time: number): Buffer {
  const name = Buffer.from(entry.name);
  const extra = zip64Extra(entry.byteSize, offset);
  const header = Buffer.alloc(46); // 4.3.12
  header.writeUInt32LE(0x02014b50, 0);
  header.writeUInt16LE(madeByUnix | version, 4);
  header.writeUInt16LE(version, 6);
  header.writeUInt16LE(flags, 8);
  header.writeUInt32LE(time, 12);
  header.writeUInt32LE(checksum, 16);
  header.writeUInt32LE(Math.min(entry.byteSize, limit32), 20);
  header.writeUInt32LE(Math.min(entry.byteSize, limit32), 24);
  header.writeUInt16LE(name.length, 28);
  header.writeUInt16LE(extra.length, 30);
  header.writeUInt32LE(regularFile, 38);
  header.writeUInt32LE(Math.min(offset, limit32), 42);
  return Buffer.concat([header, name, extra]);
}

function endOfArchive(count: number, directorySize: number, directoryOffset: number): Buffer {
  const needs64 = count >= limit16 || directorySize >= limit32 || directoryOffset >= limit32;
  const end = Buffer.alloc(22); // 4.3.16
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Math.min(count, limit16), 8);
  end.writeUInt16LE(Math.min(count, limit16), 10);
  end.writeUInt32LE(Math.min(directorySize, limit32), 12);
  end.writeUInt32LE(Math.min(directoryOffset, limit32), 16);
  if (!needs64) return end;
  const record = Buffer.alloc(56); // 4.3.14
  record.writeUInt32LE(0x06064b50, 0);
  record.writeBigUInt64LE(44n, 4);
  record.writeUInt16LE(madeByUnix | version, 12);
  record.writeUInt16LE(version, 14);
  record.writeBigUInt64LE(BigInt(count), 24);
  record.writeBigUInt64LE(BigInt(count), 32);
  record.writeBigUInt64LE(BigInt(directorySize), 40);
  record.writeBigUInt64LE(BigInt(directoryOffset), 48);
  const locator = Buffer.alloc(20); // 4.3.15
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(BigInt(directoryOffset + directorySize), 8);
  locator.writeUInt32LE(1, 16);
  return Buffer.concat([record, locator, end]);
}

/** 4.4.6: two-second resolution, from 1980. Time in the lower half, date in the upper. */
function dosTime(at: Date): number {
  const year = Math.min(Math.max(at.getUTCFullYear(), 1980), 2107) - 1980;
  const date = (year << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate();
  const time = (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1);
  return date * 0x10000 + time;
}
