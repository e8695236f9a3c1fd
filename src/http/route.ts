import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import type { z } from 'zod';
import type { ErrorCode } from '#kit/error-codes.ts';
import type { Problem } from '#kit/errors.ts';
import type { Caller } from './caller.ts';
import type { RateClass } from './rate-limits.ts';

export type HttpContext = Context<{ Bindings: HttpBindings }>;

/** Who may call: anyone, a signed-in account, or an administrator. Ownership of an object is the operation's to check. */
export type Access = 'anyone' | 'account' | 'admin';

export interface ResponseShape {
  description: string;
  /** A JSON answer. */
  json?: z.ZodType;
  /** Any other answer: its media type. */
  mediaType?: string;
  /** Where the caller may choose: what else it may be, as text. */
  otherMediaTypes?: readonly string[];
  headers?: Record<string, string>;
}

export interface BodyShape {
  mediaType: string;
  description: string;
  /** Fields of a form, for the reference. */
  fields?: Record<string, string>;
}

export interface HeaderShape {
  description: string;
  required?: boolean;
}

type Parsed<S> = S extends z.ZodType ? z.output<S> : undefined;

/** What a handler receives: everything declared is parsed and the caller is identified. */
export interface Exchange<Json, Query, A extends Access> {
  c: HttpContext;
  caller: A extends 'anyone' ? Caller | undefined : Caller;
  json: Parsed<Json>;
  query: Parsed<Query>;
  param: (name: string) => string;
  /** The whole body, at most so many bytes; throws request_too_large. For routes that declare no `json`. */
  body: (maxBytes: number) => Promise<Uint8Array<ArrayBuffer>>;
}

interface Definition<Json, Query, A extends Access> {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';
  /** Hono pattern, `/v1/incidents/:incident_id`. */
  path: string;
  summary: string;
  description?: string;
  tag: string;
  access: A;
  /** Rate class; undefined only for health checks. */
  limit?: RateClass;
  json?: Json;
  /** An absent body counts as `{}`. */
  jsonOptional?: boolean;
  query?: Query;
  headers?: Record<string, HeaderShape>;
  body?: BodyShape;
  responses: Record<number, ResponseShape>;
  /** What this route may answer besides what its access, limit and body imply. */
  errors: readonly ErrorCode[];
  /** What stands beside `error` in the answer of a code, where its contract has more to say. */
  errorBodies?: Partial<Record<ErrorCode, z.ZodType>>;
  /** Left out of the API reference: pages and static files. */
  hidden?: boolean;
  /** How this route says what went wrong, where its reader is a person: a page in place of JSON. */
  refusal?: (problem: Problem, headers: Record<string, string>) => Response | Promise<Response>;
}

/** A route as the app mounts it and as the API reference describes it. */
export interface Route extends Definition<z.ZodType | undefined, z.ZodType | undefined, Access> {
  handle: (exchange: Exchange<z.ZodType | undefined, z.ZodType | undefined, Access>) => Promise<Response> | Response;
}

export function route<
  Json extends z.ZodType | undefined = undefined,
  Query extends z.ZodType | undefined = undefined,
  A extends Access = Access,
>(
  definition: Definition<Json, Query, A> & {
    handle: (exchange: Exchange<Json, Query, A>) => Promise<Response> | Response;
  },
): Route {
  // The app parses with the very schemas of this definition before it calls `handle`, so the narrower exchange is what arrives.
  return definition as unknown as Route;
}
