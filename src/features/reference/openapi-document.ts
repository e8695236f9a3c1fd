import type { z } from 'zod';
import type { Route } from '#http/route.ts';
import { statusOf } from '#http/status.ts';
import { type ErrorCode, errorCodes } from '#kit/error-codes.ts';
import { describeRoute, type Operation } from './describe-route.ts';
import { exampleOf } from './examples.ts';
import { type JsonSchema, SchemaBook } from './json-schema.ts';
import { registeredCodes, unroutedCodes } from './route-errors.ts';

/** All that the reference is made from, in the order of the routes. */
export interface ApiDescription {
  operations: readonly Operation[];
  schemas: SchemaBook;
}

export interface DescribedApi {
  routes: readonly Route[];
  /** Shapes that no answer has but that clients meet: manifests inside of bundles. */
  schemas: readonly z.ZodType[];
}

export function describeApi({ routes, schemas }: DescribedApi): ApiDescription {
  const book = new SchemaBook();
  for (const schema of schemas) book.of(schema, 'output');
  const operations = routes.filter((route) => route.hidden !== true).map((route) => describeRoute(route, book));
  return { operations, schemas: book };
}

const about = `JSON over HTTP. Times are RFC 3339 in UTC; optional values that are absent are left out. Request bodies are at most
64 KiB of JSON and have only the documented fields. Errors look alike everywhere: \`error.code\` is for programs and never
changes its meaning, \`error.message\` is for people. Repeating a request is always safe: an upload with an Idempotency-Key is
answered as it was the first time.`;

/** Lineage knows its callers by tokens of its own; where nobody need say who they are, it has no limit by identity either. */
function securityOf({ access, limit }: Operation): Record<string, []>[] {
  if (limit?.startsWith('lineage_') === true) return [{ lineage: [] }];
  return access === 'anyone' ? [] : [{ session: [] }, { browser: [] }];
}

export const apiVersion = '1.0.0';

/** OpenAPI 3.1. */
export function openApiDocument(api: ApiDescription): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const operation of api.operations) {
    const item = paths[operation.path] ?? {};
    paths[operation.path] = { ...item, [operation.method.toLowerCase()]: operationObject(operation, api.schemas) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Proofline API',
      version: apiVersion,
      description: about,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    tags: [...new Set(api.operations.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        session: { type: 'http', scheme: 'bearer', description: 'The token that `POST /v1/auth/login` returned.' },
        browser: {
          type: 'apiKey',
          in: 'cookie',
          name: '__Host-proofline_session',
          description:
            'What `POST /v1/auth/browser/login` set. Every method but GET, HEAD and OPTIONS needs the header X-CSRF-Token with it, and comes from a page of this server.',
        },
        lineage: {
          type: 'http',
          scheme: 'bearer',
          description: 'The shared token of lineage, or a token of an issuer that it trusts.',
        },
      },
      headers: responseHeaders,
      schemas: api.schemas.components,
      examples: Object.fromEntries(
        registeredCodes().map((code) => [code, { summary: code, value: errorExample(code) }]),
      ),
    },
    'x-unrouted-errors': unroutedCodes.map((code) => ({ status: statusOf(errorCodes[code].kind), code })),
  };
}

const responseHeaders = {
  RetryAfter: { description: 'Seconds after which another try makes sense.', schema: { type: 'integer', minimum: 1 } },
  RequestId: { description: 'Names this request in the log of the server.', schema: { type: 'string' } },
};

const requestId = { 'X-Request-Id': { $ref: '#/components/headers/RequestId' } };

function operationObject(operation: Operation, book: SchemaBook): Record<string, unknown> {
  const { description, request } = operation;
  return {
    operationId: operation.id,
    summary: operation.summary,
    ...(description === undefined ? {} : { description }),
    tags: [operation.tag],
    security: securityOf(operation),
    'x-access': operation.access,
    ...(operation.limit === undefined ? {} : { 'x-rate-class': operation.limit }),
    ...(operation.parameters.length === 0 ? {} : { parameters: operation.parameters }),
    ...(request === undefined ? {} : { requestBody: requestBody(request, book) }),
    responses: { ...successObjects(operation, book), ...errorObjects(operation) },
  };
}

function requestBody(
  { mediaType, description, required, schema }: NonNullable<Operation['request']>,
  book: SchemaBook,
) {
  const example = mediaType === 'application/json' ? { example: exampleOf(schema, book) } : {};
  return {
    ...(description === undefined ? {} : { description }),
    required,
    content: { [mediaType]: { schema, ...example } },
  };
}

function successObjects(operation: Operation, book: SchemaBook): Record<string, unknown> {
  return Object.fromEntries(
    operation.successes.map(({ status, description, mediaType, schema, headers, otherMediaTypes = [] }) => [
      String(status),
      {
        description,
        headers: {
          ...requestId,
          ...Object.fromEntries(
            Object.entries(headers).map(([name, words]) => [name, { description: words, schema: { type: 'string' } }]),
          ),
        },
        ...(mediaType === undefined || schema === undefined
          ? {}
          : {
              content: {
                [mediaType]: {
                  schema,
                  ...(mediaType === 'application/json' ? { example: exampleOf(schema, book) } : {}),
                },
                ...Object.fromEntries(otherMediaTypes.map((other) => [other, { schema: { type: 'string' } }])),
              },
            }),
      },
    ]),
  );
}

/** A status and the codes that may stand in it; a code of its own with more in its answer is an alternative of its own. */
function errorObjects({ errors, errorBodies }: Operation): Record<string, unknown> {
  return Object.fromEntries(
    errors.map(({ status, codes }) => {
      const same = codes.filter((code) => errorBodies[code] === undefined);
      const alternatives = [
        ...(same.length === 0 ? [] : [errorSchema(same)]),
        ...codes.flatMap((code) => (errorBodies[code] === undefined ? [] : [errorSchema([code], errorBodies[code])])),
      ];
      return [
        String(status),
        {
          description: codes.map((code) => `\`${code}\`: ${errorCodes[code].message}`).join('\n\n'),
          headers:
            status === 429 || status === 409 || status >= 500
              ? { ...requestId, 'Retry-After': { $ref: '#/components/headers/RetryAfter' } }
              : requestId,
          content: {
            'application/json': {
              schema: alternatives.length === 1 ? alternatives[0] : { anyOf: alternatives },
              examples: Object.fromEntries(same.map((code) => [code, { $ref: `#/components/examples/${code}` }])),
            },
          },
        },
      ];
    }),
  );
}

function errorSchema(codes: readonly ErrorCode[], more: JsonSchema = {}): JsonSchema {
  const error: JsonSchema = {
    type: 'object',
    properties: {
      code: { type: 'string', enum: [...codes] },
      message: { type: 'string', description: 'For a person.' },
    },
    required: ['code', 'message'],
    additionalProperties: false,
  };
  return {
    type: 'object',
    properties: { error, ...more.properties },
    required: ['error', ...(more.required ?? [])],
    additionalProperties: false,
  };
}

function errorExample(code: ErrorCode): unknown {
  return { error: { code, message: errorCodes[code].message } };
}
