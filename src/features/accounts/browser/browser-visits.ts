import type { BrowserIdentifier, Caller } from '#http/caller.ts';
import type { HttpContext } from '#http/route.ts';
import { isSameOrigin } from '#http/same-origin.ts';
import { Problem } from '#kit/errors.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { sessionIdentifier } from '../identify-session.ts';
import { readCookie } from './cookies.ts';
import { csrfToken, isCsrfToken } from './tokens.ts';

export interface BrowserVisit {
  caller: Caller;
  /** For every form and script of the page: the field `csrf_token`, or the header X-CSRF-Token. */
  csrfToken: string;
}

export interface BrowserVisits extends BrowserIdentifier {
  /** Who looks at a page; undefined for whoever must sign in. Throws setup_required while no administrator exists. */
  visit(c: HttpContext): Promise<BrowserVisit | undefined>;
  /** Whether `POST /v1/auth/refresh` may help a browser whose session is over. The cookie is there; whether it is good is not asked. */
  mayRefresh(c: HttpContext): boolean;
  /** For a form that a page of ours posted: the visit, undefined where the session is over. Throws csrf_failed. */
  act(c: HttpContext, csrfToken: string | undefined): Promise<BrowserVisit | undefined>;
}

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Knows callers by the session cookie of their browser. With a cookie, whatever changes something must come from a page of ours. */
export function browserVisits(deps: { metadata: Metadata }): BrowserVisits {
  const identifier = sessionIdentifier(deps, 'browser');
  const cookieHeader = (c: HttpContext) => c.env.incoming.headers.cookie;
  const visit = async (c: HttpContext): Promise<BrowserVisit | undefined> => {
    const session = readCookie(cookieHeader(c), 'session');
    const caller = await identifier.identify(session);
    return session === undefined || caller === undefined ? undefined : { caller, csrfToken: csrfToken(session) };
  };
  const act = async (c: HttpContext, presented: string | undefined): Promise<BrowserVisit | undefined> => {
    const found = await visit(c);
    if (found === undefined) return undefined;
    const session = readCookie(cookieHeader(c), 'session') ?? '';
    if (!isSameOrigin(c.env.incoming) || !isCsrfToken(presented, session)) throw new Problem('csrf_failed');
    return found;
  };
  return {
    visit,
    act,
    mayRefresh: (c) => readCookie(cookieHeader(c), 'refresh') !== undefined,
    identify: async (c) => {
      if (safeMethods.has(c.req.method)) return (await visit(c))?.caller;
      return (await act(c, c.req.header('x-csrf-token')))?.caller;
    },
  };
}
