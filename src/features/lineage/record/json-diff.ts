import { isRawNumber } from './exact-json.ts';
import { isMembers, type JsonChange, nameIn, namingOf, type Path, spelled } from './json-change.ts';

/**
 * What changed from one JSON value to another, as structure: the order of members says nothing, and elements that have a `name`, `id` or
 * `path` are compared with their namesake wherever it stands. Empty where nothing changed; taken in order,
 * the changes make the later value out of the earlier one.
 */
export function diffJson(before: unknown, after: unknown): JsonChange[] {
  return [...changes(before, after, [])];
}

function* changes(before: unknown, after: unknown, path: Path): Generator<JsonChange> {
  if (Array.isArray(before) && Array.isArray(after)) {
    const by = namingOf(before, after);
    yield* by === undefined ? placedChanges(before, after, path) : namedChanges(before, after, by, path);
  } else if (isMembers(before) && isMembers(after)) yield* memberChanges(before, after, path);
  else if (!sameScalar(before, after)) yield { op: 'replace', path, before, after };
}

function* memberChanges(
  before: Record<string, unknown>,
  after: Record<string, unknown>,
  path: Path,
): Generator<JsonChange> {
  for (const [name, value] of Object.entries(before)) {
    if (Object.hasOwn(after, name)) yield* changes(value, after[name], [...path, name]);
    else yield { op: 'remove', path: [...path, name], before: value };
  }
  for (const [name, value] of Object.entries(after))
    if (!Object.hasOwn(before, name)) yield { op: 'add', path: [...path, name], after: value };
}

function* namedChanges(
  before: readonly unknown[],
  after: readonly unknown[],
  by: string,
  path: Path,
): Generator<JsonChange> {
  const named = (elements: readonly unknown[]) =>
    new Map(elements.map((element) => [spelled(nameIn(element, by) ?? ''), element]));
  const [old, fresh] = [named(before), named(after)];
  const at = (name: string): Path => [...path, { [by]: JSON.parse(name) as unknown }];
  for (const [name, element] of old) {
    if (fresh.has(name)) yield* changes(element, fresh.get(name), at(name));
    else yield { op: 'remove', path: at(name), before: element };
  }
  for (const [name, element] of fresh) if (!old.has(name)) yield { op: 'add', path: at(name), after: element };
  // What stays keeps its order and what is new comes last, unless told otherwise.
  const expected = [
    ...[...old.keys()].filter((name) => fresh.has(name)),
    ...[...fresh.keys()].filter((n) => !old.has(n)),
  ];
  const names = [...fresh.keys()];
  if (names.some((name, i) => name !== expected[i]))
    yield { op: 'order', path, by, after: names.map((name) => JSON.parse(name) as unknown) };
}

/** By place: what is alike at both ends is left out, and what lies between is compared one by one. */
function* placedChanges(before: readonly unknown[], after: readonly unknown[], path: Path): Generator<JsonChange> {
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && sameJson(before[head], after[head])) head += 1;
  let tail = 0;
  while (tail < shorter - head && sameJson(before.at(-1 - tail), after.at(-1 - tail))) tail += 1;
  const [oldEnd, newEnd] = [before.length - tail, after.length - tail];
  const both = Math.min(oldEnd, newEnd);
  for (let at = head; at < both; at++) yield* changes(before[at], after[at], [...path, at]);
  // From behind, so that each index is that of the value as it then is.
  for (let at = oldEnd - 1; at >= both; at--) yield { op: 'remove', path: [...path, at], before: before[at] };
  for (let at = both; at < newEnd; at++) yield { op: 'add', path: [...path, at], after: after[at] };
}

function sameJson(a: unknown, b: unknown): boolean {
  return changes(a, b, []).next().done === true;
}

function sameScalar(a: unknown, b: unknown): boolean {
  return a === b || (isRawNumber(a) && isRawNumber(b) && a.rawJSON === b.rawJSON);
}
