import type { HttpContext } from '#http/route.ts';
import { isProblem } from '#kit/errors.ts';
import { timestamp } from '#kit/time.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { sendContent } from '../content/send-content.ts';
import type { VerifiedRanges } from '../content/verified-ranges.ts';
import { documentTag } from '../documents.json.ts';
import { versionOf } from '../documents.store.ts';
import { downloadTag, isDownloadTag } from './link-signature.ts';
import { isUsedUp, type LinkRow, linkedDocument } from './links.store.ts';
import { countDownloadTransaction } from './links.transactions.ts';
import { refusedVisit, visitEntry } from './open-link.ts';

/**
 * A document by a link. Every GET is one download and counted before its first byte, but for the continuation of a counted one: a range
 * that does not begin at 0, with the ETag of that download in If-Range. HEAD counts nothing. Throws share_invalid, and what sendContent
 * throws.
 */
export async function sendLinked(
  c: HttpContext,
  { metadata, ranges }: { metadata: Metadata; ranges: VerifiedRanges },
  link: LinkRow,
  documentId: string,
  nowMs: number,
): Promise<Response> {
  const { read } = metadata;
  const document = await linkedDocument(read, link, documentId);
  const version = document === undefined ? undefined : await versionOf(read, document.id, document.version);
  if (document === undefined || version === undefined) throw await refusedVisit(metadata, link, 'not shared', nowMs);
  const sent = { name: document.name, version };
  const given = c.req.header('if-range')?.trim();
  const goesOn = isDownloadTag(link, document.id, version.version, given, nowMs);
  if (isUsedUp(link) && !(goesOn && c.req.method === 'GET')) throw await refusedVisit(metadata, link, 'used up', nowMs);
  if (c.req.method === 'HEAD')
    return await sendContent(c, ranges, { ...sent, tag: documentTag(version.version), record: async () => undefined });
  return await sendContent(c, ranges, {
    ...sent,
    tag: goesOn ? given : downloadTag(link, document.id, version.version, nowMs),
    record: async (range) => {
      if (goesOn && range !== undefined && range.start > 0) return;
      const detail = `version ${version.version} by ${link.id}`;
      const audit = visitEntry(link, { action: 'document.read', detail, documentId: document.id }, nowMs);
      await metadata
        .write(countDownloadTransaction, { shareId: link.id, at: timestamp(nowMs), audit })
        .catch(async (error: unknown) => {
          throw isProblem(error, 'share_invalid') ? await refusedVisit(metadata, link, 'used up', nowMs) : error;
        });
    },
  });
}
