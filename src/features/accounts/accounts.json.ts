import { z } from 'zod';
import type { AccountRow } from './accounts.store.ts';

const time = z.iso.datetime();
export const accountRole = z.enum(['user', 'admin']);

export const accountShape = z
  .object({
    id: z.string(),
    username: z.string(),
    role: accountRole,
    created_at: time,
    updated_at: time,
    password_changed_at: time,
  })
  .meta({ id: 'Account' });

export function accountJson(account: AccountRow): z.output<typeof accountShape> {
  const { id, username, role, created_at, updated_at, password_changed_at } = account;
  return { id, username, role, created_at, updated_at, password_changed_at };
}
