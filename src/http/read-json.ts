import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { type ErrorCode, errorCodes } from '#kit/error-codes.ts';
import { Problem } from '#kit/errors.ts';

export const maxJsonBytes = 64 * 1024;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The whole body as bytes, at most `maxBytes`; throws request_too_large and leaves the rest for the server to drain. */
export async function readBody(incoming: IncomingMessage, maxBytes: number): Promise<Buffer> {
  if (Number(incoming.headers['content-length'] ?? 0) > maxBytes) throw new Problem('request_too_large');
  return await new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let size = 0;
    const settle = (finish: () => void) => {
      incoming.off('data', onData).off('end', onEnd).off('error', onError).off('close', onClose);
      finish();
    };
    const onData = (part: Buffer) => {
      size += part.length;
      parts.push(part);
      if (size > maxBytes) {
        incoming.pause();
        settle(() => reject(new Problem('request_too_large')));
      }
    };
    const onEnd = () => settle(() => resolve(Buffer.concat(parts, size)));
    const onError = (error: Error) => settle(() => reject(error));
    const onClose = () => settle(() => reject(new Error('the client went away')));
    incoming.on('data', onData).on('end', onEnd).on('error', onError).on('close', onClose);
    // A body that a rate limit or a look-up kept waiting may have ended in the meantime.
    if (incoming.readableEnded) onEnd();
    else if (incoming.destroyed) onClose();
  });
}

export async function readJson(incoming: IncomingMessage, schema: z.ZodType, optional: boolean): Promise<unknown> {
  const bytes = await readBody(incoming, maxJsonBytes);
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
