import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { z } from 'zod';
import { decodeCursor, pageOf, pageQuery } from '#http/paging.ts';
import * as reply from '#http/reply.ts';
import { type Route, route } from '#http/route.ts';
import { writeWithBackPressure } from '#http/write-stream.ts';
import { Problem } from '#kit/errors.ts';
import { parseTimestamp, timestamp } from '#kit/time.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { auditEntryJson, auditEntryShape } from './audit.json.ts';
import { auditEntry } from './audit.store.ts';
import { chainStart } from './audit-chain.ts';
import { showChainEnd } from './check-chain.ts';
import { exportAudit } from './export-audit.ts';
import { type AuditFilter, chainHead, findAudit } from './read-audit.store.ts';
import { recordAudit } from './record-audit.ts';

const auditQuery = pageQuery.extend({
  from: z.string().max(40).optional().describe('RFC 3339. From then on'),
  to: z.string().max(40).optional().describe('RFC 3339. Before then'),
  actor: z
    .string()
    .regex(
      /^(acct_[A-Za-z0-9_-]{1,64}|account|command_line|setup|server|link|unknown)$/,
      'an account or a kind of actor',
    )
    .optional()
    .describe('An account, `acct_…`; or command_line, setup, server, link, unknown'),
  action: z
    .string()
    .regex(/^[a-z_]{1,40}\.[a-z_]{1,40}$/, 'such as account.sign_in')
    .optional()
    .describe('Such as account.sign_in'),
  subject: z.string().max(100).optional().describe('The id of what it was done to'),
  own: z.enum(['true', 'false']).default('false').describe('For administrators: only what others would read of it'),
  format: z
    .enum(['json', 'jsonl', 'csv'])
    .default('json')
    .describe('json: a page. jsonl, csv: every entry, oldest first'),
});

const mediaTypes = { jsonl: 'application/jsonl', csv: 'text/csv' } as const;

/** Who did what. Everybody reads what they did and what was done with what is theirs; administrators read all of it. */
export function auditRoutes(deps: { metadata: Metadata }): Route[] {
  const { metadata } = deps;
  return [
    route({
      method: 'GET',
      path: '/v1/audit',
      summary: 'Read the audit log',
      description:
        'The entries that the caller made or that are about what is theirs; for administrators all of them, with their places in the ' +
        'hash chain. An export of theirs ends with the end of the chain, and `proofline verify --audit` checks it offline.',
      tag: 'Audit',
      access: 'account',
      limit: 'account',
      query: auditQuery,
      responses: {
        200: {
          description: 'A page of entries, newest first; or all of them as lines, oldest first',
          json: z.object({ entries: z.array(auditEntryShape), next_cursor: z.string().optional() }),
          otherMediaTypes: Object.values(mediaTypes),
          headers: { 'Proofline-Audit-Head': 'SEQ:HASH of the end of the chain. In exports for administrators' },
        },
      },
      errors: ['invalid_cursor'],
      handle: async ({ c, caller, query }) => {
        const everything = caller.role === 'admin' && query.own === 'false';
        const filter: AuditFilter = {
          readableBy: everything ? undefined : caller.accountId,
          from: timeOf(query.from, 'from'),
          to: timeOf(query.to, 'to'),
          actor: query.actor,
          action: query.action,
          subject: query.subject,
        };
        if (query.format === 'json') {
          const found = await findAudit(metadata.read, filter, query.limit + 1, decodeCursor(query.cursor));
          const { rows, ...next } = pageOf(found, query.limit);
          return reply.json(200, { entries: rows.map((row) => auditEntryJson(row, everything)), ...next });
        }
        const head = (await chainHead(metadata.read)) ?? { seq: 0, hash: chainStart, unchained: 0 };
        await recordAudit(
          metadata,
          auditEntry({
            actor: 'account',
            actorAccountId: caller.accountId,
            ownerAccountId: caller.accountId,
            action: 'audit.export',
            subjectType: 'audit',
            detail: everything ? 'all entries' : 'own entries',
          }),
        );
        const { outgoing } = c.env;
        outgoing.writeHead(
          200,
          reply.streamHeaders({
            'Content-Type': `${mediaTypes[query.format]}; charset=utf-8`,
            'Content-Disposition': `attachment; filename="audit-${timestamp(Date.now()).slice(0, 10)}.${query.format}"`,
            ...(everything ? { 'Proofline-Audit-Head': showChainEnd(head) } : {}),
          }),
        );
        await writeWithBackPressure(outgoing, exportAudit(metadata.read, filter, head, query.format));
        outgoing.end();
        return RESPONSE_ALREADY_SENT;
      },
    }),
  ];
}

function timeOf(given: string | undefined, field: string): string | undefined {
  if (given === undefined) return undefined;
  const at = parseTimestamp(given);
  if (at === undefined) throw new Problem('invalid_request', { message: `${field}: must be an RFC 3339 time` });
  return at;
}
