import type { HttpContext } from '#http/route.ts';

/** What a browser keeps for us: its session, what renews it, and what tells it from a stranger who guesses. */
export type BrowserCookie = 'session' | 'refresh' | 'device';

/** With the prefix a browser takes the cookie from https, or its own machine, alone, and for this one host and no neighbour of it. */
const nameOf = (cookie: BrowserCookie) => `__Host-proofline_${cookie}`;

export function readCookie(header: string | undefined, cookie: BrowserCookie): string | undefined {
  const wanted = `${nameOf(cookie)}=`;
  const pair = header?.split(';').find((part) => part.trim().startsWith(wanted));
  const value = pair?.trim().slice(wanted.length);
  return value !== undefined && /^[A-Za-z0-9_-]{22,64}\.[A-Za-z0-9_-]{43}$/.test(value) ? value : undefined;
}

/** An age of 0 removes it. Milliseconds. */
export function cookieOf(cookie: BrowserCookie, value: string, maxAgeMs: number): string {
  const seconds = Math.max(0, Math.floor(maxAgeMs / 1000));
  return `${nameOf(cookie)}=${value}; Path=/; HttpOnly; Secure; SameSite=Strict; Max-Age=${seconds}`;
}

/** For an answer after which the browser is signed out. */
export const signedOutCookies: readonly string[] = [cookieOf('session', '', 0), cookieOf('refresh', '', 0)];

/** Takes the cookies away from a browser that came with them; a token's holder may have others' in the same browser. */
export function signedOut(c: HttpContext, response: Response): Response {
  return c.env.incoming.headers.authorization === undefined ? withCookies(response, signedOutCookies) : response;
}

export function withCookies(response: Response, cookies: readonly string[]): Response {
  for (const cookie of cookies) response.headers.append('Set-Cookie', cookie);
  return response;
}
