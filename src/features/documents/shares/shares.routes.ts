import { z } from 'zod';
import { auditEntry } from '#features/audit/index.ts';
import { decodeCursor, pageOf, pageQuery } from '#http/paging.ts';
import * as reply from '#http/reply.ts';
import { type Route, route } from '#http/route.ts';
import { newId } from '#kit/ids.ts';
import { timestamp } from '#kit/time.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { documentFor, folderFor } from '../access.ts';
import { newShare, shareWishShape } from './share-wish.ts';
import { shareJson, shareShape } from './shares.json.ts';
import { type ShareRow, type ShareTarget, sharesOn } from './shares.store.ts';
import { createShareTransaction, revokeShareTransaction } from './shares.transactions.ts';

/** Only owners share, and only they see with whom. */
export function shareRoutes(deps: { metadata: Metadata }): Route[] {
  const { metadata } = deps;
  const { read } = metadata;
  const tag = 'Shares';
  const on = (thing: 'document' | 'folder'): Route[] => {
    const path = `/v1/${thing}s/:${thing}_id/shares`;
    const missing = `${thing}_not_found` as const;
    const own = async (caller: { accountId: string }, id: string): Promise<ShareTarget> =>
      thing === 'document'
        ? { documentId: (await documentFor(read, caller, id, 'own')).id }
        : { folderId: (await folderFor(read, caller, id, 'own')).id };
    return [
      route({
        method: 'GET',
        path,
        summary: `With whom a ${thing} is shared`,
        description: 'What was shared and not revoked, for its owner. Shares of folders above are listed there.',
        tag,
        access: 'account',
        limit: 'document_read',
        query: pageQuery,
        responses: {
          200: {
            description: 'A page of shares',
            json: z.object({ shares: z.array(shareShape), next_cursor: z.string().optional() }),
          },
        },
        errors: ['invalid_cursor', missing, 'forbidden'],
        handle: async ({ caller, param, query }) => {
          const target = await own(caller, param(`${thing}_id`));
          const found = await sharesOn(read, target, query.limit + 1, decodeCursor(query.cursor));
          const { rows, ...next } = pageOf(found, query.limit);
          return reply.json(200, { shares: rows.map(shareJson), ...next });
        },
      }),
      route({
        method: 'POST',
        path,
        summary: `Share a ${thing}`,
        description:
          'With an account, with a group, or with whoever has the link `/s/{token}`. What lies in a shared folder is shared along with it.',
        tag,
        access: 'account',
        limit: 'document_write',
        json: shareWishShape,
        responses: {
          201: {
            description: 'Shared. The token of a link is shown this once',
            json: z.object({ share: shareShape, token: z.string().optional() }),
          },
        },
        errors: [missing, 'forbidden', 'account_not_found', 'group_not_found', 'invalid_password'],
        handle: async ({ caller, json, param }) => {
          const target = await own(caller, param(`${thing}_id`));
          const nowMs = Date.now();
          const { row, token, username } = await newShare(read, caller.accountId, json, nowMs);
          const share: ShareRow = {
            ...row,
            id: newId('shr', nowMs),
            owner_account_id: caller.accountId,
            document_id: target.documentId ?? null,
            folder_id: target.folderId ?? null,
          };
          await metadata.write(createShareTransaction, {
            share,
            audit: auditEntry(
              {
                actor: 'account',
                actorAccountId: caller.accountId,
                ownerAccountId: caller.accountId,
                action: 'share.create',
                subjectType: 'share',
                subjectId: share.id,
                detail: detailOf(share),
              },
              nowMs,
            ),
          });
          return reply.json(201, {
            share: shareJson({ ...share, username: username ?? null }),
            ...(token === undefined ? {} : { token }),
          });
        },
      }),
    ];
  };
  return [
    ...on('document'),
    ...on('folder'),
    route({
      method: 'DELETE',
      path: '/v1/shares/:share_id',
      summary: 'Revoke a share',
      description: 'Nothing that begins after the answer is allowed by it any more.',
      tag,
      access: 'account',
      limit: 'document_write',
      responses: { 204: { description: 'Revoked' } },
      errors: ['share_not_found'],
      handle: async ({ caller, param }) => {
        const shareId = param('share_id');
        const nowMs = Date.now();
        await metadata.write(revokeShareTransaction, {
          shareId,
          ownerId: caller.accountId,
          at: timestamp(nowMs),
          audit: auditEntry(
            {
              actor: 'account',
              actorAccountId: caller.accountId,
              ownerAccountId: caller.accountId,
              action: 'share.revoke',
              subjectType: 'share',
              subjectId: shareId,
            },
            nowMs,
          ),
        });
        return reply.noContent();
      },
    }),
  ];
}

/** Words and ids of ours. */
function detailOf(share: ShareRow): string {
  const whom = share.account_id ?? share.group_id ?? 'a link';
  return `${share.access} of ${share.document_id ?? share.folder_id} for ${whom}`;
}
