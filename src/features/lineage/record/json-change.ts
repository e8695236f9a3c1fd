/**
 * One step into a JSON value: the name of a member, the index of an element, or the element that is known by what it holds, as
 * `{"name":"orders"}`; under the empty name it is the element itself, `{"":"orders"}`.
 */
export type Step = string | number | Readonly<Record<string, unknown>>;

export type Path = readonly Step[];

/** One difference. A list of them, in this order, makes the later value out of the earlier one. */
export type JsonChange =
  | { readonly op: 'add'; readonly path: Path; readonly after: unknown }
  | { readonly op: 'remove'; readonly path: Path; readonly before: unknown }
  | { readonly op: 'replace'; readonly path: Path; readonly before: unknown; readonly after: unknown }
  /** The elements of an array stand in another order: their names, as they stand now. */
  | { readonly op: 'order'; readonly path: Path; readonly by: string; readonly after: readonly unknown[] };

/** What may name an element, the first that fits. */
const namingMembers = ['name', 'id', 'path'] as const;

/** By which member the elements of both arrays are known; `` when by themselves, undefined when by their place alone. */
export function namingOf(a: readonly unknown[], b: readonly unknown[]): string | undefined {
  if (a.length + b.length === 0) return undefined;
  return ['', ...namingMembers].find((by) => areNamed(a, by) && areNamed(b, by));
}

export function areNamed(elements: readonly unknown[], by: string): boolean {
  const seen = new Set<string>();
  return elements.every((element) => {
    const name = nameIn(element, by);
    const fresh = name !== undefined && !seen.has(spelled(name));
    if (name !== undefined) seen.add(spelled(name));
    return fresh;
  });
}

export function nameIn(element: unknown, by: string): string | number | undefined {
  const name = by === '' ? element : isMembers(element) && Object.hasOwn(element, by) ? element[by] : undefined;
  // By itself only text: numbers in a row are mostly measurements, and mean their place.
  return typeof name === 'string' || (typeof name === 'number' && by !== '') ? name : undefined;
}

/** Tells `1` and `"1"` apart. */
export function spelled(name: string | number): string {
  return JSON.stringify(name);
}

export function isMembers(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.getPrototypeOf(value) !== null;
}
