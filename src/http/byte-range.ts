import type { BlobRange } from '#platform/blobs/blob-store.ts';

/** Whole: no range was asked for, or none that this server answers by a part. */
export type WantedRange = 'whole' | 'unsatisfiable' | BlobRange;

/**
 * The `Range` header of a GET over so many bytes (RFC 9110, 14.1.2 and 14.2): one range of bytes, from the front or the end. Other
 * units, what is not well-formed and several ranges at once are answered by the whole, as the RFC allows.
 */
export function wantedRange(header: string | undefined, byteSize: number): WantedRange {
  const match = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(header ?? '');
  const [, first = '', last = ''] = match ?? [];
  if (first === '' && last === '') return 'whole';
  if (first === '') {
    const suffix = Number(last);
    if (suffix === 0) return 'unsatisfiable';
    // The last bytes of nothing are all there is of it, and no Content-Range can say so.
    return byteSize === 0 ? 'whole' : { start: Math.max(0, byteSize - suffix), end: byteSize - 1 };
  }
  const start = Number(first);
  const end = last === '' ? byteSize - 1 : Math.min(Number(last), byteSize - 1);
  // "An int-range is invalid if the last-pos value is present and less than first-pos"; such a header is ignored.
  if (last !== '' && Number(last) < start) return 'whole';
  return start >= byteSize ? 'unsatisfiable' : { start, end };
}
