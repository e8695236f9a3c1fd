import type { RateClass } from '#http/rate-limits.ts';
import type { Access, Route } from '#http/route.ts';
import type { JsonSchema, SchemaBook } from './json-schema.ts';
import { type ErrorAnswers, errorsOf } from './route-errors.ts';

export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required: boolean;
  description?: string;
  schema: JsonSchema;
}

export interface Success {
  status: number;
  description: string;
  mediaType?: string;
  schema?: JsonSchema;
  /** Beside mediaType, as text. */
  otherMediaTypes?: readonly string[];
  /** Name and meaning. */
  headers: Readonly<Record<string, string>>;
}

/** A route as the document, the page and docs/api.md all show it. */
export interface Operation {
  /** Unique; also its anchor. */
  id: string;
  method: Route['method'];
  /** `/v1/incidents/{incident_id}` */
  path: string;
  summary: string;
  description?: string;
  tag: string;
  access: Access;
  limit?: RateClass;
  parameters: readonly Parameter[];
  request?: { mediaType: string; description?: string; required: boolean; schema: JsonSchema };
  successes: readonly Success[];
  errors: readonly ErrorAnswers[];
  /** Schema of what stands beside `error`, by code. */
  errorBodies: Readonly<Record<string, JsonSchema>>;
}

const pathParameters: Record<string, { description: string; schema: JsonSchema }> = {
  incident_id: { description: 'The incident, `inc_…`', schema: { type: 'string' } },
  stream_id: { description: 'The stream, `str_…`', schema: { type: 'string' } },
  capture_group_id: { description: 'The capture group, `cgr_…`', schema: { type: 'string' } },
  capability_id: { description: 'The relay capability, `cap_…`; not its token', schema: { type: 'string' } },
  safety_check_id: { description: 'The safety check, `sfc_…`', schema: { type: 'string' } },
  supersession_id: { description: 'The supersession, `sup_…`', schema: { type: 'string' } },
  account_id: { description: 'The account, `acct_…`', schema: { type: 'string' } },
  token_id: { description: 'The viewer link, `itk_…`; not its token', schema: { type: 'string' } },
  token: { description: 'The token of a link', schema: { type: 'string' } },
  media_type: { description: 'Media type of the chunk', schema: { $ref: '#/components/schemas/MediaType' } },
  chunk_index: { description: 'Number of the chunk', schema: { type: 'integer', minimum: 0 } },
  document_id: { description: 'The document, `doc_…`', schema: { type: 'string' } },
  folder_id: { description: 'The folder, `fld_…`', schema: { type: 'string' } },
  topic_id: { description: 'The topic, `top_…`', schema: { type: 'string' } },
  share_id: { description: 'The share, `shr_…`', schema: { type: 'string' } },
  group_id: { description: 'The group, `grp_…`', schema: { type: 'string' } },
  job_id: { description: 'The job, `job_…`', schema: { type: 'string' } },
  connection_id: { description: 'The connection, `con_…`', schema: { type: 'string' } },
  upload_id: { description: 'The upload, `upl_…`', schema: { type: 'string' } },
  organization: { description: 'Whose service it is, in any spelling', schema: { type: 'string' } },
  project: { description: 'The project of the service', schema: { type: 'string' } },
  service: { description: 'The service', schema: { type: 'string' } },
  run_id: { description: 'The run, unique within its service', schema: { type: 'string' } },
  deployment_id: { description: 'The deployment', schema: { type: 'string' } },
  id: { description: 'The name of the document', schema: { type: 'string' } },
  version: { description: 'A semantic version, or a whole number', schema: { type: 'string' } },
};

export function describeRoute(route: Route, book: SchemaBook): Operation {
  const path = route.path.replace(/:([a-z_]+)/g, '{$1}');
  const request = requestOf(route, book);
  return {
    id: `${route.method} ${path}`
      .toLowerCase()
      .replace(/[^a-z0-9_]+/g, '-')
      .replace(/-$/, ''),
    method: route.method,
    path,
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    tag: route.tag,
    access: route.access,
    ...(route.limit === undefined ? {} : { limit: route.limit }),
    parameters: parametersOf(route, book),
    ...(request === undefined ? {} : { request }),
    successes: Object.entries(route.responses).map(([status, shape]) => ({
      status: Number(status),
      description: shape.description,
      headers: { ...shape.headers, ...digestHeaders(shape.mediaType) },
      ...(shape.otherMediaTypes === undefined ? {} : { otherMediaTypes: shape.otherMediaTypes }),
      ...(shape.json === undefined
        ? shape.mediaType === undefined
          ? {}
          : { mediaType: shape.mediaType, schema: { type: 'string', contentMediaType: shape.mediaType } }
        : { mediaType: 'application/json', schema: book.of(shape.json, 'output') }),
    })),
    errors: errorsOf(route),
    errorBodies: Object.fromEntries(
      Object.entries(route.errorBodies ?? {}).map(([code, shape]) => [code, book.of(shape, 'output')]),
    ),
  };
}

/** Bytes are attachments of a known length; a transfer that ends short of it is broken. */
function digestHeaders(mediaType: string | undefined): Record<string, string> {
  return mediaType === 'application/zip' || mediaType === 'application/octet-stream'
    ? { 'Content-Length': 'Bytes of the whole; fewer means a broken transfer', 'Content-Disposition': 'attachment' }
    : {};
}

function parametersOf(route: Route, book: SchemaBook): Parameter[] {
  const inPath = [...route.path.matchAll(/:([a-z_]+)/g)].map(([, name = '']): Parameter => {
    const known = pathParameters[name];
    if (known === undefined) throw new Error(`the path parameter ${name} has no description`);
    return { name, in: 'path', required: true, ...known };
  });
  const query = route.query === undefined ? {} : book.of(route.query, 'input');
  const inQuery = Object.entries(query.properties ?? {}).map(
    ([name, schema]): Parameter => ({
      name,
      in: 'query',
      required: query.required?.includes(name) === true,
      ...described(schema),
    }),
  );
  const inHeader = Object.entries(route.headers ?? {}).map(
    ([name, header]): Parameter => ({
      name,
      in: 'header',
      required: header.required === true,
      description: header.description,
      schema: { type: 'string' },
    }),
  );
  return [...inPath, ...inQuery, ...inHeader];
}

function described({ description, ...schema }: JsonSchema): { description?: string; schema: JsonSchema } {
  return description === undefined ? { schema } : { description, schema };
}

function requestOf(route: Route, book: SchemaBook): Operation['request'] {
  if (route.json !== undefined) {
    return {
      mediaType: 'application/json',
      required: route.jsonOptional !== true,
      schema: book.of(route.json, 'input'),
    };
  }
  if (route.body === undefined) return undefined;
  const { mediaType, description, fields } = route.body;
  if (fields === undefined)
    return { mediaType, description, required: true, schema: { type: 'string', contentMediaType: mediaType } };
  const required = Object.keys(fields).filter((name) => fields[name]?.endsWith('(required)'));
  const properties = Object.fromEntries(
    Object.entries(fields).map(([name, words]): [string, JsonSchema] => [
      name,
      {
        type: 'string',
        description: words.replace(/ \(required\)$/, ''),
        ...(name === 'file' ? { contentMediaType: 'application/octet-stream' } : {}),
      },
    ]),
  );
  return {
    mediaType,
    description,
    required: true,
    schema: { type: 'object', properties, required, additionalProperties: false },
  };
}
