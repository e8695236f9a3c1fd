import { types } from 'pg';
import { Problem } from '#kit/errors.ts';

/**
 * What a parameter may be, on the wire. Everything else would be bent on the way (a Date to local time, an object to JSON).
 * PostgreSQL has no text with NUL. `toFind`: what is looked for with one is not there, whichever database is asked.
 */
export function wireValues(parameters: readonly unknown[], toFind: boolean): (string | Buffer | null)[] {
  return parameters.map((value, index) => {
    switch (typeof value) {
      case 'string':
        if (!value.includes('\0')) return value;
        // No id, name or hash holds a replacement character, so this finds nothing either.
        if (toFind) return value.replaceAll('\0', '\u{FFFD}');
        // Clients are told so before; here it ends what the server would refuse with less to say.
        throw new Problem('invalid_request', { message: 'Text must not contain NUL.' });
      case 'number':
      case 'bigint':
        return String(value);
      case 'object':
        if (value === null) return null;
        if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    }
    throw new TypeError(`Parameter ${index + 1} is of a type that cannot be bound (${typeof value}).`);
  });
}

/** Whole numbers as numbers: sizes and counts stay far below 2^53, and one that did not would be wrong without a word. */
function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError('A number of the database is too large for this program.');
  return value;
}

const timePattern = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?\+00$/;

/** `2026-01-02 03:04:05.67+00` as what was stored: RFC 3339, at least three digits of fraction. Sessions are in UTC. */
function time(text: string): string {
  const [, day, clock, fraction = ''] = timePattern.exec(text) ?? [];
  if (day === undefined || clock === undefined) throw new RangeError('A time of the database has no RFC 3339 form.');
  return `${day}T${clock}.${fraction.padEnd(3, '0')}Z`;
}

const parsers = new Map<number, (text: string) => unknown>([
  [types.builtins.INT2, wholeNumber],
  [types.builtins.INT4, wholeNumber],
  [types.builtins.INT8, wholeNumber],
  // Sums of BIGINT are NUMERIC.
  [types.builtins.NUMERIC, Number],
  [types.builtins.FLOAT4, Number],
  [types.builtins.FLOAT8, Number],
  [types.builtins.TIMESTAMPTZ, time],
  // As the other database says it.
  [types.builtins.BOOL, (text) => (text === 't' ? 1 : 0)],
]);

const asText = (text: string) => text;

/** Rows come out with the same JavaScript values as from SQLite. */
export const typeParsers = { getTypeParser: (oid: number) => parsers.get(oid) ?? asText };
