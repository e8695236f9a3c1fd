import type { Problem } from '#kit/errors.ts';
import type { Peers } from '../peers.ts';
import type { RateClass } from '../rate-limits.ts';
import * as reply from '../reply.ts';
import { type HttpContext, type Route, route } from '../route.ts';
import { statusOf } from '../status.ts';
import type { Markup } from './moment.ts';

/** A request as every page for people gets it. */
export interface Arrival {
  c: HttpContext;
  /** Did the browser come by https? */
  secure: boolean;
  nowMs: number;
  query: URLSearchParams;
  param: (name: string) => string;
}

export type PageAnswer = Response | Promise<Response>;

export interface PageRoute {
  method: 'GET' | 'POST';
  limit: RateClass;
  path: string;
  summary: string;
  handle: (arrival: Arrival) => PageAnswer;
}

/** Makes the routes of a set of pages: kept out of the API's reference, and what is refused is said by a page. */
export function pageRoutes(
  tag: string,
  peers: Peers,
  notice: (problem: Problem) => Markup,
): (page: PageRoute) => Route {
  return ({ handle, ...page }) =>
    route({
      ...page,
      tag,
      access: 'anyone',
      responses: { 200: { description: 'A page', mediaType: 'text/html' } },
      errors: [],
      hidden: true,
      refusal: async (problem, headers) =>
        reply.page(statusOf(problem.kind), await notice(problem), { ...reply.retryHeader(problem), ...headers }),
      handle: ({ c, param }) =>
        handle({
          c,
          param,
          nowMs: Date.now(),
          secure: peers.cameByHttps(c.env.incoming),
          query: new URL(c.req.url).searchParams,
        }),
    });
}
