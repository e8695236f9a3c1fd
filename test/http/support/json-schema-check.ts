import { isDeepStrictEqual } from 'node:util';
import type { JsonSchema } from '#features/reference/index.ts';

type Resolve = (ref: string) => JsonSchema;

/**
 * What of a value the schema does not allow, as sentences with places; empty when all is right. Written here and not taken from zod,
 * so that documents made by zod are not judged by zod.
 */
export function mistakes(schema: JsonSchema, value: unknown, resolve: Resolve, at = '$'): string[] {
  if (schema.$ref !== undefined) return mistakes(resolve(schema.$ref), value, resolve, at);
  if (schema.anyOf !== undefined) {
    const each = schema.anyOf.map((option) => mistakes(option, value, resolve, at));
    return each.some((found) => found.length === 0) ? [] : [`${at}: no alternative fits`, ...(each[0] ?? [])];
  }
  if (schema.const !== undefined && !isDeepStrictEqual(schema.const, value))
    return [`${at}: not ${JSON.stringify(schema.const)}`];
  if (schema.enum !== undefined && !schema.enum.includes(value))
    return [`${at}: ${JSON.stringify(value)} is not listed`];
  const types = schema.type === undefined ? [] : Array.isArray(schema.type) ? schema.type : [schema.type];
  if (types.length > 0 && !types.some((type) => isOfType(value, type)))
    return [`${at}: ${JSON.stringify(value)} is no ${types.join(' or ')}`];
  if (typeof value === 'string') return textMistakes(schema, value, at);
  if (typeof value === 'number') return numberMistakes(schema, value, at);
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined ? [] : value.flatMap((item, i) => mistakes(items, item, resolve, `${at}[${i}]`));
  }
  return typeof value === 'object' && value !== null ? objectMistakes(schema, value, resolve, at) : [];
}

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case 'integer':
      return Number.isInteger(value);
    case 'array':
      return Array.isArray(value);
    case 'null':
      return value === null;
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    default:
      // string, number and boolean are called alike in both languages
      return typeof value === type;
  }
}

const utc = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3,6}Z$/;

function textMistakes(schema: JsonSchema, value: string, at: string): string[] {
  return [
    ...(schema.format === 'date-time' && !utc.test(value) ? [`${at}: ${value} is no UTC time`] : []),
    ...(schema.pattern !== undefined && !new RegExp(schema.pattern).test(value)
      ? [`${at}: not ${schema.pattern}`]
      : []),
    ...(value.length > (schema.maxLength ?? Number.POSITIVE_INFINITY) ? [`${at}: too long`] : []),
    ...(value.length < (schema.minLength ?? 0) ? [`${at}: too short`] : []),
  ];
}

function numberMistakes(schema: JsonSchema, value: number, at: string): string[] {
  const low = value < (schema.minimum ?? Number.NEGATIVE_INFINITY);
  const high = value > (schema.maximum ?? Number.POSITIVE_INFINITY);
  return low || high ? [`${at}: ${value} is out of bounds`] : [];
}

function objectMistakes(schema: JsonSchema, value: object, resolve: Resolve, at: string): string[] {
  const { properties = {}, required = [], additionalProperties } = schema;
  const missing = required.filter((name) => !Object.hasOwn(value, name)).map((name) => `${at}.${name}: missing`);
  const inside = Object.entries(value).flatMap(([name, inner]) => {
    const known = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (known !== undefined) return mistakes(known, inner, resolve, `${at}.${name}`);
    if (additionalProperties === false) return [`${at}.${name}: not documented`];
    return typeof additionalProperties === 'object'
      ? mistakes(additionalProperties, inner, resolve, `${at}.${name}`)
      : [];
  });
  return [...missing, ...inside];
}
