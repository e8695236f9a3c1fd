import {
  type AccountRow,
  closeSessionTransaction,
  openSessionsOf,
  revokeSessionsTransaction,
  setQuotaTransaction,
} from '#features/accounts/index.ts';
import { auditEntry } from '#features/audit/index.ts';
import type { Caller } from '#http/caller.ts';
import { timestamp } from '#kit/time.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { bytes } from '#platform/process/setting.ts';
import { FieldError } from '../field-errors.ts';

const sizes = bytes({ env: '', doc: '', default: '0' });

/** Sizes as in the configuration; empty for the server's default, 0 for no limit. Throws FieldError. */
export async function setQuota(metadata: Metadata, admin: Caller, account: AccountRow, limit: string): Promise<void> {
  const bytesLimit = limit === '' ? null : sizes.parse(limit);
  if (bytesLimit === undefined)
    throw new FieldError('limit', 'Write a size in bytes, or with a unit like 500MB or 20GiB.');
  await metadata.write(setQuotaTransaction, {
    accountId: account.id,
    bytesLimit,
    at: timestamp(Date.now()),
    audit: entry(admin, 'account.set_quota', account, bytesLimit === null ? 'server default' : `${bytesLimit} bytes`),
  });
}

export async function endAllSessions(metadata: Metadata, admin: Caller, account: AccountRow): Promise<void> {
  await metadata.write(revokeSessionsTransaction, {
    accountId: account.id,
    at: timestamp(Date.now()),
    audit: entry(admin, 'account.revoke_sessions', account),
  });
}

/** One that has ended meanwhile, or that is another account's, changes nothing. */
export async function endSession(
  metadata: Metadata,
  admin: Caller,
  account: AccountRow,
  sessionId: string,
): Promise<void> {
  const at = timestamp(Date.now());
  const open = await openSessionsOf(metadata.read, account.id, at);
  if (!open.some(({ id }) => id === sessionId)) return;
  await metadata.write(closeSessionTransaction, {
    sessionId,
    at,
    audit: { ...entry(admin, 'account.revoke_session', account), subjectType: 'session', subjectId: sessionId },
  });
}

function entry(admin: Caller, action: string, account: AccountRow, detail?: string) {
  return auditEntry({
    actor: 'account',
    actorAccountId: admin.accountId,
    action,
    subjectType: 'account',
    subjectId: account.id,
    detail,
  });
}
