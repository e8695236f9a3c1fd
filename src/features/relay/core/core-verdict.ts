import { z } from 'zod';
import { Problem } from '#kit/errors.ts';
import type { CoreReply } from './core-connection.ts';

/** What a refusal says against the credential that it was about. */
export type Feedback = 'none' | 'denial' | 'pressure';

/** The core's no, for the client as it stands. */
export interface CoreRefusal {
  status: number;
  code: string;
  body: Record<string, unknown>;
  /** Seconds. */
  retryAfter?: number;
  feedback: Feedback;
}

/** What the core says to clients of a relay; everything else is between the two of them. */
const feedbackOf: Readonly<Record<number, Feedback>> = {
  400: 'none',
  401: 'denial',
  403: 'denial',
  404: 'none',
  409: 'none',
  413: 'none',
  429: 'pressure',
  507: 'none',
};

/** The relay is not known there, or what it speaks to is no core at all: never the client's fault. */
const relaysOwn = ['relay_unauthenticated', 'authentication_required', 'not_found', 'method_not_allowed'];

const refusalShape = z.looseObject({ error: z.looseObject({ code: z.string().regex(/^[a-z0-9_]{1,64}$/) }) });

/** Undefined for a yes. Throws relay_core_unavailable where it is no answer for a client. */
export function refusalOf(reply: CoreReply): CoreRefusal | undefined {
  if (reply.status === 200 || reply.status === 201) return undefined;
  const retryAfter = secondsOf(reply.headers['retry-after']);
  const feedback = feedbackOf[reply.status];
  if (feedback === undefined) throw unavailable(`status ${reply.status}`, retryAfter);
  const body = parse(refusalShape, reply);
  if (relaysOwn.includes(body.error.code)) throw unavailable(body.error.code);
  return {
    status: reply.status,
    code: body.error.code,
    body,
    feedback,
    ...(retryAfter === undefined ? {} : { retryAfter }),
  };
}

/** Throws relay_core_unavailable when it has another shape: something that is no core said yes. */
export function parse<S extends z.ZodType>(shape: S, { text }: CoreReply): z.output<S> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw unavailable('an answer that is no JSON');
  }
  const parsed = shape.safeParse(value);
  if (!parsed.success) throw unavailable('an answer of another shape');
  return parsed.data;
}

/** The reason is for the log. Seconds. */
export function unavailable(reason: string, retryAfterSeconds = 2): Problem {
  return new Problem('relay_core_unavailable', {
    retryAfterSeconds: Math.min(60, retryAfterSeconds),
    cause: new Error(reason),
  });
}

function secondsOf(header: string | undefined): number | undefined {
  return header !== undefined && /^\d{1,5}$/.test(header) ? Number(header) : undefined;
}
