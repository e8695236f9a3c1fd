import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { attachment } from '#http/attachment.ts';
import { wantedRange } from '#http/byte-range.ts';
import { tagMatches, tagMatchesWeakly } from '#http/entity-tag.ts';
import * as reply from '#http/reply.ts';
import type { HttpContext } from '#http/route.ts';
import { writeWithBackPressure } from '#http/write-stream.ts';
import { Problem } from '#kit/errors.ts';
import type { BlobRange } from '#platform/blobs/blob-store.ts';
import { documentTag } from '../documents.json.ts';
import type { VersionRow } from '../documents.store.ts';
import type { VerifiedRanges } from './verified-ranges.ts';

export interface SentContent {
  name: string;
  version: VersionRow;
  /** In place of the version's, where each download has one of its own. */
  tag?: string;
  /** Puts the reading on the audit log: durable before the first byte goes out. */
  record: (range: BlobRange | undefined) => Promise<void>;
}

/**
 * A version as an attachment, whole or in part, by the rules of RFC 9110 for conditions (13.2.2) and ranges (14.2). HEAD sends the same
 * headers and reads nothing. Throws version_conflict for an If-Match that fails, and what verified ranges throw.
 */
export async function sendContent(
  c: HttpContext,
  ranges: VerifiedRanges,
  { name, version, tag = documentTag(version.version), record }: SentContent,
): Promise<Response> {
  const ifMatch = c.req.header('if-match');
  if (ifMatch !== undefined && !tagMatches(ifMatch, tag)) throw new Problem('version_conflict');
  const ifNoneMatch = c.req.header('if-none-match');
  if (ifNoneMatch !== undefined && tagMatchesWeakly(ifNoneMatch, tag))
    return new Response(null, { status: 304, headers: reply.streamHeaders({ ETag: tag }) });

  const byteSize = version.byte_size;
  const isHead = c.req.method === 'HEAD';
  const wanted = isHead ? 'whole' : wantedRange(rangeHeader(c, tag), byteSize);
  if (wanted === 'unsatisfiable')
    return reply.problem(new Problem('range_not_satisfiable'), { 'Content-Range': `bytes */${byteSize}` });
  const range = wanted === 'whole' ? undefined : wanted;
  const headers = reply.streamHeaders({
    'Content-Type': 'application/octet-stream',
    'Content-Disposition': attachment(name),
    'Accept-Ranges': 'bytes',
    ETag: tag,
    'Content-Length': String(range === undefined ? byteSize : range.end - range.start + 1),
    ...(range === undefined ? {} : { 'Content-Range': `bytes ${range.start}-${range.end}/${byteSize}` }),
  });
  // Hono answers HEAD with a copy of what GET returns, which would not be known as sent already.
  if (isHead) return new Response(null, { headers });
  const { outgoing } = c.env;
  const pieces = await ranges.open(version, range ?? { start: 0, end: byteSize - 1 });
  try {
    await record(range);
  } catch (error) {
    await pieces.return();
    throw error;
  }
  outgoing.writeHead(range === undefined ? 200 : 206, headers);
  await writeWithBackPressure(outgoing, pieces);
  outgoing.end();
  return RESPONSE_ALREADY_SENT;
}

/** Ignored unless what If-Range names is what stands: a date never is, as nothing here is dated. */
function rangeHeader(c: HttpContext, tag: string): string | undefined {
  const ifRange = c.req.header('if-range');
  return ifRange === undefined || ifRange.trim() === tag ? c.req.header('range') : undefined;
}
