import { z } from 'zod';
import { type ErrorCode, errorCodes } from '#kit/error-codes.ts';
import { Problem } from '#kit/errors.ts';

export const maxJsonBytes = 64 * 1024;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** One JSON value that fits the schema. An absent body counts as `{}` where that is allowed. */
export function parseJson(bytes: Uint8Array, schema: z.ZodType, optional: boolean): unknown {
  if (bytes.length === 0 && optional) return check(schema, {});
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(bytes));
  } catch {
    throw new Problem('invalid_json');
  }
  return check(schema, value);
}

/** Parses with the schema. A message that is a registered code becomes that code; a wrong shape is invalid_json, else invalid_request. */
export function check<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = issue === undefined ? '' : issue.path.join('.');
  if (issue !== undefined && Object.hasOwn(errorCodes, issue.message)) throw new Problem(issue.message as ErrorCode);
  if (issue?.code === 'unrecognized_keys')
    throw new Problem('invalid_json', { message: 'The body has a field that this route does not know.' });
  if (field === '') throw new Problem('invalid_json');
  throw new Problem('invalid_request', { message: `${field}: ${issue?.message ?? 'not valid'}` });
}

/** Free text from a client: bounded, and without the NUL that databases refuse. */
export function freeText(maxLength: number) {
  return z
    .string()
    .max(maxLength, `at most ${maxLength} characters`)
    .refine((value) => !value.includes('\0'), 'must not contain NUL')
    .refine((value) => value.isWellFormed(), 'must be well-formed text');
}

/** Free text that may be absent. Empty counts as absent, so that answers can leave it out. */
export function optionalText(maxLength: number) {
  return freeText(maxLength)
    .optional()
    .transform((value) => (value === '' ? undefined : value));
}
