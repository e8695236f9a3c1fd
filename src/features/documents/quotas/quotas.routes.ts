import { z } from 'zod';
import { auditEntry } from '#features/audit/index.ts';
import * as reply from '#http/reply.ts';
import { type Route, route } from '#http/route.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { type QuotaDefaults, type QuotaRow, quotaOf } from './quotas.store.ts';
import { setLimitsTransaction } from './quotas.transactions.ts';

const count = z.number().int();

const quotaShape = z
  .object({
    bytes_used: count,
    bytes_limit: count.optional().describe('Absent: no limit'),
    documents_used: count,
    documents_limit: count.optional().describe('Absent: no limit'),
  })
  .meta({ id: 'DocumentQuota' });

function quotaJson(quota: QuotaRow | undefined, defaults: QuotaDefaults): z.output<typeof quotaShape> {
  const bytesLimit = quota?.bytes_limit ?? defaults.quotaBytes;
  const documentsLimit = quota?.documents_limit ?? defaults.quotaDocuments;
  return {
    bytes_used: quota?.bytes_used ?? 0,
    ...(bytesLimit === 0 ? {} : { bytes_limit: bytesLimit }),
    documents_used: quota?.documents_used ?? 0,
    ...(documentsLimit === 0 ? {} : { documents_limit: documentsLimit }),
  };
}

const limit = (unit: string) =>
  count
    .min(0)
    .max(Number.MAX_SAFE_INTEGER)
    .nullable()
    .describe(`${unit}; 0: no limit; null: the default of the server`);

export function quotaRoutes({ metadata }: { metadata: Metadata }, defaults: QuotaDefaults): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/quota',
      summary: 'The room of the own documents',
      description: 'All versions count, and what is in the trash or being deleted, until it is removed.',
      tag: 'Documents',
      access: 'account',
      limit: 'document_read',
      responses: { 200: { description: 'What is used, and the limits', json: quotaShape } },
      errors: [],
      handle: async ({ caller }) =>
        reply.json(200, quotaJson(await quotaOf(metadata.read, caller.accountId), defaults)),
    }),
    route({
      method: 'POST',
      path: '/v1/admin/accounts/:account_id/document-quota',
      summary: 'Set the room of an account’s documents',
      description: 'A limit below what is used takes nothing away; nothing more comes in until there is room.',
      tag: 'Documents',
      access: 'admin',
      limit: 'admin',
      json: z.strictObject({ bytes_limit: limit('Bytes'), documents_limit: limit('Documents') }),
      responses: { 200: { description: 'Set', json: z.object({ quota: quotaShape }) } },
      errors: ['account_not_found'],
      handle: async ({ caller, json, param }) => {
        const accountId = param('account_id');
        const quota = await metadata.write(setLimitsTransaction, {
          accountId,
          bytesLimit: json.bytes_limit,
          documentsLimit: json.documents_limit,
          audit: auditEntry({
            actor: 'account',
            actorAccountId: caller.accountId,
            ownerAccountId: accountId,
            action: 'account.set_document_quota',
            subjectType: 'account',
            subjectId: accountId,
          }),
        });
        return reply.json(200, { quota: quotaJson(quota, defaults) });
      },
    }),
  ];
}
