import {
  type AccountConfig,
  type AccountRow,
  accountById,
  createAccount,
  listAccounts,
  openSessionsOf,
  resetPassword,
} from '#features/accounts/index.ts';
import { decodeCursor, pageOf } from '#http/paging.ts';
import { textOf } from '#http/read-form.ts';
import * as reply from '#http/reply.ts';
import type { Route } from '#http/route.ts';
import { Problem } from '#kit/errors.ts';
import { timestamp } from '#kit/time.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { fieldErrors, passwordOf } from '../field-errors.ts';
import type { Gate, Visit } from '../gate.ts';
import { accountPage, accountsPage, newAccountPage } from './accounts.pages.ts';
import { endAllSessions, endSession, setQuota } from './act-on-account.ts';

const pageSize = 50;

export function accountPageRoutes(deps: { metadata: Metadata; gate: Gate }, config: AccountConfig): Route[] {
  const { metadata, gate } = deps;
  const existing = async (visit: Visit): Promise<AccountRow> => {
    const account = await accountById(metadata.read, visit.param('account_id'));
    if (account === undefined) throw new Problem('account_not_found');
    return account;
  };
  const showAccount = async (
    visit: Visit,
    account: AccountRow,
    wrong: { form: string; errors: Record<string, string>; typed?: string } | undefined,
  ) => {
    const sessions = await openSessionsOf(metadata.read, account.id, timestamp(visit.nowMs));
    return await accountPage(visit, { account, sessions, defaultQuotaBytes: config.committedQuotaBytes, wrong });
  };
  /** Does what a form of the account's page asks, then shows the page again; mistakes appear beside their field. */
  const act = (
    name: string,
    summary: string,
    run: (visit: Visit, account: AccountRow, form: URLSearchParams) => Promise<void>,
    typedField?: string,
  ) =>
    gate.act(`/admin/accounts/:account_id/${name}`, summary, async (visit, form) => {
      const account = await existing(visit);
      try {
        await run(visit, account, form);
      } catch (error) {
        const typed = typedField === undefined ? {} : { typed: textOf(form, typedField) };
        return await showAccount(visit, account, { form: name, errors: fieldErrors(error), ...typed });
      }
      return reply.seeOther(`/admin/accounts/${account.id}?done=${name.split('/').at(-1)}`);
    });

  return [
    gate.page('/admin/accounts', 'Accounts', async (visit) => {
      const found = await listAccounts(
        metadata.read,
        pageSize + 1,
        decodeCursor(visit.query.get('cursor') ?? undefined),
      );
      return await accountsPage(visit, { ...pageOf(found, pageSize), defaultQuotaBytes: config.committedQuotaBytes });
    }),
    gate.page('/admin/accounts/new', 'Create an account', (visit) =>
      newAccountPage(visit, { username: '', role: 'user', errors: {} }),
    ),
    gate.act('/admin/accounts/new', 'Create an account', async (visit, form) => {
      const username = textOf(form, 'username');
      const role = textOf(form, 'role') === 'admin' ? 'admin' : 'user';
      try {
        const by = { actor: 'account', actorAccountId: visit.admin.accountId } as const;
        const account = await createAccount(deps, { username, password: passwordOf(form), role, by });
        return reply.seeOther(`/admin/accounts/${account.id}?done=created`);
      } catch (error) {
        return await newAccountPage(visit, { username, role, errors: fieldErrors(error) });
      }
    }),
    gate.page('/admin/accounts/:account_id', 'One account', async (visit) =>
      showAccount(visit, await existing(visit), undefined),
    ),
    act('password', "Reset an account's password", async (visit, account, form) => {
      const by = { actor: 'account', actorAccountId: visit.admin.accountId } as const;
      await resetPassword(deps, { accountId: account.id, newPassword: passwordOf(form), by });
    }),
    act(
      'quota',
      "Set an account's quota",
      (visit, account, form) => setQuota(metadata, visit.admin, account, textOf(form, 'limit')),
      'limit',
    ),
    act('sessions/end-all', 'End all sessions of an account', (visit, account) =>
      endAllSessions(metadata, visit.admin, account),
    ),
    act('sessions/end', 'End one session of an account', (visit, account, form) =>
      endSession(metadata, visit.admin, account, textOf(form, 'session_id')),
    ),
  ];
}
