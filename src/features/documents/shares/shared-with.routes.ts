import { z } from 'zod';
import { usernamesOf } from '#features/accounts/index.ts';
import { decodeCursor, pageOf, pageQuery } from '#http/paging.ts';
import * as reply from '#http/reply.ts';
import { type Route, route } from '#http/route.ts';
import { timestamp } from '#kit/time.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { documentJson, documentShape } from '../documents.json.ts';
import { type TopicsOfDocument, topicsOf } from '../topics/topics.store.ts';
import { rank } from './grants.ts';
import { type SharedThing, sharedIds, sharedThings } from './shared-with.store.ts';

const time = z.iso.datetime();

const sharedShape = z
  .object({
    access: z.enum(['view', 'edit']),
    owner: z.object({ account_id: z.string(), username: z.string() }),
    document: documentShape.optional(),
    folder: z.object({ id: z.string(), name: z.string(), created_at: time, updated_at: time }).optional(),
  })
  .meta({ id: 'SharedThing' });

export function sharedWithRoutes(deps: { metadata: Metadata }): Route[] {
  const { read } = deps.metadata;
  return [
    route({
      method: 'GET',
      path: '/v1/shared',
      summary: 'What others share with one',
      description:
        'Documents and folders that shares name; what lies in such a folder is listed by `folder_id` and `parent_id`. A page may hold fewer than `limit`, even none, and have a next one.',
      tag: 'Shares',
      access: 'account',
      limit: 'document_read',
      query: pageQuery,
      responses: {
        200: {
          description: 'A page of documents and folders',
          json: z.object({ shared: z.array(sharedShape), next_cursor: z.string().optional() }),
        },
      },
      errors: ['invalid_cursor'],
      handle: async ({ caller, query }) => {
        const asking = { accountId: caller.accountId, at: timestamp(Date.now()) };
        const ids = await sharedIds(read, asking, query.limit + 1, decodeCursor(query.cursor));
        const { rows, ...next } = pageOf(ids, query.limit);
        const things = await sharedThings(
          read,
          asking,
          rows.map(({ id }) => id),
        );
        const [usernames, topics] = await Promise.all([
          usernamesOf(read, things.map(ownerOf)),
          topicsOf(
            read,
            things.flatMap((thing) => ('document' in thing ? [thing.document.id] : [])),
          ),
        ]);
        return reply.json(200, { shared: things.map((thing) => sharedJson(thing, usernames, topics)), ...next });
      },
    }),
  ];
}

function ownerOf(thing: SharedThing): string {
  return 'document' in thing ? thing.document.owner_account_id : thing.folder.owner_account_id;
}

function sharedJson(
  thing: SharedThing,
  usernames: ReadonlyMap<string, string>,
  topics: ReadonlyMap<string, TopicsOfDocument>,
): z.output<typeof sharedShape> {
  const given = 'document' in thing ? thing.document.rank : thing.folder.rank;
  const owner = { account_id: ownerOf(thing), username: usernames.get(ownerOf(thing)) ?? '' };
  const access = given >= rank.edit ? 'edit' : 'view';
  if ('document' in thing)
    return { access, owner, document: documentJson(thing.document, topics.get(thing.document.id)) };
  const { id, name, created_at, updated_at } = thing.folder;
  return { access, owner, folder: { id, name, created_at, updated_at } };
}
