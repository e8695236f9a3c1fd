import * as reply from '#http/reply.ts';
import { type Route, route } from '#http/route.ts';
import { statusOf } from '#http/status.ts';
import { isProblem, Problem } from '#kit/errors.ts';
import type { LineageDeps } from '../lineage-deps.ts';
import { isOwnForm, noCookie, tokenCookie } from './cookie.ts';
import { noticePage } from './frame.pages.ts';
import { lineageStyle } from './lineage.style.ts';
import { signInPage } from './sign-in.pages.ts';

const maxFormBytes = 16 * 1024;

const common = {
  tag: 'Lineage pages',
  access: 'anyone',
  responses: { 200: { description: 'A page', mediaType: 'text/html' } },
  errors: [],
  hidden: true,
  refusal: (problem: Problem, headers: Record<string, string>) =>
    reply.page(statusOf(problem.kind), noticePage(problem), headers),
} as const;

export function signInRoutes({ audit, identity }: LineageDeps, { secure }: { secure: boolean }): Route[] {
  return [
    route({
      ...common,
      method: 'GET',
      path: '/lineage/style.css',
      summary: 'Style of the pages',
      limit: 'viewer_static',
      handle: () =>
        reply.text(200, lineageStyle, 'text/css; charset=utf-8', { 'Cache-Control': 'public, max-age=300' }),
    }),
    route({
      ...common,
      method: 'GET',
      path: '/lineage/sign-in',
      summary: 'Sign in',
      limit: 'auth',
      handle: ({ c }) => reply.page(200, signInPage(ownPath(c.req.query('back')), false)),
    }),
    route({
      ...common,
      method: 'POST',
      path: '/lineage/sign-in',
      summary: 'Sign in',
      limit: 'auth',
      handle: async ({ body, c }) => {
        if (!isOwnForm(c.req.raw.headers)) throw new Problem('forbidden');
        const form = new URLSearchParams(new TextDecoder().decode(await body(maxFormBytes)));
        const [token, back] = [(form.get('token') ?? '').trim(), ownPath(form.get('back') ?? undefined)];
        try {
          // No header may hold what no token has.
          if (!/^[\x21-\x7e]{1,8192}$/.test(token)) throw new Problem('authentication_required');
          const { subject } = await identity.identify(new Headers({ authorization: `Bearer ${token}` }));
          audit({ action: 'read', subject, outcome: 'signed_in' });
          return reply.seeOther(back, { 'Set-Cookie': tokenCookie(token, secure) });
        } catch (error) {
          if (!isProblem(error, 'authentication_required')) throw error;
          audit({ action: 'read', subject: 'unknown', outcome: error.code });
          return reply.page(401, signInPage(back, true));
        }
      },
    }),
    route({
      ...common,
      method: 'POST',
      path: '/lineage/sign-out',
      summary: 'Sign out',
      limit: 'auth',
      handle: ({ c }) => {
        if (!isOwnForm(c.req.raw.headers)) throw new Problem('forbidden');
        return reply.seeOther('/lineage/sign-in', { 'Set-Cookie': noCookie(secure) });
      },
    }),
  ];
}

/** Nowhere but to these pages: a link must not lead a reader who signs in elsewhere. */
function ownPath(back: string | undefined): string {
  return back !== undefined && /^\/lineage(?:[/?][^\\\s]*)?$/.test(back) ? back : '/lineage';
}
