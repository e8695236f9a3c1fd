import type { BrowserVisit, BrowserVisits } from '#features/accounts/index.ts';
import type { Caller } from '#http/caller.ts';
import { type Arrival, type PageAnswer, pageRoutes } from '#http/pages/page-routes.ts';
import type { StaticFiles } from '#http/pages/static-files.ts';
import type { Peers } from '#http/peers.ts';
import type { RateClass } from '#http/rate-limits.ts';
import { readForm } from '#http/read-form.ts';
import * as reply from '#http/reply.ts';
import type { Route } from '#http/route.ts';
import { isSameOrigin } from '#http/same-origin.ts';
import { isProblem, Problem } from '#kit/errors.ts';
import { type Quota, quotaAnswer } from './answers.ts';
import type { Api } from './api.ts';
import { noticePage, renewPage } from './notice.pages.ts';

/** One by somebody who is signed in. */
export interface Visit extends Arrival {
  caller: Caller;
  /** For every form on the page. */
  token: string;
  files: StaticFiles;
  quota: Quota;
}

/** The only way to a page of the vault: none of them can forget who asks, or from where. */
export interface Gate {
  /** A page for who is signed in; others are sent to the sign-in. */
  page(path: string, summary: string, handle: (visit: Visit) => PageAnswer): Route;
  /** What a form of such a page does. */
  act(path: string, summary: string, handle: (visit: Visit, form: URLSearchParams) => PageAnswer): Route;
  /** As `act`, for a form with a file: whoever handles it reads the body, so its token stands in the address that it is posted to. */
  upload(path: string, summary: string, handle: (visit: Visit) => PageAnswer): Route;
  /** For anyone: the sign-in. */
  open(path: string, summary: string, handle: (arrival: Arrival) => PageAnswer): Route;
  /** What its form does, from a page of this server alone. */
  openAct(
    path: string,
    summary: string,
    limit: RateClass,
    handle: (arrival: Arrival, form: URLSearchParams) => PageAnswer,
  ): Route;
}

export interface GateDeps {
  visits: BrowserVisits;
  files: StaticFiles;
  peers: Peers;
  api: Api;
}

export function openGate({ visits, files, peers, api }: GateDeps): Gate {
  const pageRoute = pageRoutes('Vault pages', peers, (problem) => noticePage(files, problem));
  const make = (
    method: 'GET' | 'POST',
    limit: RateClass,
    path: string,
    summary: string,
    handle: (arrival: Arrival) => PageAnswer,
  ): Route => pageRoute({ method, limit, path, summary, handle });

  /** Where the session is over and something can renew it, the page that does; else the sign-in. */
  const signInFirst = async ({ c }: Arrival): Promise<Response> => {
    const { pathname, search } = new URL(c.req.url);
    const back = c.req.method === 'GET' ? `${pathname}${search}` : '/documents';
    if (visits.mayRefresh(c)) return reply.page(401, await renewPage(files, back));
    return reply.seeOther(
      back === '/documents' ? '/documents/sign-in' : `/documents/sign-in?${new URLSearchParams({ back })}`,
    );
  };

  const visitOf = async (arrival: Arrival, { caller, csrfToken }: BrowserVisit): Promise<Visit> => {
    const quota = await api.read({ c: arrival.c, caller }, '/v1/quota', quotaAnswer);
    return { ...arrival, caller, token: csrfToken, files, quota };
  };

  return {
    page: (path, summary, handle) =>
      make('GET', 'document_read', path, summary, async (arrival) => {
        const found = await visits.visit(arrival.c);
        if (found === undefined) return await signInFirst(arrival);
        return await handle(await visitOf(arrival, found));
      }),
    act: (path, summary, handle) =>
      make('POST', 'document_write', path, summary, async (arrival) => {
        const form = await readForm(arrival.c.env.incoming);
        const found = await visits.act(arrival.c, form.get('csrf_token') ?? undefined);
        if (found === undefined) return await signInFirst(arrival);
        return await handle(await visitOf(arrival, found), form);
      }),
    upload: (path, summary, handle) =>
      make('POST', 'document_upload', path, summary, async (arrival) => {
        const found = await visits.act(arrival.c, arrival.query.get('csrf_token') ?? undefined);
        return found === undefined ? await signInFirst(arrival) : await handle(await visitOf(arrival, found));
      }),
    open: (path, summary, handle) => make('GET', 'document_read', path, summary, handle),
    openAct: (path, summary, limit, handle) =>
      make('POST', limit, path, summary, async (arrival) => {
        if (!isSameOrigin(arrival.c.env.incoming)) throw new Problem('csrf_failed');
        return await handle(arrival, await readForm(arrival.c.env.incoming));
      }),
  };
}

/** Back to where somebody was, with a word of what happened; never to another site. */
export function backTo(form: URLSearchParams, otherwise: string, done?: string): Response {
  const back = ownPath(form.get('back'), otherwise);
  const url = new URL(back, 'http://here');
  url.searchParams.delete('done');
  if (done !== undefined) url.searchParams.set('done', done);
  return reply.seeOther(`${url.pathname}${url.search}`);
}

/** A path of these pages, or the other one. */
export function ownPath(path: string | null | undefined, otherwise: string): string {
  return path != null && /^\/documents(?:[/?][^\\\s]*)?$/.test(path) ? path : otherwise;
}

/** What is wrong with what somebody typed, by its code; anything else is thrown again. */
export function wordsFor(error: unknown, codes: readonly string[]): string {
  if (isProblem(error) && codes.includes(error.code)) return error.message;
  throw error;
}
