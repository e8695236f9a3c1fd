import { z } from 'zod';
import { json } from '#http/reply.ts';
import { type HttpContext, type Route, route } from '#http/route.ts';
import type { ErrorCode } from '#kit/error-codes.ts';
import { Problem } from '#kit/errors.ts';
import { timestamp } from '#kit/time.ts';
import { type ActDraft, asCaller, requireScope } from '../authorise.ts';
import { everywhere } from '../identity/identity.ts';
import { sendImmutable } from '../queries/send-record.ts';
import { assertJson } from '../record/scan-json.ts';
import type { CatalogDeps } from './catalog-deps.ts';
import { type DocumentKind, isDocumentId } from './catalog-keys.ts';
import type { Sealed } from './sealed-object.ts';
import { isVersion } from './version.ts';
import { type DocumentVersion, VersionedDocuments } from './versioned-documents.ts';

/** What one kind of document is called. */
export interface DocumentNames {
  kind: DocumentKind;
  one: string;
  many: string;
  missing: ErrorCode;
}

const maxDocumentBytes = 1024 * 1024;

const pageQuery = z.object({
  cursor: z.string().max(200).optional().describe('`next_cursor` of the page before'),
  limit: z.coerce.number().int().min(1).max(100).default(100).describe('Items on a page'),
});
const versionShape = z.object({
  version: z.string(),
  location: z.string().describe('Where this version stays'),
});
const keptShape = versionShape.extend({
  id: z.string(),
  sha256: z.string().describe('Of the bytes, lower-case hexadecimal'),
  bytes: z.number().int(),
  received_at: z.string().describe('RFC 3339, UTC'),
  replayed: z.literal(true).optional().describe('The very bytes were here before'),
});
const common: readonly ErrorCode[] = [
  'authentication_required',
  'forbidden',
  'identity_unavailable',
  'rate_limited',
  'storage_unavailable',
];

export function documentRoutes(deps: CatalogDeps, { kind, many, missing, one }: DocumentNames): Route[] {
  const documents = new VersionedDocuments(deps.objects, deps.prefix, kind);
  const root = `/v1/${kind}`;
  const locationOf = ({ id, version }: DocumentVersion) => `${root}/${id}/versions/${version}`;
  const tag = 'Lineage';
  const read = (c: HttpContext, answer: (act: ActDraft) => Promise<Response>) =>
    asCaller({ deps, c, action: 'read' }, async (caller, act) => {
      requireScope(caller, 'read', {});
      return await answer(act);
    });
  const known = (id: string): string => {
    if (!isDocumentId(id)) throw new Problem(missing);
    return id;
  };
  const stored = async (named: DocumentVersion): Promise<Sealed> => {
    const found = isVersion(named.version) ? await documents.read(named) : undefined;
    if (found === undefined) throw new Problem(missing);
    return found;
  };
  const exactBytes = {
    description: 'The exact bytes that were uploaded',
    mediaType: 'application/json',
    headers: { ETag: 'SHA-256 of the bytes', 'Repr-Digest': 'The same, as RFC 9530 has it' },
  };

  return [
    route({
      method: 'PUT',
      path: `${root}/:id/versions/:version`,
      summary: `Keep a version of a ${one}`,
      description: `Any one JSON value, kept byte for byte. A version never changes: the same bytes again are a replay, others a conflict. A version is a whole number or a semantic version without build metadata; ids are 1 to 64 lower-case letters, digits, dots, hyphens and underscores.`,
      tag,
      access: 'anyone',
      limit: 'lineage_ingest',
      body: { mediaType: 'application/json', description: 'At most 1 MiB' },
      responses: {
        201: { description: 'Kept', json: keptShape },
        200: { description: 'Was kept before', json: keptShape },
      },
      errors: [
        ...common,
        'invalid_json',
        'invalid_name',
        'invalid_version',
        'request_too_large',
        'revision_conflict',
        'storage_full',
        'evidence_corrupt',
      ],
      handle: ({ body, c, param }) =>
        asCaller({ deps, c, action: 'admin' }, async (caller, act) => {
          // They hold for every organization, so who administers one of them is not enough.
          requireScope(caller, 'admin', everywhere);
          const named = { id: param('id'), version: param('version') };
          if (!isDocumentId(named.id))
            throw new Problem('invalid_name', {
              message: `The id of a ${one} is 1 to 64 lower-case letters, digits, dots, hyphens and underscores, beginning with a letter or digit.`,
            });
          if (!isVersion(named.version)) throw new Problem('invalid_version');
          act.document = nameOf(kind, named);
          const bytes = await body(maxDocumentBytes);
          assertJson(bytes);
          const { kept, outcome } = await documents.put(named, bytes, timestamp(deps.clock()));
          if (outcome === 'conflict') throw new Problem('revision_conflict');
          act.outcome = outcome;
          const { content_sha256: _, ...seal } = kept.seal;
          const location = locationOf(named);
          return json(
            outcome === 'created' ? 201 : 200,
            { ...named, location, ...seal, ...(outcome === 'created' ? {} : { replayed: true }) },
            { Location: location, ETag: `"${seal.sha256}"` },
          );
        }),
    }),
    route({
      method: 'GET',
      path: root,
      summary: `List the ${many}, each with its latest version`,
      tag,
      access: 'anyone',
      limit: 'lineage_read',
      query: pageQuery,
      responses: {
        200: {
          description: 'In order of their ids',
          json: z.object({
            [kind]: z.array(z.object({ id: z.string(), latest: versionShape })),
            next_cursor: z.string().optional(),
          }),
        },
      },
      errors: [...common, 'invalid_cursor', 'invalid_request'],
      handle: ({ c, query }) =>
        read(c, async () => {
          const { items, ...rest } = await documents.list(query);
          const listed = items.map((item) => ({
            id: item.id,
            latest: { version: item.version, location: locationOf(item) },
          }));
          return json(200, { [kind]: listed, ...rest });
        }),
    }),
    route({
      method: 'GET',
      path: `${root}/:id`,
      summary: `The latest version of a ${one}`,
      description:
        'The highest release, whenever it was uploaded; the highest pre-release where there is no release. A whole number stands just below its `.0.0`.',
      tag,
      access: 'anyone',
      limit: 'lineage_read',
      responses: {
        200: { ...exactBytes, headers: { ...exactBytes.headers, 'Content-Location': 'Where this version stays' } },
        304: { description: 'The latest version is the one that the caller has' },
      },
      errors: [...common, missing, 'evidence_corrupt'],
      handle: ({ c, param }) =>
        read(c, async (act) => {
          const id = known(param('id'));
          act.document = nameOf(kind, { id });
          const version = await documents.latest(id);
          if (version === undefined) throw new Problem(missing);
          act.document = nameOf(kind, { id, version });
          const found = await stored({ id, version });
          return send(c, found, { forever: false, headers: { 'Content-Location': locationOf({ id, version }) } });
        }),
    }),
    route({
      method: 'GET',
      path: `${root}/:id/versions`,
      summary: `List the versions of a ${one}, highest first`,
      tag,
      access: 'anyone',
      limit: 'lineage_read',
      query: pageQuery,
      responses: {
        200: {
          description: 'By semantic version, pre-releases below their release',
          json: z.object({
            versions: z.array(versionShape),
            latest: versionShape,
            next_cursor: z.string().optional(),
          }),
        },
      },
      errors: [...common, missing, 'invalid_cursor', 'invalid_request'],
      handle: ({ c, param, query }) =>
        read(c, async (act) => {
          const id = known(param('id'));
          act.document = nameOf(kind, { id });
          const page = await documents.versions(id, query);
          if (page === undefined) throw new Problem(missing);
          const { items, latest, ...rest } = page;
          const shown = (version: string) => ({ version, location: locationOf({ id, version }) });
          return json(200, { versions: items.map(shown), latest: shown(latest), ...rest });
        }),
    }),
    route({
      method: 'GET',
      path: `${root}/:id/versions/:version`,
      summary: `One version of a ${one}`,
      tag,
      access: 'anyone',
      limit: 'lineage_read',
      responses: { 200: exactBytes, 304: { description: 'The caller has it' } },
      errors: [...common, missing, 'evidence_corrupt'],
      handle: ({ c, param }) =>
        read(c, async (act) => {
          const named = { id: known(param('id')), version: param('version') };
          if (isVersion(named.version)) act.document = nameOf(kind, named);
          return send(c, await stored(named), { forever: true });
        }),
    }),
  ];
}

function nameOf(kind: DocumentKind, { id, version }: { id: string; version?: string }): string {
  return version === undefined ? `${kind}/${id}` : `${kind}/${id}@${version}`;
}

function send(
  c: HttpContext,
  { payload, seal }: Sealed,
  { forever, headers }: { forever: boolean; headers?: Record<string, string> },
): Response {
  return sendImmutable(c, {
    bytes: payload,
    sha256: seal.sha256,
    forever,
    headers: { 'Last-Modified': new Date(seal.received_at).toUTCString(), ...headers },
  });
}
