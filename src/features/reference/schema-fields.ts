import { componentName, type JsonSchema } from './json-schema.ts';

export interface Field {
  name: string;
  /** `string`, `integer`, `time`, `Stream`, `Chunk[]`, … */
  type: string;
  /** Names of components inside of the type, for links. */
  component?: string;
  required: boolean;
  /** What else is to know: allowed values, bounds, words. */
  notes: readonly string[];
}

/** The fields of an object schema as lines of a table; objects inside of it become `outer.inner`. */
export function fieldsOf(schema: JsonSchema, prefix = ''): Field[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, value]) => {
    const required = schema.required?.includes(name) === true;
    const inner = value.type === 'array' ? value.items : value;
    const suffix = value.type === 'array' ? '[]' : '';
    const field = fieldOf(`${prefix}${name}`, value, required);
    return inner?.properties === undefined ? [field] : [field, ...fieldsOf(inner, `${prefix}${name}${suffix}.`)];
  });
}

function fieldOf(name: string, schema: JsonSchema, required: boolean): Field {
  const ref = schema.$ref ?? schema.items?.$ref;
  return {
    name,
    type: typeOf(schema),
    ...(ref === undefined ? {} : { component: componentName(ref) }),
    required,
    notes: notesOf(schema),
  };
}

export function typeOf(schema: JsonSchema): string {
  if (schema.$ref !== undefined) return componentName(schema.$ref);
  if (schema.contentMediaType !== undefined) return 'bytes';
  if (schema.format === 'date-time') return 'time';
  if (schema.type === 'array') return `${schema.items === undefined ? 'any' : typeOf(schema.items)}[]`;
  if (Array.isArray(schema.type)) return schema.type.join(' or ');
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(typeOf))].join(' or ');
  return schema.type ?? 'any';
}

function notesOf(schema: JsonSchema): string[] {
  const { minimum, maximum } = schema;
  return [
    ...(schema.description === undefined ? [] : [schema.description]),
    ...(schema.const === undefined ? [] : [`always ${shown(schema.const)}`]),
    ...(schema.enum === undefined ? [] : [`one of ${schema.enum.map(shown).join(', ')}`]),
    ...(minimum === undefined && maximum === undefined ? [] : [bounds(minimum, maximum)]),
    ...(schema.maxLength === undefined ? [] : [`at most ${schema.maxLength} characters`]),
    ...(schema.default === undefined ? [] : [`default ${shown(schema.default)}`]),
  ];
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function bounds(minimum: number | undefined, maximum: number | undefined): string {
  if (minimum === undefined) return `at most ${maximum}`;
  return maximum === undefined ? `at least ${minimum}` : `${minimum} to ${maximum}`;
}
