import { z } from 'zod';
import type { Caller } from '#http/caller.ts';
import { decodeCursor, pageOf, pageQuery } from '#http/paging.ts';
import type { RateClass } from '#http/rate-limits.ts';
import * as reply from '#http/reply.ts';
import { type HttpContext, type Route, route } from '#http/route.ts';
import type { ErrorCode } from '#kit/error-codes.ts';
import { Problem } from '#kit/errors.ts';
import type { TusDeps } from './answer-tus.ts';
import { finishPatienceMs, finishUpload } from './finish-upload.ts';
import type { ResumableConfig } from './resumable.config.ts';
import { uploadJson, uploadShape } from './resumable.json.ts';
import { isFull, type UploadRow, type UploadScope, uploadFor, uploadsOf } from './resumable.store.ts';
import type { UploadTarget } from './upload-target.ts';

export interface ResumableRoutesOptions {
  /** `/v1/documents/uploads`; with `:incident_id` in it, each incident has its own. */
  path: string;
  tag: string;
  limit: RateClass;
  /** What becomes of an upload, in a sentence: "a document". */
  result: string;
  /** Keys of `Upload-Metadata` that mean something here, in words. */
  words: string;
  /** What the target refuses with, at the beginning and at the end. */
  errors: readonly ErrorCode[];
}

const version = { 'Tus-Resumable': '1.0.0' };
const versionHeader = { 'Tus-Resumable': { description: '1.0.0', required: true } };
const resultHeader = { 'Proofline-Result': 'The id of what became of it, once all bytes are there' };

const storeErrors: readonly ErrorCode[] = [
  'staging_full',
  'storage_full',
  'storage_unavailable',
  'coordination_unavailable',
];
const bytesErrors: readonly ErrorCode[] = [
  'length_mismatch',
  'upload_too_large',
  'hash_mismatch',
  'evidence_corrupt',
  'request_timeout',
  ...storeErrors,
];
const uploadErrors: readonly ErrorCode[] = [
  'invalid_request',
  'tus_version_unsupported',
  'upload_not_found',
  'upload_gone',
  'upload_locked',
];

const incidentPart = ':incident_id';

/** Of an exchange, what an answer of the protocol is made of. */
interface Asked {
  c: HttpContext;
  caller: Caller;
  param(name: string): string;
}

function assertVersion(c: HttpContext): void {
  if (c.req.header('tus-resumable') !== version['Tus-Resumable']) throw new Problem('tus_version_unsupported');
}

/** Resumable uploads by the protocol of tus.io, 1.0.0, for whatever the target makes of them. */
export function resumableRoutes(
  deps: TusDeps,
  config: ResumableConfig,
  target: UploadTarget,
  options: ResumableRoutesOptions,
): Route[] {
  const { path, tag, limit, errors } = options;
  const { read } = deps.metadata;
  const one = `${path}/:upload_id`;
  // Loaded with the first upload: the library and what it brings along would cost every start a tenth of a second.
  const tus = async ({ c, caller }: Asked, { incident_id: incidentId }: UploadScope) => {
    assertVersion(c);
    const { answerTus } = await import('./answer-tus.ts');
    const here = incidentId === null ? path : path.replace(incidentPart, incidentId);
    return await answerTus(deps, config, { c, caller, target, path: here, incidentId });
  };
  const enter = async ({ caller, param }: Asked): Promise<UploadScope> => {
    const incidentId = path.includes(incidentPart) ? param('incident_id') : null;
    if (incidentId !== null) await target.admit?.(caller, incidentId);
    return { target: target.kind, incident_id: incidentId };
  };
  const seen = async (asked: Asked): Promise<UploadRow> =>
    await uploadFor(read, asked.caller, asked.param('upload_id'), await enter(asked));
  const scopeErrors: readonly ErrorCode[] = path.includes(incidentPart)
    ? ['incident_not_found', 'incident_deleting']
    : [];
  const refusal: NonNullable<Route['refusal']> = (problem, headers) =>
    reply.problem(problem, { ...headers, ...version, 'Tus-Version': version['Tus-Resumable'] });
  return [
    route({
      method: 'OPTIONS',
      path,
      summary: 'What resumable uploads can do here',
      description: 'By the protocol of tus.io. Checksums of single requests and concatenation are not offered.',
      tag,
      access: 'anyone',
      limit,
      responses: {
        204: {
          description: 'The headers say it',
          headers: {
            'Tus-Version': '1.0.0',
            'Tus-Extension': 'creation, creation-with-upload, expiration, termination',
            'Tus-Max-Size': 'Bytes',
          },
        },
      },
      errors: [],
      handle: () =>
        reply.noContent({
          ...version,
          'Tus-Version': version['Tus-Resumable'],
          'Tus-Extension': 'creation,creation-with-upload,expiration,termination',
          'Tus-Max-Size': String(target.maxBytes),
        }),
    }),
    route({
      method: 'GET',
      path,
      summary: 'List resumable uploads',
      description: 'Those that can be gone on with, and what became of those that ended lately.',
      tag,
      access: 'account',
      limit,
      query: pageQuery,
      responses: {
        200: {
          description: 'A page of uploads',
          json: z.object({ uploads: z.array(uploadShape), next_cursor: z.string().optional() }),
        },
      },
      errors: ['invalid_cursor', ...scopeErrors],
      handle: async (asked) => {
        const scope = await enter(asked);
        const { caller, query } = asked;
        const after = decodeCursor(query.cursor);
        const found = await uploadsOf(read, caller.accountId, scope, query.limit + 1, after);
        const { rows, ...next } = pageOf(found, query.limit);
        return reply.json(200, { uploads: rows.map(uploadJson), ...next });
      },
    }),
    route({
      method: 'POST',
      path,
      summary: `Begin a resumable upload of ${options.result}`,
      description: `Everything that can be refused is refused here, before the first byte. The body is empty or, as \`application/offset+octet-stream\`, already the first bytes. ${options.words}`,
      tag,
      access: 'account',
      limit,
      headers: {
        ...versionHeader,
        'Upload-Length': { description: 'Bytes of the whole', required: true },
        'Upload-Metadata': {
          description:
            'Pairs of a key and a value in base64, separated by commas. Other keys are kept and mean nothing.',
        },
      },
      responses: {
        201: {
          description: 'Begun',
          headers: {
            Location: 'Where its bytes go',
            'Upload-Offset':
              'Bytes that are kept, where the body had some or the same upload was begun before: where to go on',
            'Upload-Expires': 'When it goes if nothing more comes',
            ...resultHeader,
          },
        },
      },
      errors: [
        ...new Set<ErrorCode>([
          'invalid_request',
          'tus_version_unsupported',
          'invalid_sha256_hex',
          'too_many_uploads',
          'upload_gone',
          'upload_locked',
          'upload_offset_conflict',
          ...bytesErrors,
          ...errors,
        ]),
      ],
      refusal,
      handle: async (asked) => await tus(asked, await enter(asked)),
    }),
    route({
      method: 'HEAD',
      path: one,
      summary: 'How far an upload has come',
      description: `Whoever is told that all bytes are kept may rely on it that ${options.result} was made of them: where that has not happened yet, it happens first, or is refused.`,
      tag,
      access: 'account',
      limit,
      headers: versionHeader,
      responses: {
        200: {
          description: 'The headers say it',
          headers: {
            'Upload-Offset': 'Bytes that are kept: where to go on',
            'Upload-Length': 'Bytes of the whole',
            'Upload-Metadata': 'As it was given',
            ...resultHeader,
          },
        },
      },
      errors: [...new Set<ErrorCode>([...uploadErrors, ...bytesErrors, ...errors])],
      refusal,
      handle: async (asked) => {
        const upload = await seen(asked);
        assertVersion(asked.c);
        if (isFull(upload)) await finishUpload(deps, config, target, upload.id, { patienceMs: finishPatienceMs });
        return await tus(asked, upload);
      },
    }),
    route({
      method: 'PATCH',
      path: one,
      summary: 'Send bytes of an upload',
      description: `What has arrived is kept, a slice at a time, also when the connection breaks. The request that brings the last byte is answered when ${options.result} has been made of them; an empty one at the end asks for that again.`,
      tag,
      access: 'account',
      limit,
      headers: {
        ...versionHeader,
        'Upload-Offset': { description: 'Where these bytes begin: what HEAD says', required: true },
      },
      body: {
        mediaType: 'application/offset+octet-stream',
        description: 'The bytes from the offset on, or some of them',
      },
      responses: {
        204: {
          description: 'Kept: the bytes are on durable storage',
          headers: {
            'Upload-Offset': 'Bytes that are kept now',
            'Upload-Expires': 'When it goes if nothing more comes',
            ...resultHeader,
          },
        },
      },
      errors: [...new Set<ErrorCode>([...uploadErrors, 'upload_offset_conflict', ...bytesErrors, ...errors])],
      refusal,
      handle: async (asked) => await tus(asked, await seen(asked)),
    }),
    route({
      method: 'DELETE',
      path: one,
      summary: 'End an upload',
      description: `Its bytes are removed. ${options.result} that was made of them already stays.`,
      tag,
      access: 'account',
      limit,
      headers: versionHeader,
      responses: { 204: { description: 'Ended' } },
      errors: [...uploadErrors, 'coordination_unavailable', ...scopeErrors],
      refusal,
      handle: async (asked) => await tus(asked, await seen(asked)),
    }),
    route({
      method: 'GET',
      path: one,
      summary: 'An upload, and what became of it',
      tag,
      access: 'account',
      limit,
      responses: { 200: { description: 'The upload', json: z.object({ upload: uploadShape }) } },
      errors: ['upload_not_found', 'upload_gone', ...scopeErrors],
      handle: async (asked) => reply.json(200, { upload: uploadJson(await seen(asked)) }),
    }),
  ];
}
