/**
 * Readers for JSON that comes from outside: an answer, a manifest, a header, a key file. A reader notes every problem it
 * finds with the place it was found at, so that a verifier can list them all; unknown fields are ignored, because servers
 * may learn new ones.
 */
export type Reader<T> = (value: unknown, at: string, problems: string[]) => T | undefined;

/** Marks a field that may be absent. Null is not absence: the contract leaves fields out. */
export interface Optional<T> {
  readonly optional: Reader<T>;
}

type Field = Reader<unknown> | Optional<unknown>;
type Shape = Readonly<Record<string, Field>>;

type Value<F> = F extends Reader<infer T> ? T : never;
type RequiredKeys<S> = { [K in keyof S]: S[K] extends Optional<unknown> ? never : K }[keyof S];
type OptionalKeys<S> = { [K in keyof S]: S[K] extends Optional<unknown> ? K : never }[keyof S];
type Flat<T> = { [K in keyof T]: T[K] };

export type ReadObject<S> = Flat<
  { readonly [K in RequiredKeys<S>]: Value<S[K]> } & {
    readonly [K in OptionalKeys<S>]?: S[K] extends Optional<infer T> ? T : never;
  }
>;

/** What a reader reads: `type Chunk = Infer<typeof chunk>`. */
export type Infer<R> = R extends Reader<infer T> ? T : never;

export const text: Reader<string> = (value, at, problems) => {
  if (typeof value === 'string') return value;
  problems.push(`${at} must be text`);
  return undefined;
};

export const flag: Reader<boolean> = (value, at, problems) => {
  if (typeof value === 'boolean') return value;
  problems.push(`${at} must be true or false`);
  return undefined;
};

export const decimal: Reader<number> = (value, at, problems) => {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  problems.push(`${at} must be a number`);
  return undefined;
};

/** A whole number that is safe to count with, not below `least`. */
export function whole(least: number): Reader<number> {
  return (value, at, problems) => {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least) return value;
    problems.push(`${at} must be a whole number of at least ${least}`);
    return undefined;
  };
}

export function oneOf<const T extends string>(...allowed: readonly T[]): Reader<T> {
  return (value, at, problems) => {
    const found = allowed.find((candidate) => candidate === value);
    if (found === undefined) problems.push(`${at} must be one of: ${allowed.join(', ')}`);
    return found;
  };
}

/** Text that `test` accepts; `what` completes the sentence "<place> must be …". */
export function textWhere(what: string, test: (value: string) => boolean): Reader<string> {
  return (value, at, problems) => {
    if (typeof value === 'string' && test(value)) return value;
    problems.push(`${at} must be ${what}`);
    return undefined;
  };
}

export function list<T>(item: Reader<T>): Reader<readonly T[]> {
  return (value, at, problems) => {
    if (!Array.isArray(value)) {
      problems.push(`${at} must be a list`);
      return undefined;
    }
    const items: T[] = [];
    for (const [index, entry] of value.entries()) {
      const read = item(entry, `${at}[${index}]`, problems);
      if (read !== undefined) items.push(read);
    }
    return items;
  };
}

export function optional<T>(reader: Reader<T>): Optional<T> {
  return { optional: reader };
}

export function object<S extends Shape>(shape: S): Reader<ReadObject<S>> {
  return (value, at, problems) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      problems.push(`${at || 'the document'} must be an object`);
      return undefined;
    }
    const given = new Map(Object.entries(value));
    const result: Record<string, unknown> = {};
    const before = problems.length;
    for (const [name, field] of Object.entries(shape)) {
      const place = at === '' ? name : `${at}.${name}`;
      if (typeof field === 'function') result[name] = field(given.get(name), place, problems);
      else if (given.has(name)) result[name] = field.optional(given.get(name), place, problems);
    }
    // The loop above read every field of S by its own reader, and no reader noted a problem.
    return problems.length === before ? (result as ReadObject<S>) : undefined;
  };
}

export function read<T>(reader: Reader<T>, value: unknown): { value: T } | { problems: readonly string[] } {
  const problems: string[] = [];
  const result = reader(value, '', problems);
  return result === undefined || problems.length > 0 ? { problems } : { value: result };
}
