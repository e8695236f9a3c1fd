import { type AccountConfig, administratorExists, createAccount } from '#features/accounts/index.ts';
import { auditEntry, recordAudit } from '#features/audit/index.ts';
import type { StaticFiles } from '#http/pages/static-files.ts';
import type { RateLimiter } from '#http/rate-limits.ts';
import { textOf } from '#http/read-form.ts';
import * as reply from '#http/reply.ts';
import type { Route } from '#http/route.ts';
import { isProblem, Problem } from '#kit/errors.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { sameSecret } from '#platform/process/secrets.ts';
import { fieldErrors, passwordOf } from '../field-errors.ts';
import type { Gate } from '../gate.ts';
import { setUpElsewherePage, setUpPage } from './sign-in.pages.ts';
import { formCookie, signedIn } from './sign-in.routes.ts';

/** The one-time set-up: there while nobody could sign in, gone for good with the first administrator. */
export function bootstrapRoutes(
  deps: { metadata: Metadata; limiter: RateLimiter; gate: Gate; files: StaticFiles },
  config: Pick<AccountConfig, 'adminSessionTtlMs' | 'bootstrapSecret'>,
): Route[] {
  const { metadata, gate, files } = deps;
  const onlyBeforeSetUp = async () => {
    if (await administratorExists(metadata.read)) throw new Problem('not_found');
  };
  return [
    gate.open('/admin/bootstrap', 'Set up the first administrator', async (arrival) => {
      await onlyBeforeSetUp();
      if (config.bootstrapSecret === '') return reply.page(503, await setUpElsewherePage(files));
      const form = formCookie(arrival);
      return reply.page(200, await setUpPage(files, { token: form.token }), form.headers);
    }),
    gate.openAct('/admin/bootstrap', 'Set up the first administrator', async (arrival, form) => {
      await onlyBeforeSetUp();
      const username = textOf(form, 'username');
      const again = async (status: number, errors: Record<string, string>) => {
        const cookie = formCookie(arrival);
        return reply.page(status, await setUpPage(files, { token: cookie.token, username, errors }), cookie.headers);
      };
      const presented = (form.get('secret') ?? '').trim();
      if (config.bootstrapSecret === '' || !sameSecret(presented, config.bootstrapSecret)) {
        const entry = {
          actor: 'setup',
          action: 'admin.bootstrap',
          subjectType: 'account',
          outcome: 'refused',
        } as const;
        await recordAudit(metadata, auditEntry({ ...entry, detail: 'wrong secret' }));
        return await again(403, { secret: 'That is not the set-up secret of this server.' });
      }
      try {
        const password = passwordOf(form);
        await createAccount(deps, {
          username,
          password,
          role: 'admin',
          by: { actor: 'setup' },
          onlyAsFirstAdministrator: true,
        });
        return await signedIn(deps, config, arrival, { username, password });
      } catch (error) {
        // Somebody else was faster: from now on this page does not exist.
        if (isProblem(error, 'forbidden')) throw new Problem('not_found');
        return await again(400, fieldErrors(error));
      }
    }),
  ];
}
