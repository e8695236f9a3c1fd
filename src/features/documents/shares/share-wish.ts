import { z } from 'zod';
import { accountById, accountByUsername, assertPassword, hashPassword } from '#features/accounts/index.ts';
import { freeText } from '#http/check.ts';
import { Problem } from '#kit/errors.ts';
import { parseTimestamp, timestamp } from '#kit/time.ts';
import type { Db } from '#platform/metadata/metadata.ts';
import { hashSecret, newSecret } from '#platform/process/secrets.ts';
import type { ShareRow } from './shares.store.ts';

export const shareWishShape = z.strictObject({
  kind: z.enum(['account', 'group', 'link']),
  account_id: z.string().max(80).optional().describe('Whom it is for, of kind account: this or `username`'),
  username: freeText(64).optional(),
  group_id: z.string().max(80).optional().describe('Of kind group: one that the caller belongs to'),
  access: z.enum(['view', 'edit']).default('view').describe('A link can only view'),
  expires_at: z.string().max(64).optional().describe('RFC 3339, in the future; absent: until it is revoked'),
  password: z.string().max(1024).optional().describe('Of a link: 12 to 72 bytes of UTF-8'),
  max_downloads: z.number().int().min(1).max(1_000_000_000).optional().describe('Of a link'),
});

export type ShareWish = z.output<typeof shareWishShape>;

/** What kind of share goes with which fields. */
const fieldsOf: Record<ShareWish['kind'], readonly (keyof ShareWish)[]> = {
  account: ['account_id', 'username'],
  group: ['group_id'],
  link: ['password', 'max_downloads'],
};
const special = Object.values(fieldsOf).flat();

export interface NewShare {
  row: Omit<ShareRow, 'id' | 'owner_account_id' | 'document_id' | 'folder_id'>;
  /** Of a link: shown once. */
  token?: string;
  /** Whom it is for, where it is an account. */
  username?: string;
}

/** Throws invalid_request, invalid_password, account_not_found. */
export async function newShare(db: Db, ownerId: string, wish: ShareWish, nowMs: number): Promise<NewShare> {
  const { kind } = wish;
  const stray = special.find((name) => wish[name] !== undefined && !fieldsOf[kind].includes(name));
  if (stray !== undefined) throw invalid(`${stray}: not for a share of kind ${kind}`);
  const row: NewShare['row'] = {
    kind,
    account_id: null,
    group_id: null,
    token_hash: null,
    password_hash: null,
    link_key: null,
    access: wish.access,
    max_downloads: wish.max_downloads ?? null,
    downloads: 0,
    created_at: timestamp(nowMs),
    expires_at: expiry(wish.expires_at, nowMs),
    revoked_at: null,
  };
  switch (kind) {
    case 'account': {
      const account = await accountOf(db, wish);
      if (account.id === ownerId) throw invalid('account_id: the owner has all of it already');
      return { row: { ...row, account_id: account.id }, username: account.username };
    }
    case 'group':
      if (wish.group_id === undefined) throw invalid('group_id: required for a share of kind group');
      return { row: { ...row, group_id: wish.group_id } };
    case 'link': {
      if (wish.access !== 'view') throw invalid('access: a link can only view');
      if (wish.password !== undefined) assertPassword(wish.password);
      const token = newSecret();
      const password_hash = wish.password === undefined ? null : await hashPassword(wish.password);
      return { row: { ...row, token_hash: hashSecret(token), link_key: newSecret(), password_hash }, token };
    }
  }
}

async function accountOf(db: Db, { account_id, username }: ShareWish): Promise<{ id: string; username: string }> {
  if ((account_id === undefined) === (username === undefined))
    throw invalid('account_id: a share of kind account needs this or username');
  const account =
    account_id === undefined
      ? await accountByUsername(db, (username ?? '').trim().toLowerCase())
      : await accountById(db, account_id);
  if (account === undefined) throw new Problem('account_not_found');
  return account;
}

function expiry(given: string | undefined, nowMs: number): string | null {
  if (given === undefined) return null;
  const at = parseTimestamp(given);
  // Kept to the millisecond, as all times that it will be compared with.
  const kept = at === undefined ? undefined : timestamp(Date.parse(at));
  if (kept === undefined || kept <= timestamp(nowMs))
    throw invalid('expires_at: must be an RFC 3339 time in the future');
  return kept;
}

function invalid(message: string): Problem {
  return new Problem('invalid_request', { message });
}
