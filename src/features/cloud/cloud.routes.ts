import { z } from 'zod';
import { freeText } from '#http/check.ts';
import { decodeCursor, pageOf, pageQuery } from '#http/paging.ts';
import * as reply from '#http/reply.ts';
import { type Route, route } from '#http/route.ts';
import type { ErrorCode } from '#kit/error-codes.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { OutgoingGate } from '#platform/outgoing/outgoing-gate.ts';
import { addConnection, type ConnectionDeps, changeConnection, connectionAudit } from './change-connection.ts';
import { browse, checkConnection } from './check-connection.ts';
import type { CloudConfig } from './cloud.config.ts';
import {
  changedConnectionFields,
  connectionJson,
  connectionShape,
  entryShape,
  newConnectionFields,
} from './cloud.json.ts';
import { connectionFor, jobsOfConnection, listConnections } from './cloud.store.ts';
import { removeConnectionTransaction } from './cloud.transactions.ts';
import type { RemoteDeps } from './remote/open-remote.ts';
import { joinPath, remotePath } from './remote/remote-path.ts';
import { requestImport, requestMirror } from './request-transfer.ts';
import { SecretKeys } from './secrets/secret-keys.ts';
import { transferJson, transferShape } from './transfer/transfer-jobs.json.ts';

export type CloudDeps = ConnectionDeps & RemoteDeps;

export function cloudDeps(metadata: Metadata, config: CloudConfig): CloudDeps {
  return { metadata, keys: new SecretKeys(config), gate: new OutgoingGate(config.allowedHosts) };
}

const connectionAnswer = z.object({ connection: connectionShape });
const jobAnswer = z.object({ job: transferShape });

/** What the other side may come to, besides what the route itself may. */
const remoteErrors: ErrorCode[] = [
  'connection_not_found',
  'connection_address_refused',
  'connection_unauthorized',
  'connection_failed',
  'remote_path_not_found',
  'secret_key_missing',
];

export function cloudRoutes(deps: CloudDeps): Route[] {
  const { metadata } = deps;
  const { read } = metadata;
  const common = { tag: 'Cloud connections', access: 'account' } as const;
  return [
    route({
      ...common,
      method: 'POST',
      path: '/v1/cloud-connections',
      summary: 'Add a connection',
      description:
        'To a WebDAV folder or an S3 bucket. Nothing is sent there yet. Credentials are kept encrypted, and no answer has them.',
      limit: 'document_write',
      json: newConnectionFields,
      responses: { 201: { description: 'Added', json: connectionAnswer } },
      errors: [
        'connection_name_conflict',
        'too_many_connections',
        'folder_not_found',
        'forbidden',
        'invalid_remote_path',
        'secret_key_missing',
      ],
      handle: async ({ caller, json }) =>
        reply.json(201, { connection: connectionJson(await addConnection(deps, caller, json)) }),
    }),
    route({
      ...common,
      method: 'GET',
      path: '/v1/cloud-connections',
      summary: 'List connections',
      description: 'The own ones, oldest first.',
      limit: 'document_read',
      query: pageQuery,
      responses: {
        200: {
          description: 'A page of connections',
          json: z.object({ connections: z.array(connectionShape), next_cursor: z.string().optional() }),
        },
      },
      errors: ['invalid_cursor'],
      handle: async ({ caller, query }) => {
        const found = await listConnections(read, caller.accountId, query.limit + 1, decodeCursor(query.cursor));
        const { rows, ...next } = pageOf(found, query.limit);
        return reply.json(200, { connections: rows.map(connectionJson), ...next });
      },
    }),
    route({
      ...common,
      method: 'PATCH',
      path: '/v1/cloud-connections/:connection_id',
      summary: 'Change a connection',
      description: 'Its name, its credentials, what is mirrored and how often. Where it leads stays.',
      limit: 'document_write',
      json: changedConnectionFields,
      responses: { 200: { description: 'Changed', json: connectionAnswer } },
      errors: [
        'connection_not_found',
        'connection_name_conflict',
        'folder_not_found',
        'forbidden',
        'invalid_remote_path',
        'secret_key_missing',
      ],
      handle: async ({ caller, json, param }) =>
        reply.json(200, {
          connection: connectionJson(await changeConnection(deps, caller, param('connection_id'), json)),
        }),
    }),
    route({
      ...common,
      method: 'DELETE',
      path: '/v1/cloud-connections/:connection_id',
      summary: 'Remove a connection',
      description: 'With its credentials and jobs. Documents that came by it stay, and so does what was mirrored.',
      limit: 'document_write',
      responses: { 204: { description: 'Removed' } },
      errors: ['connection_not_found'],
      handle: async ({ caller, param }) => {
        const row = await connectionFor(read, caller, param('connection_id'));
        const audit = connectionAudit(row, 'remove', Date.now());
        await metadata.write(removeConnectionTransaction, { id: row.id, audit });
        return reply.noContent();
      },
    }),
    route({
      ...common,
      method: 'POST',
      path: '/v1/cloud-connections/:connection_id/test',
      summary: 'Test a connection',
      limit: 'document_write',
      responses: { 200: { description: 'It works', json: connectionAnswer } },
      errors: remoteErrors,
      handle: async ({ caller, param }) =>
        reply.json(200, { connection: connectionJson(await checkConnection(deps, caller, param('connection_id'))) }),
    }),
    route({
      ...common,
      method: 'GET',
      path: '/v1/cloud-connections/:connection_id/entries',
      summary: 'Look into a folder of the other side',
      limit: 'document_write',
      query: z.object({
        path: freeText(2_000).optional().describe('Names joined by slashes; absent for the root'),
        cursor: freeText(4_000).optional().describe('`next_cursor` of the page before'),
        limit: z.coerce.number().int().min(1).max(1_000).default(200).describe('Entries on a page'),
      }),
      responses: {
        200: {
          description: 'A page of what lies in it',
          json: z.object({ entries: z.array(entryShape), next_cursor: z.string().optional() }),
        },
      },
      errors: [...remoteErrors, 'invalid_remote_path'],
      handle: async ({ caller, param, query }) => {
        const path = remotePath(query.path ?? '');
        const page = { path, limit: query.limit, after: query.cursor };
        const { entries, next } = await browse(deps, caller, param('connection_id'), page);
        return reply.json(200, {
          entries: entries.map(({ byteSize, kind, mediaType, modifiedAt, name }) => ({
            name,
            path: joinPath(path, name),
            kind,
            ...(byteSize === undefined ? {} : { byte_size: byteSize }),
            ...(mediaType === undefined ? {} : { media_type: mediaType }),
            ...(modifiedAt === undefined ? {} : { modified_at: modifiedAt }),
          })),
          ...(next === undefined ? {} : { next_cursor: next }),
        });
      },
    }),
    route({
      ...common,
      method: 'POST',
      path: '/v1/cloud-connections/:connection_id/import',
      summary: 'Import from the other side',
      description:
        'A file, or a folder with everything in it. What was imported before and has not changed since is passed over; what has becomes the next version of its document. Asked for again while it waits or runs, it is the same job.',
      limit: 'document_write',
      json: z.strictObject({
        path: freeText(2_000).optional().describe('Absent: everything'),
        folder_id: freeText(100).optional().describe('The folder it goes into; else none'),
      }),
      jsonOptional: true,
      responses: { 202: { description: 'Put down; the jobs of the connection show how far it is', json: jobAnswer } },
      errors: ['connection_not_found', 'folder_not_found', 'forbidden', 'invalid_remote_path', 'secret_key_missing'],
      handle: async ({ caller, json, param }) => {
        const wish = { path: remotePath(json.path ?? ''), folderId: json.folder_id ?? null };
        return reply.json(202, { job: transferJson(await requestImport(deps, caller, param('connection_id'), wish)) });
      },
    }),
    route({
      ...common,
      method: 'POST',
      path: '/v1/cloud-connections/:connection_id/mirror',
      summary: 'Mirror to the other side now',
      description:
        'Writes the current version of every document of the mirrored folder below `mirror_path`, where it is not there yet. Nothing is removed on the other side.',
      limit: 'document_write',
      responses: { 202: { description: 'Put down; the jobs of the connection show how far it is', json: jobAnswer } },
      errors: ['connection_not_found', 'secret_key_missing'],
      handle: async ({ caller, param }) =>
        reply.json(202, { job: transferJson(await requestMirror(deps, caller, param('connection_id'))) }),
    }),
    route({
      ...common,
      method: 'GET',
      path: '/v1/cloud-connections/:connection_id/jobs',
      summary: 'Imports and mirrors of a connection',
      description: 'Newest first, with how far they are and what came of them.',
      limit: 'document_read',
      query: pageQuery,
      responses: {
        200: {
          description: 'A page of jobs',
          json: z.object({ jobs: z.array(transferShape), next_cursor: z.string().optional() }),
        },
      },
      errors: ['connection_not_found', 'invalid_cursor'],
      handle: async ({ caller, param, query }) => {
        const { id } = await connectionFor(read, caller, param('connection_id'));
        const found = await jobsOfConnection(read, id, query.limit + 1, decodeCursor(query.cursor));
        const { rows, ...next } = pageOf(found, query.limit);
        return reply.json(200, { jobs: rows.map(transferJson), ...next });
      },
    }),
  ];
}
