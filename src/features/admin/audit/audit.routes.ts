import { usernamesOf } from '#features/accounts/index.ts';
import { chainHead, listAudit } from '#features/audit/index.ts';
import { decodeCursor, pageOf } from '#http/paging.ts';
import type { Route } from '#http/route.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import type { Gate } from '../gate.ts';
import { auditPage } from './audit.pages.ts';

const pageSize = 50;

export function auditPageRoutes({ metadata, gate }: { metadata: Metadata; gate: Gate }): Route[] {
  return [
    gate.page('/admin/audit', 'Audit', async (visit) => {
      const after = decodeCursor(visit.query.get('cursor') ?? undefined);
      const page = pageOf(await listAudit(metadata.read, pageSize + 1, after), pageSize);
      const accounts = page.rows.flatMap((row) => [
        row.actor_account_id,
        row.subject_type === 'account' ? row.subject_id : null,
      ]);
      return await auditPage(visit, {
        ...page,
        names: await usernamesOf(metadata.read, accounts),
        end: await chainHead(metadata.read),
      });
    }),
  ];
}
