import { type AccountConfig, administratorExists, closeSessionTransaction, logIn } from '#features/accounts/index.ts';
import { auditEntry } from '#features/audit/index.ts';
import type { Arrival } from '#http/pages/page-routes.ts';
import type { StaticFiles } from '#http/pages/static-files.ts';
import type { RateLimiter } from '#http/rate-limits.ts';
import { textOf } from '#http/read-form.ts';
import * as reply from '#http/reply.ts';
import type { Route } from '#http/route.ts';
import { isProblem } from '#kit/errors.ts';
import { timestamp } from '#kit/time.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { newSecret } from '#platform/process/secrets.ts';
import { cookie, readCookie } from '../cookies.ts';
import { formToken } from '../form-token.ts';
import type { Gate } from '../gate.ts';
import { signInPage } from './sign-in.pages.ts';

export function signInRoutes(
  deps: { metadata: Metadata; limiter: RateLimiter; gate: Gate; files: StaticFiles },
  config: Pick<AccountConfig, 'adminSessionTtlMs'>,
): Route[] {
  const { metadata, gate, files } = deps;
  return [
    gate.page('/admin', 'To the overview or the sign-in', () => reply.seeOther('/admin/overview')),
    gate.open('/admin/login', 'Sign in', async (arrival) => {
      if (!(await administratorExists(metadata.read))) return reply.seeOther('/admin/bootstrap');
      const form = formCookie(arrival);
      const ended = arrival.query.has('ended') ? 'Your sign-in has ended. Nothing was changed.' : undefined;
      return reply.page(200, await signInPage(files, { token: form.token, notice: ended }), form.headers);
    }),
    gate.openAct('/admin/login', 'Sign in', async (arrival, form) => {
      const username = textOf(form, 'username');
      try {
        return await signedIn(deps, config, arrival, { username, password: form.get('password') ?? '' });
      } catch (error) {
        if (isProblem(error, 'setup_required')) return reply.seeOther('/admin/bootstrap');
        if (!isProblem(error, 'invalid_credentials')) throw error;
        const again = formCookie(arrival);
        const page = signInPage(files, { token: again.token, username, wrong: true });
        return reply.page(401, await page, again.headers);
      }
    }),
    gate.act('/admin/logout', 'Sign out', async ({ admin, secure }) => {
      await metadata.write(closeSessionTransaction, {
        sessionId: admin.sessionId,
        at: timestamp(Date.now()),
        audit: auditEntry({
          actor: 'account',
          actorAccountId: admin.accountId,
          action: 'admin.sign_out',
          subjectType: 'session',
          subjectId: admin.sessionId,
        }),
      });
      return reply.seeOther('/admin/login', { 'Set-Cookie': cookie('session', '', { secure, maxAge: 0 }) });
    }),
  ];
}

/** Opens a session and sends the browser on with its cookie. Throws invalid_credentials, setup_required. */
export async function signedIn(
  deps: { metadata: Metadata; limiter: RateLimiter },
  config: Pick<AccountConfig, 'adminSessionTtlMs'>,
  { secure }: Arrival,
  credentials: { username: string; password: string },
): Promise<Response> {
  const ttlMs = config.adminSessionTtlMs;
  const session = await logIn(deps, { ...credentials, kind: 'admin_page', ttlMs });
  const maxAge = Math.floor(ttlMs / 1000);
  return reply.seeOther('/admin/overview', { 'Set-Cookie': cookie('session', session.token, { secure, maxAge }) });
}

/** The cookie that a form before the sign-in is bound to: the one that the browser has, or a new one. */
export function formCookie({ c, secure }: Arrival): { token: string; headers: Record<string, string> } {
  const present = readCookie(c.env.incoming.headers.cookie, 'form', secure);
  const value = present ?? newSecret();
  return {
    token: formToken(value),
    headers: present === undefined ? { 'Set-Cookie': cookie('form', value, { secure }) } : {},
  };
}
