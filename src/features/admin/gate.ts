import type { Caller, CallerIdentifier } from '#http/caller.ts';
import { type Arrival, type PageAnswer, pageRoutes } from '#http/pages/page-routes.ts';
import type { StaticFiles } from '#http/pages/static-files.ts';
import type { Peers } from '#http/peers.ts';
import type { RateClass } from '#http/rate-limits.ts';
import { type Form, readForm } from '#http/read-form.ts';
import * as reply from '#http/reply.ts';
import type { Route } from '#http/route.ts';
import { isSameOrigin } from '#http/same-origin.ts';
import { isProblem, Problem } from '#kit/errors.ts';
import { readCookie } from './cookies.ts';
import { formToken, isFormToken } from './form-token.ts';
import { noticePage } from './frame.pages.ts';

/** One by an administrator who is signed in. */
export interface Visit extends Arrival {
  admin: Caller;
  /** For every form on the page. */
  token: string;
  files: StaticFiles;
}

/** The only way to a route of the admin pages: none of them can forget who asks, or from where. */
export interface Gate {
  /** A page for administrators; others are sent to the sign-in. */
  page(path: string, summary: string, handle: (visit: Visit) => PageAnswer): Route;
  /** What a form of such a page does. */
  act(path: string, summary: string, handle: (visit: Visit, form: Form) => PageAnswer): Route;
  /** For anyone: the pages before the sign-in. */
  open(path: string, summary: string, handle: (arrival: Arrival) => PageAnswer): Route;
  /** What their forms do; they are bound to the browser by its form cookie. */
  openAct(path: string, summary: string, handle: (arrival: Arrival, form: Form) => PageAnswer): Route;
}

export function openGate(deps: { identifier: CallerIdentifier; peers: Peers; files: StaticFiles }): Gate {
  const { identifier, peers, files } = deps;
  const pageRoute = pageRoutes('Admin pages', peers, (problem) => noticePage(files, problem));
  const make = (
    method: 'GET' | 'POST',
    limit: RateClass,
    path: string,
    summary: string,
    handle: (arrival: Arrival) => PageAnswer,
  ): Route => pageRoute({ method, limit, path, summary, handle });

  const visitOf = async (arrival: Arrival): Promise<Visit | undefined> => {
    const session = readCookie(arrival.c.env.incoming.headers.cookie, 'session', arrival.secure);
    const admin = await identifier.identify(session);
    if (session === undefined || admin?.role !== 'admin') return undefined;
    return { ...arrival, admin, token: formToken(session), files };
  };
  const signInFirst = (error: unknown): Response => {
    if (isProblem(error, 'setup_required')) return reply.seeOther('/admin/bootstrap');
    throw error;
  };
  /** Throws forbidden unless the form was written by us for this very browser. */
  const checkedForm = async ({ c, secure }: Arrival, name: 'session' | 'form'): Promise<Form> => {
    if (!isSameOrigin(c.env.incoming)) throw new Problem('forbidden');
    const form = await readForm(c.env.incoming);
    const bound = readCookie(c.env.incoming.headers.cookie, name, secure);
    if (bound === undefined || !isFormToken(form.get('form_token'), bound)) throw new Problem('forbidden');
    return form;
  };

  return {
    page: (path, summary, handle) =>
      make('GET', 'admin', path, summary, async (arrival) => {
        try {
          const visit = await visitOf(arrival);
          return visit === undefined ? reply.seeOther('/admin/login') : await handle(visit);
        } catch (error) {
          return signInFirst(error);
        }
      }),
    act: (path, summary, handle) =>
      make('POST', 'admin', path, summary, async (arrival) => {
        const form = await checkedForm(arrival, 'session');
        const visit = await visitOf(arrival);
        return visit === undefined ? reply.seeOther('/admin/login?ended=1') : await handle(visit, form);
      }),
    open: (path, summary, handle) => make('GET', 'auth', path, summary, handle),
    openAct: (path, summary, handle) =>
      make('POST', 'auth', path, summary, async (arrival) => handle(arrival, await checkedForm(arrival, 'form'))),
  };
}
