import { z } from 'zod';
import { freeText } from '#http/check.ts';
import type { Peers } from '#http/peers.ts';
import * as reply from '#http/reply.ts';
import { type Route, route } from '#http/route.ts';
import { asksLoopback, isSameOrigin } from '#http/same-origin.ts';
import { Problem } from '#kit/errors.ts';
import { accountJson, accountShape } from '../accounts.json.ts';
import type { SignInDeps } from '../check-credentials.ts';
import { readCookie, signedOutCookies, withCookies } from './cookies.ts';
import { refreshSession } from './refresh-session.ts';
import { type BrowserTtls, type SignedInBrowser, signInBrowser } from './sign-in-browser.ts';

const time = z.iso.datetime();

const browserSessionShape = z
  .object({
    session_id: z.string(),
    account: accountShape,
    csrf_token: z.string().describe('For the header X-CSRF-Token. The same from sign-in to sign-out'),
    expires_at: time.describe('Before then, refresh'),
    sign_in_expires_at: time.describe('After this, sign in again'),
  })
  .meta({ id: 'BrowserSession' });

function answer(status: number, signedIn: SignedInBrowser): Response {
  const body: z.output<typeof browserSessionShape> = {
    session_id: signedIn.sessionId,
    account: accountJson(signedIn.account),
    csrf_token: signedIn.csrfToken,
    expires_at: signedIn.expiresAt,
    sign_in_expires_at: signedIn.signInExpiresAt,
  };
  return withCookies(reply.json(status, body), signedIn.cookies);
}

/** How the pages of a browser sign in: by cookies that no script can read. */
export function browserRoutes(deps: SignInDeps & { peers: Peers }, ttls: BrowserTtls): Route[] {
  const tag = 'Accounts';
  return [
    route({
      method: 'POST',
      path: '/v1/auth/browser/login',
      summary: 'Sign in with a browser',
      description:
        'For pages of this server alone. Sets two cookies that no script can read: a short session, and what renews it. With them every ' +
        'method but GET, HEAD and OPTIONS needs the header X-CSRF-Token.',
      tag,
      access: 'anyone',
      limit: 'auth',
      json: z.strictObject({ username: freeText(256), password: z.string().max(1024) }),
      responses: {
        201: {
          description: 'Signed in',
          json: browserSessionShape,
          headers: { 'Set-Cookie': 'The session, and what renews it' },
        },
      },
      errors: ['invalid_credentials', 'csrf_failed', 'https_required', 'setup_required'],
      handle: async ({ c, json }) => {
        const { incoming } = c.env;
        if (!isSameOrigin(incoming)) throw new Problem('csrf_failed');
        if (!deps.peers.cameByHttps(incoming) && !asksLoopback(incoming)) throw new Problem('https_required');
        const deviceToken = readCookie(incoming.headers.cookie, 'device');
        const refreshToken = readCookie(incoming.headers.cookie, 'refresh');
        return answer(201, await signInBrowser(deps, { ...json, deviceToken, refreshToken }, ttls));
      },
    }),
    route({
      method: 'POST',
      path: '/v1/auth/refresh',
      summary: "Renew a browser's session",
      description:
        'By the refresh cookie, which is exchanged. One that was used before ends every session that came of the same sign-in, but for ' +
        'a few seconds in which tabs that come at once get the same answer. Needs no X-CSRF-Token; it is where a page gets one.',
      tag,
      access: 'anyone',
      limit: 'refresh',
      responses: {
        200: {
          description: 'Renewed',
          json: browserSessionShape,
          headers: { 'Set-Cookie': 'The new session, and what renews it' },
        },
      },
      errors: ['authentication_required', 'csrf_failed'],
      handle: async ({ c }) => {
        const { incoming } = c.env;
        if (!isSameOrigin(incoming)) throw new Problem('csrf_failed');
        const presented = readCookie(incoming.headers.cookie, 'refresh');
        const renewed = presented === undefined ? undefined : await refreshSession(deps, presented, ttls);
        if (renewed !== undefined) return answer(200, renewed);
        return withCookies(reply.problem(new Problem('authentication_required')), signedOutCookies);
      },
    }),
  ];
}
