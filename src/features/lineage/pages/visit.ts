import * as reply from '#http/reply.ts';
import { type HttpContext, type Route, route } from '#http/route.ts';
import { statusOf } from '#http/status.ts';
import { isProblem } from '#kit/errors.ts';
import { type ActDraft, asCaller } from '../authorise.ts';
import type { LineageCaller } from '../identity/identity.ts';
import type { LineageDeps } from '../lineage-deps.ts';
import { cookieToken, withCookieToken } from './cookie.ts';
import { noticePage } from './frame.pages.ts';

/** A request for a page by somebody who may read. */
export interface Visit {
  c: HttpContext;
  caller: LineageCaller;
  /** For the audit. */
  act: ActDraft;
  query: URLSearchParams;
  param: (name: string) => string;
  /** By a token in a cookie. */
  signedIn: boolean;
}

interface PageRoute {
  deps: LineageDeps;
  path: string;
  summary: string;
}

/** Whoever is not known is sent to the sign-in, and comes back from there. */
export function visitRoute({ deps, path, summary }: PageRoute, answer: (visit: Visit) => Promise<Response>): Route {
  return route({
    method: 'GET',
    path,
    summary,
    tag: 'Lineage pages',
    access: 'anyone',
    limit: 'lineage_read',
    responses: { 200: { description: 'A page', mediaType: 'text/html' } },
    errors: [],
    hidden: true,
    refusal: (problem, headers) => reply.page(statusOf(problem.kind), noticePage(problem), headers),
    handle: async ({ c, param }) => {
      const { headers } = c.req.raw;
      const url = new URL(c.req.url);
      try {
        return await asCaller({ deps, c, action: 'read', headers: withCookieToken(headers) }, (caller, act) =>
          answer({ c, caller, act, param, query: url.searchParams, signedIn: cookieToken(headers) !== undefined }),
        );
      } catch (error) {
        if (!isProblem(error, 'authentication_required')) throw error;
        return reply.seeOther(`/lineage/sign-in?back=${encodeURIComponent(url.pathname + url.search)}`);
      }
    },
  });
}
