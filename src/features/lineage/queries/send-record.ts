import { securityHeaders } from '#http/reply.ts';
import type { HttpContext } from '#http/route.ts';
import { fromHex, toBase64 } from '#kit/bytes.ts';
import type { RunLine } from '../record/run-line.ts';

interface Sent {
  bytes: Uint8Array<ArrayBuffer>;
  sha256: string;
  /** A record never changes; a question whose answer does is asked again each time. */
  forever: boolean;
  headers?: Record<string, string>;
}

/** What `sendImmutable` answers, for the reference. */
export const immutableResponses = {
  200: {
    description: 'The exact bytes that were kept',
    mediaType: 'application/json',
    headers: { ETag: 'SHA-256 of the record', 'Repr-Digest': 'The same, as RFC 9530 has it' },
  },
  304: { description: 'The caller has it' },
} as const;

/** The exact bytes, or 304 for who has them. */
export function sendImmutable(c: HttpContext, { bytes, forever, headers, sha256 }: Sent): Response {
  const etag = `"${sha256}"`;
  const common = {
    ...securityHeaders,
    ETag: etag,
    'Cache-Control': forever ? 'private, max-age=31536000, immutable' : 'private, no-cache',
    ...headers,
  };
  if (hasIt(c.req.header('if-none-match'), etag)) return new Response(null, { status: 304, headers: common });
  return new Response(bytes, {
    headers: {
      ...common,
      'Content-Type': 'application/json; charset=utf-8',
      'Content-Length': String(bytes.length),
      'Repr-Digest': `sha-256=:${toBase64(fromHex(sha256) ?? new Uint8Array())}:`,
    },
  });
}

function hasIt(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((one) => ['*', etag].includes(one.trim().replace(/^W\//, '')));
}

export function recordHeaders(line: RunLine): Record<string, string> {
  return { 'Last-Modified': new Date(line.received_at).toUTCString() };
}
