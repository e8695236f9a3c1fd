import { z } from 'zod';
import { auditEntry } from '#features/audit/index.ts';
import type { Caller } from '#http/caller.ts';
import { freeText } from '#http/check.ts';
import { decodeCursor, pageOf, pageQuery } from '#http/paging.ts';
import * as reply from '#http/reply.ts';
import { type Route, route } from '#http/route.ts';
import { Problem } from '#kit/errors.ts';
import { newId } from '#kit/ids.ts';
import { timestamp } from '#kit/time.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { type GroupRow, groupById, groupsOf, listGroups, type MemberRow, membersOf } from './groups.store.ts';
import {
  addMemberTransaction,
  createGroupTransaction,
  type Membership,
  removeMemberTransaction,
} from './groups.transactions.ts';

const time = z.iso.datetime();
const groupShape = z.object({ id: z.string(), name: z.string(), created_at: time }).meta({ id: 'Group' });
const groupPage = z.object({ groups: z.array(groupShape), next_cursor: z.string().optional() });
const memberShape = z.object({ account_id: z.string(), username: z.string(), created_at: time });

const groupJson = ({ id, name, created_at }: GroupRow) => ({ id, name, created_at });
const memberJson = ({ id, username, created_at }: MemberRow) => ({ account_id: id, username, created_at });

/** Administrators say who belongs together; what the members share with one another is not theirs to see. */
export function groupRoutes(deps: { metadata: Metadata }): Route[] {
  const { metadata } = deps;
  const { read } = metadata;
  const tag = 'Groups';
  const path = '/v1/admin/groups';
  const membership = (caller: Caller, groupId: string, accountId: string, action: string): Membership => {
    const nowMs = Date.now();
    const by = { actor: 'account', actorAccountId: caller.accountId, ownerAccountId: accountId } as const;
    const subject = { subjectType: 'group', subjectId: groupId, detail: accountId };
    return { groupId, accountId, at: timestamp(nowMs), audit: auditEntry({ ...by, action, ...subject }, nowMs) };
  };
  return [
    route({
      method: 'GET',
      path: '/v1/groups',
      summary: 'The groups that one belongs to',
      description: 'What one owns can be shared with them.',
      tag,
      access: 'account',
      limit: 'document_read',
      query: pageQuery,
      responses: { 200: { description: 'A page of groups', json: groupPage } },
      errors: ['invalid_cursor'],
      handle: async ({ caller, query }) => {
        const found = await groupsOf(read, caller.accountId, query.limit + 1, decodeCursor(query.cursor));
        const { rows, ...next } = pageOf(found, query.limit);
        return reply.json(200, { groups: rows.map(groupJson), ...next });
      },
    }),
    route({
      method: 'GET',
      path,
      summary: 'List groups',
      tag,
      access: 'admin',
      limit: 'admin',
      query: pageQuery,
      responses: { 200: { description: 'A page of groups', json: groupPage } },
      errors: ['invalid_cursor'],
      handle: async ({ query }) => {
        const found = await listGroups(read, query.limit + 1, decodeCursor(query.cursor));
        const { rows, ...next } = pageOf(found, query.limit);
        return reply.json(200, { groups: rows.map(groupJson), ...next });
      },
    }),
    route({
      method: 'POST',
      path,
      summary: 'Create a group',
      tag,
      access: 'admin',
      limit: 'admin',
      json: z.strictObject({ name: freeText(100).trim().min(1, 'must not be empty') }),
      responses: { 201: { description: 'Created, without members', json: z.object({ group: groupShape }) } },
      errors: ['name_conflict'],
      handle: async ({ caller, json }) => {
        const nowMs = Date.now();
        const group: GroupRow = {
          id: newId('grp', nowMs),
          name: json.name.normalize('NFC'),
          created_at: timestamp(nowMs),
        };
        const by = { actor: 'account', actorAccountId: caller.accountId } as const;
        const audit = auditEntry({ ...by, action: 'group.create', subjectType: 'group', subjectId: group.id }, nowMs);
        await metadata.write(createGroupTransaction, { group, audit });
        return reply.json(201, { group: groupJson(group) });
      },
    }),
    route({
      method: 'GET',
      path: `${path}/:group_id/members`,
      summary: 'Who belongs to a group',
      tag,
      access: 'admin',
      limit: 'admin',
      query: pageQuery,
      responses: {
        200: {
          description: 'A page of members',
          json: z.object({ members: z.array(memberShape), next_cursor: z.string().optional() }),
        },
      },
      errors: ['invalid_cursor', 'group_not_found'],
      handle: async ({ param, query }) => {
        const group = await groupById(read, param('group_id'));
        if (group === undefined) throw new Problem('group_not_found');
        const found = await membersOf(read, group.id, query.limit + 1, decodeCursor(query.cursor));
        const { rows, ...next } = pageOf(found, query.limit);
        return reply.json(200, { members: rows.map(memberJson), ...next });
      },
    }),
    route({
      method: 'PUT',
      path: `${path}/:group_id/members/:account_id`,
      summary: 'Take an account into a group',
      tag,
      access: 'admin',
      limit: 'admin',
      responses: { 204: { description: 'It belongs to the group' } },
      errors: ['group_not_found', 'account_not_found'],
      handle: async ({ caller, param }) => {
        const member = membership(caller, param('group_id'), param('account_id'), 'group.add_member');
        await metadata.write(addMemberTransaction, member);
        return reply.noContent();
      },
    }),
    route({
      method: 'DELETE',
      path: `${path}/:group_id/members/:account_id`,
      summary: 'Take an account out of a group',
      description: 'What was shared with the group is not shared with the account any more.',
      tag,
      access: 'admin',
      limit: 'admin',
      responses: { 204: { description: 'It does not belong to the group' } },
      errors: ['group_not_found'],
      handle: async ({ caller, param }) => {
        const member = membership(caller, param('group_id'), param('account_id'), 'group.remove_member');
        await metadata.write(removeMemberTransaction, member);
        return reply.noContent();
      },
    }),
  ];
}
