import type { Problem } from '#kit/errors.ts';
import { statusOf } from './status.ts';

/** On every response. Pages loosen the content policy for their own style and script and nothing else. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'X-Frame-Options': 'DENY',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'Permissions-Policy': 'camera=(), microphone=(), geolocation=()',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

/** Of every page. One that needs more adds it for itself. */
export const pagePolicy =
  "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

type Headers = Record<string, string>;

function headersOf(extra: Headers): Headers {
  return { ...securityHeaders, ...extra };
}

/** JSON, never cached: almost every answer is about one account or carries a token. */
export function json(status: number, value: unknown, headers: Headers = {}): Response {
  return jsonText(status, JSON.stringify(value), headers);
}

/** JSON that was written already, where its bytes matter. */
export function jsonText(status: number, body: string, headers: Headers = {}): Response {
  return new Response(body, {
    status,
    headers: headersOf({ 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store', ...headers }),
  });
}

export function noContent(headers: Headers = {}): Response {
  return empty(204, headers);
}

/** An answer whose headers say everything. */
export function empty(status: number, headers: Headers = {}): Response {
  return new Response(null, { status, headers: headersOf({ 'Cache-Control': 'no-store', ...headers }) });
}

export function page(status: number, markup: { toString(): string }, headers: Headers = {}): Response {
  return new Response(markup.toString(), {
    status,
    headers: headersOf({
      'Content-Type': 'text/html; charset=utf-8',
      'Cache-Control': 'no-store',
      'Content-Security-Policy': pagePolicy,
      ...headers,
    }),
  });
}

/** After a form was accepted: the browser fetches the next page with GET. */
export function seeOther(location: string, headers: Headers = {}): Response {
  return new Response(null, {
    status: 303,
    headers: headersOf({ Location: location, 'Cache-Control': 'no-store', ...headers }),
  });
}

export function text(status: number, body: string, contentType: string, headers: Headers = {}): Response {
  return new Response(body, { status, headers: headersOf({ 'Content-Type': contentType, ...headers }) });
}

export function problemBody(problem: Problem): Record<string, unknown> {
  return { error: { code: problem.code, message: problem.message }, ...problem.body };
}

export function problem(error: Problem, headers: Headers = {}): Response {
  return json(statusOf(error.kind), problemBody(error), { ...retryHeader(error), ...headers });
}

/** `Retry-After`, where trying again makes sense. */
export function retryHeader(error: Problem): Headers {
  return error.retryAfterSeconds === undefined ? {} : { 'Retry-After': String(error.retryAfterSeconds) };
}

/** Headers for a body that is streamed to the raw response, with the same protections. */
export function streamHeaders(extra: Headers): Headers {
  return headersOf({ 'Cache-Control': 'no-store', ...extra });
}
