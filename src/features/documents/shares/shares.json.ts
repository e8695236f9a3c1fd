import { z } from 'zod';
import type { ListedShare, ShareRow } from './shares.store.ts';

const time = z.iso.datetime();

export const shareShape = z
  .object({
    id: z.string(),
    document_id: z.string().optional(),
    folder_id: z.string().optional(),
    kind: z.enum(['account', 'group', 'link']),
    account_id: z.string().optional(),
    username: z.string().optional(),
    group_id: z.string().optional(),
    group_name: z.string().optional(),
    access: z.enum(['view', 'edit']),
    has_password: z.boolean().optional().describe('Of a link'),
    max_downloads: z.number().int().optional().describe('Of a link: downloads that it allows'),
    downloads: z.number().int().optional().describe('Of a link: downloads that began'),
    created_at: time,
    expires_at: time.optional(),
  })
  .meta({ id: 'Share' });

type Names = Partial<Pick<ListedShare, 'username' | 'group_name'>>;

export function shareJson(row: ShareRow & Names): z.output<typeof shareShape> {
  const given = <const Name extends keyof (ShareRow & Names)>(name: Name) => {
    const value = row[name];
    return value === null || value === undefined ? {} : { [name]: value };
  };
  return {
    id: row.id,
    ...given('document_id'),
    ...given('folder_id'),
    kind: row.kind,
    ...given('account_id'),
    ...given('username'),
    ...given('group_id'),
    ...given('group_name'),
    access: row.access,
    ...(row.kind === 'link' ? { has_password: row.password_hash !== null, downloads: row.downloads } : {}),
    ...given('max_downloads'),
    created_at: row.created_at,
    ...given('expires_at'),
  };
}
