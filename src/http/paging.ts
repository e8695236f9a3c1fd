import { z } from 'zod';
import { fromBase64Url, toBase64Url } from '#kit/bytes.ts';
import { Problem } from '#kit/errors.ts';

/** Query of every listing: `limit` items a page, `cursor` as the page before returned it. */
export const pageQuery = z.object({
  cursor: z.string().max(200).optional().describe('`next_cursor` of the page before'),
  limit: z.coerce.number().int().min(1).max(500).default(100).describe('Items on a page'),
});

/** A cursor is the last id of the page, wrapped so that clients do not come to rely on its inside. */
export function encodeCursor(lastId: string): string {
  return toBase64Url(new TextEncoder().encode(`1:${lastId}`));
}

export function decodeCursor(cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined;
  const text = new TextDecoder().decode(fromBase64Url(cursor));
  if (!/^1:[A-Za-z0-9_-]{1,80}$/.test(text)) throw new Problem('invalid_cursor');
  return text.slice(2);
}

/** Cuts a query result of up to limit + 1 rows into a page and, when there is more, the cursor of the next. */
export function pageOf<Row extends { id: string }>(rows: Row[], limit: number): { rows: Row[]; next_cursor?: string } {
  const last = rows[limit - 1];
  return rows.length > limit && last !== undefined
    ? { rows: rows.slice(0, limit), next_cursor: encodeCursor(last.id) }
    : { rows };
}
