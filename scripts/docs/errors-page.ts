import { type ApiDescription, internalCodes, unroutedCodes } from '#features/reference/index.ts';
import { statusOf } from '#http/status.ts';
import { type ErrorCode, errorCodes } from '#kit/error-codes.ts';
import { headingOf } from './api-page.ts';
import { anchor, code, generated, table } from './markdown.ts';

const intro = `
Every error has one form: \`{"error":{"code":"…","message":"…"}}\`. A code never changes its meaning and is never used again
for another; a message is for people and may be worded better at any time. With \`Retry-After\`, the same request may work
after so many seconds.

What a client does with an error follows from its status: 4xx says that the request must change first (401: sign in again;
409: look at the state; 408 and 429: the same request, later), 5xx that the same request is safe to send again.
`;

export function errorsPage(api: ApiDescription): string {
  const known = Object.entries(errorCodes).filter(([name]) => !internalCodes.some((internal) => internal === name));
  const rows = known.map(([name, { kind, message }]) => [
    code(name),
    String(statusOf(kind)),
    message,
    whereFrom(api, name),
  ]);
  return `${generated('Error codes', 'the registry of the code')}${intro}\n${table(['Code', 'Status', 'Meaning', 'Answered by'], rows)}\n`;
}

function whereFrom({ operations }: ApiDescription, name: string): string {
  if (unroutedCodes.some((other: ErrorCode) => other === name)) return 'any other path or method';
  const from = operations.filter(({ errors }) => errors.some(({ codes }) => codes.some((other) => other === name)));
  if (from.length > 6) return `${from.length} of ${operations.length} operations`;
  return from.map((operation) => `[${operation.summary}](api.md#${anchor(headingOf(operation))})`).join(', ');
}
