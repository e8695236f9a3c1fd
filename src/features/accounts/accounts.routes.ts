import { z } from 'zod';
import { auditEntry } from '#features/audit/index.ts';
import { freeText } from '#http/check.ts';
import { decodeCursor, pageOf, pageQuery } from '#http/paging.ts';
import type { Peers } from '#http/peers.ts';
import * as reply from '#http/reply.ts';
import { type Route, route } from '#http/route.ts';
import { Problem } from '#kit/errors.ts';
import { timestamp } from '#kit/time.ts';
import type { AccountConfig } from './accounts.config.ts';
import { accountJson, accountRole, accountShape } from './accounts.json.ts';
import { type AccountRow, accountById, listAccounts } from './accounts.store.ts';
import { closeSessionTransaction, revokeSessionsTransaction, setQuotaTransaction } from './accounts.transactions.ts';
import { browserRoutes } from './browser/browser.routes.ts';
import { signedOut } from './browser/cookies.ts';
import { changeOwnPassword, resetPassword } from './change-password.ts';
import type { SignInDeps } from './check-credentials.ts';
import { createAccount } from './create-account.ts';
import { logIn } from './log-in.ts';

const time = z.iso.datetime();
const password = z.string().max(1024);
const newPassword = password.describe('12 to 72 bytes of UTF-8');

const quotaShape = z
  .object({ bytes_used: z.number().int(), bytes_limit: z.number().int().optional() })
  .meta({ id: 'Quota' });

/** The limit that holds for an account in bytes, or undefined when there is none. */
export function quotaLimit(account: Pick<AccountRow, 'bytes_limit'>, config: AccountConfig): number | undefined {
  const limit = account.bytes_limit ?? config.committedQuotaBytes;
  return limit === 0 ? undefined : limit;
}

function quotaJson(account: AccountRow, config: AccountConfig): z.output<typeof quotaShape> {
  const limit = quotaLimit(account, config);
  return { bytes_used: account.bytes_used, ...(limit === undefined ? {} : { bytes_limit: limit }) };
}

export function accountRoutes(deps: SignInDeps & { peers: Peers }, config: AccountConfig): Route[] {
  const { metadata } = deps;
  const tag = 'Accounts';
  const existing = async (id: string) => {
    const account = await accountById(metadata.read, id);
    if (account === undefined) throw new Problem('account_not_found');
    return account;
  };

  return [
    route({
      method: 'POST',
      path: '/v1/auth/login',
      summary: 'Sign in',
      description: 'Returns a session token, once. Costs the same whether or not the username exists.',
      tag,
      access: 'anyone',
      limit: 'auth',
      json: z.strictObject({ username: freeText(256), password }),
      responses: {
        201: {
          description: 'Signed in',
          json: z.object({
            session_id: z.string(),
            account: accountShape,
            token: z.string(),
            created_at: time,
            expires_at: time,
          }),
        },
      },
      errors: ['invalid_credentials', 'setup_required'],
      handle: async ({ json }) => {
        const session = await logIn(deps, { ...json, kind: 'api', ttlMs: config.sessionTtlMs });
        return reply.json(201, {
          session_id: session.sessionId,
          account: accountJson(session.account),
          token: session.token,
          created_at: session.createdAt,
          expires_at: session.expiresAt,
        });
      },
    }),
    ...browserRoutes(deps, config),
    route({
      method: 'POST',
      path: '/v1/auth/logout',
      summary: 'Sign out',
      description: 'Revokes the session that the request was made with; of a browser, all that came of its sign-in.',
      tag,
      access: 'account',
      limit: 'auth',
      responses: { 204: { description: 'Revoked' } },
      errors: [],
      handle: async ({ c, caller }) => {
        const { accountId, sessionId } = caller;
        await metadata.write(closeSessionTransaction, {
          sessionId,
          at: timestamp(Date.now()),
          audit: auditEntry({
            actor: 'account',
            actorAccountId: accountId,
            ownerAccountId: accountId,
            action: 'account.sign_out',
            subjectType: 'session',
            subjectId: sessionId,
          }),
        });
        return signedOut(c, reply.noContent());
      },
    }),
    route({
      method: 'POST',
      path: '/v1/auth/logout-everywhere',
      summary: 'Sign out everywhere',
      description: 'Revokes every session of the account, this one too: of programs, browsers and the admin pages.',
      tag,
      access: 'account',
      limit: 'auth',
      responses: { 200: { description: 'Revoked', json: z.object({ sessions_revoked: z.number().int() }) } },
      errors: ['account_not_found'],
      handle: async ({ c, caller: { accountId } }) => {
        const revoked = await metadata.write(revokeSessionsTransaction, {
          accountId,
          at: timestamp(Date.now()),
          audit: auditEntry({
            actor: 'account',
            actorAccountId: accountId,
            ownerAccountId: accountId,
            action: 'account.sign_out_everywhere',
            subjectType: 'account',
            subjectId: accountId,
          }),
        });
        return signedOut(c, reply.json(200, { sessions_revoked: revoked }));
      },
    }),
    route({
      method: 'GET',
      path: '/v1/account',
      summary: 'The own account',
      tag,
      access: 'account',
      limit: 'account',
      responses: {
        200: { description: 'The account and its quota', json: z.object({ account: accountShape, quota: quotaShape }) },
      },
      errors: ['account_not_found'],
      handle: async ({ caller }) => {
        const account = await existing(caller.accountId);
        return reply.json(200, { account: accountJson(account), quota: quotaJson(account, config) });
      },
    }),
    route({
      method: 'POST',
      path: '/v1/account/password',
      summary: 'Change the own password',
      description: 'Every other session of the account is revoked.',
      tag,
      access: 'account',
      limit: 'auth',
      json: z.strictObject({ current_password: password, new_password: newPassword }),
      responses: { 200: { description: 'Changed', json: z.object({ sessions_revoked: z.number().int() }) } },
      errors: ['invalid_credentials', 'invalid_password'],
      handle: async ({ caller, json }) => {
        const revoked = await changeOwnPassword(deps, {
          accountId: caller.accountId,
          sessionId: caller.sessionId,
          currentPassword: json.current_password,
          newPassword: json.new_password,
        });
        return reply.json(200, { sessions_revoked: revoked });
      },
    }),
    route({
      method: 'GET',
      path: '/v1/admin/accounts',
      summary: 'List accounts',
      tag,
      access: 'admin',
      limit: 'admin',
      query: pageQuery,
      responses: {
        200: {
          description: 'A page of accounts',
          json: z.object({
            accounts: z.array(accountShape.extend({ quota: quotaShape })),
            next_cursor: z.string().optional(),
          }),
        },
      },
      errors: ['invalid_cursor'],
      handle: async ({ query }) => {
        const found = await listAccounts(metadata.read, query.limit + 1, decodeCursor(query.cursor));
        const { rows, ...next } = pageOf(found, query.limit);
        const accounts = rows.map((account) => ({ ...accountJson(account), quota: quotaJson(account, config) }));
        return reply.json(200, { accounts, ...next });
      },
    }),
    route({
      method: 'POST',
      path: '/v1/admin/accounts',
      summary: 'Create an account',
      tag,
      access: 'admin',
      limit: 'admin',
      json: z.strictObject({ username: freeText(256), password: newPassword, role: accountRole.default('user') }),
      responses: { 201: { description: 'Created', json: z.object({ account: accountShape }) } },
      errors: ['invalid_username', 'invalid_password', 'username_conflict'],
      handle: async ({ caller, json }) => {
        const by = { actor: 'account', actorAccountId: caller.accountId } as const;
        return reply.json(201, { account: accountJson(await createAccount(deps, { ...json, by })) });
      },
    }),
    route({
      method: 'POST',
      path: '/v1/admin/accounts/:account_id/password',
      summary: "Reset an account's password",
      description: 'Every session of that account is revoked.',
      tag,
      access: 'admin',
      limit: 'admin',
      json: z.strictObject({ new_password: newPassword }),
      responses: {
        200: { description: 'Reset', json: z.object({ account: accountShape, sessions_revoked: z.number().int() }) },
      },
      errors: ['account_not_found', 'invalid_password'],
      handle: async ({ caller, json, param }) => {
        const by = { actor: 'account', actorAccountId: caller.accountId } as const;
        const accountId = param('account_id');
        const revoked = await resetPassword(deps, { accountId, newPassword: json.new_password, by });
        return reply.json(200, { account: accountJson(await existing(accountId)), sessions_revoked: revoked });
      },
    }),
    route({
      method: 'POST',
      path: '/v1/admin/accounts/:account_id/sessions/revoke',
      summary: 'End all sessions of an account',
      tag,
      access: 'admin',
      limit: 'admin',
      responses: { 200: { description: 'Revoked', json: z.object({ sessions_revoked: z.number().int() }) } },
      errors: ['account_not_found'],
      handle: async ({ caller, param }) => {
        const accountId = param('account_id');
        const revoked = await metadata.write(revokeSessionsTransaction, {
          accountId,
          at: timestamp(Date.now()),
          audit: auditEntry({
            actor: 'account',
            actorAccountId: caller.accountId,
            action: 'account.revoke_sessions',
            subjectType: 'account',
            subjectId: accountId,
          }),
        });
        return reply.json(200, { sessions_revoked: revoked });
      },
    }),
    route({
      method: 'POST',
      path: '/v1/admin/accounts/:account_id/quota',
      summary: "Set an account's quota",
      description: 'Bytes; 0 for no limit, null for the default of the server.',
      tag,
      access: 'admin',
      limit: 'admin',
      json: z.strictObject({
        bytes_limit: z
          .number()
          .int()
          .min(0)
          .max(Number.MAX_SAFE_INTEGER)
          .nullable()
          .describe('Bytes; 0: no limit; null: the default of the server'),
      }),
      responses: { 200: { description: 'Set', json: z.object({ account: accountShape, quota: quotaShape }) } },
      errors: ['account_not_found'],
      handle: async ({ caller, json, param }) => {
        const accountId = param('account_id');
        await metadata.write(setQuotaTransaction, {
          accountId,
          bytesLimit: json.bytes_limit,
          at: timestamp(Date.now()),
          audit: auditEntry({
            actor: 'account',
            actorAccountId: caller.accountId,
            action: 'account.set_quota',
            subjectType: 'account',
            subjectId: accountId,
          }),
        });
        const account = await existing(accountId);
        return reply.json(200, { account: accountJson(account), quota: quotaJson(account, config) });
      },
    }),
  ];
}
