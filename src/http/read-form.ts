import type { IncomingMessage } from 'node:http';
import { Problem } from '#kit/errors.ts';
import { readBody } from './read-body.ts';

const maxFormBytes = 16 * 1024;

export type Form = URLSearchParams;

/** A form as browsers send it. Throws request_too_large, invalid_request. */
export async function readForm(incoming: IncomingMessage): Promise<Form> {
  const type = incoming.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/x-www-form-urlencoded') throw new Problem('invalid_request');
  return new URLSearchParams((await readBody(incoming, maxFormBytes)).toString('utf8'));
}

/** One line of text from a form or an address, without surrounding space; empty when it is missing. */
export function textOf(form: Form, name: string): string {
  const value = (form.get(name) ?? '').trim();
  return value.includes('\0') || !value.isWellFormed() ? '' : value.slice(0, 1000);
}
