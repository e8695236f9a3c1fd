import { z } from 'zod';

/** The part of JSON Schema 2020-12 that zod writes for our shapes. */
export interface JsonSchema {
  $ref?: string;
  type?: string | string[];
  description?: string;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: boolean | JsonSchema;
  propertyNames?: JsonSchema;
  items?: JsonSchema;
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  anyOf?: JsonSchema[];
  allOf?: JsonSchema[];
  format?: string;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  contentEncoding?: string;
  contentMediaType?: string;
}

const componentPrefix = '#/components/schemas/';

/** Turns zod schemas into JSON Schema and collects those that have a name of their own (`.meta({ id })`) once. */
export class SchemaBook {
  readonly components: Record<string, JsonSchema> = {};

  /** `input`: what a client may send, defaults absent. `output`: what the server answers, without other fields. */
  of(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
    // A schema of zod's own type is what toJSONSchema promises; JsonSchema names the part of it that occurs here.
    const {
      $schema: _,
      $defs,
      ...root
    } = z.toJSONSchema(schema, { io }) as JsonSchema & {
      $schema?: string;
      $defs?: Record<string, JsonSchema>;
    };
    for (const [name, definition] of Object.entries($defs ?? {})) this.#keep(name, plain(definition));
    return plain(root);
  }

  resolve(schema: JsonSchema): JsonSchema {
    if (schema.$ref === undefined) return schema;
    const found = this.components[componentName(schema.$ref)];
    if (found === undefined) throw new Error(`no schema ${schema.$ref}`);
    return found;
  }

  #keep(name: string, definition: JsonSchema): void {
    const known = this.components[name];
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(definition))
      throw new Error(`two schemas are called ${name}`);
    this.components[name] = definition;
  }
}

export function componentName(ref: string): string {
  return ref.slice(componentPrefix.length);
}

/** References as OpenAPI has them, and without what only repeats itself: the pattern of a date, the bounds of every integer. */
function plain(schema: JsonSchema): JsonSchema {
  const result: JsonSchema = { ...schema };
  if (result.$ref !== undefined) result.$ref = result.$ref.replace('#/$defs/', componentPrefix);
  if (result.format === 'date-time') delete result.pattern;
  if (result.minimum === Number.MIN_SAFE_INTEGER) delete result.minimum;
  if (result.maximum === Number.MAX_SAFE_INTEGER) delete result.maximum;
  delete (result as { id?: string }).id; // its name stands in the components
  if (result.properties !== undefined)
    result.properties = Object.fromEntries(
      Object.entries(result.properties).map(([name, value]) => [name, plain(value)]),
    );
  if (result.items !== undefined) result.items = plain(result.items);
  if (typeof result.additionalProperties === 'object') result.additionalProperties = plain(result.additionalProperties);
  if (result.anyOf !== undefined) result.anyOf = result.anyOf.map(plain);
  if (result.allOf !== undefined) result.allOf = result.allOf.map(plain);
  return result;
}
