import assert from 'node:assert/strict';
import type { JsonSchema, Parameter } from '#features/reference/index.ts';
import { mistakes } from './json-schema-check.ts';

export interface DocumentedResponse {
  description: string;
  headers?: Record<string, unknown>;
  content?: Record<string, { schema: JsonSchema; example?: unknown; examples?: Record<string, { $ref: string }> }>;
}

export interface DocumentedOperation {
  operationId: string;
  'x-access': 'anyone' | 'account' | 'admin';
  'x-rate-class'?: string;
  parameters?: Parameter[];
  requestBody?: { required: boolean; content: Record<string, { schema: JsonSchema; example?: unknown }> };
  responses: Record<string, DocumentedResponse>;
}

export interface OpenApi {
  openapi: string;
  paths: Record<string, Record<string, DocumentedOperation>>;
  components: { schemas: Record<string, JsonSchema>; examples: Record<string, { value: unknown }> };
  'x-unrouted-errors': { status: number; code: string }[];
}

export interface Answered {
  method: string;
  path: string;
  status: number;
  headers: Headers;
  body: unknown;
}

/** The document that a running server gives, as judge of every answer that the same server gives. */
export class Contract {
  readonly document: OpenApi;
  readonly #paths: { template: string; pattern: RegExp; parameters: number }[];

  constructor(document: OpenApi) {
    this.document = document;
    this.#paths = Object.keys(document.paths)
      .map((template) => ({
        template,
        pattern: new RegExp(`^${template.replace(/\{[a-z_]+\}/g, '[^/]+')}$`),
        parameters: template.split('{').length,
      }))
      .sort((a, b) => a.parameters - b.parameters);
  }

  static async of(url: string): Promise<Contract> {
    const response = await fetch(`${url}/openapi.json`);
    return new Contract((await response.json()) as OpenApi); // the server's own document; reference.test.ts looks into its form
  }

  operations(): { method: string; path: string; operation: DocumentedOperation }[] {
    return Object.entries(this.document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
    );
  }

  resolve = (ref: string): JsonSchema => {
    const schema = this.document.components.schemas[ref.replace('#/components/schemas/', '')];
    assert.ok(schema, `${ref} resolves`);
    return schema;
  };

  /** Throws when the server said something that its document does not. */
  check(answered: Answered): void {
    const { method, status, headers, body } = answered;
    const path = answered.path.split('?')[0] ?? '';
    const where = `${method} ${path} answered ${status} ${JSON.stringify(body)?.slice(0, 300)}`;
    assertHeaders(
      headers,
      where,
      status === 200 && shownInFrames.test(path) ? { 'x-frame-options': /^SAMEORIGIN$/ } : {},
    );
    const template = this.#paths.find(({ pattern }) => pattern.test(path))?.template;
    const operation = template === undefined ? undefined : this.document.paths[template]?.[method.toLowerCase()];
    if (operation === undefined) {
      const code = (body as { error?: { code?: string } } | undefined)?.error?.code;
      const allowed = this.document['x-unrouted-errors'].some(
        (known) => known.status === status && known.code === code,
      );
      assert.ok(allowed, `${where}, and no such operation is documented`);
      return;
    }
    const response = operation.responses[String(status)];
    assert.ok(response, `${where}: the status is not documented`);
    const mediaType = headers.get('content-type')?.split(';')[0] ?? 'none';
    if (response.content === undefined) {
      assert.equal(mediaType, 'none', `${where}: a body is not documented`);
      return;
    }
    const { schema } = response.content[mediaType] ?? response.content['*/*'] ?? {};
    assert.ok(schema, `${where}: ${mediaType} is not documented`);
    if (mediaType !== 'application/json') return;
    assert.deepEqual(mistakes(schema, body, this.resolve), [], where);
    if (path !== '/openapi.json') assertNothingEmpty(body, where);
  }
}

const everywhere: Record<string, RegExp> = {
  'x-content-type-options': /^nosniff$/,
  'referrer-policy': /^no-referrer$/,
  'x-frame-options': /^DENY$/,
  'content-security-policy': /^default-src 'none'(?!.*unsafe)/,
  'permissions-policy': /camera=\(\), microphone=\(\), geolocation=\(\)/,
  'cache-control': /^(no-store|public, max-age=\d+)/,
  'x-request-id': /^req_[0-9a-z]{26}$/,
};

/** What pages of the server itself may show in a frame. */
const shownInFrames = /^\/v1\/documents\/[^/]+\/(preview|thumbnail)$/;

export function assertHeaders(headers: Headers, where: string, exceptions: Record<string, RegExp> = {}): void {
  for (const [name, pattern] of Object.entries({ ...everywhere, ...exceptions }))
    assert.match(headers.get(name) ?? '(absent)', pattern, `${where}: header ${name}`);
  assert.equal(headers.get('x-powered-by'), null, where);
  assert.equal(headers.get('server'), null, where);
}

/** Absent values are left out: neither null nor an empty text stands for them. */
function assertNothingEmpty(value: unknown, where: string): void {
  assert.ok(value !== null && value !== '', `${where}: an absent value is not left out`);
  if (typeof value === 'object') for (const inner of Object.values(value)) assertNothingEmpty(inner, where);
}
