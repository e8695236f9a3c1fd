import {
  isMembers,
  type JsonChange,
  nameIn,
  type Path,
  type Step,
  spelled,
} from '#features/lineage/record/json-change.ts';

/** Makes the later value out of the earlier one; neither is changed. Throws RangeError for changes that are not of this value. */
export function applyChanges(before: unknown, changes: readonly JsonChange[]): unknown {
  return changes.reduce(applied, before);
}

function applied(value: unknown, change: JsonChange): unknown {
  if (change.op === 'order') return within(value, change.path, (array) => inOrder(array, change.by, change.after));
  const [last, parent] = [change.path.at(-1), change.path.slice(0, -1)];
  if (last === undefined) {
    if (change.op !== 'replace') throw mismatch();
    return change.after;
  }
  return within(value, parent, (container) => {
    if (change.op === 'add') return added(container, last, change.after);
    return change.op === 'remove' ? removed(container, last) : replaced(container, last, () => change.after);
  });
}

function within(value: unknown, path: Path, change: (found: unknown) => unknown): unknown {
  const [step, ...rest] = path;
  return step === undefined ? change(value) : replaced(value, step, (inner) => within(inner, rest, change));
}

function replaced(container: unknown, step: Step, change: (found: unknown) => unknown): unknown {
  if (Array.isArray(container)) {
    const at = indexOf(container, step);
    return container.with(at, change(container[at]));
  }
  if (typeof step !== 'string' || !isMembers(container) || !Object.hasOwn(container, step)) throw mismatch();
  return Object.fromEntries(
    Object.entries(container).map(([name, value]) => [name, name === step ? change(value) : value]),
  );
}

function added(container: unknown, step: Step, value: unknown): unknown {
  if (Array.isArray(container))
    return typeof step === 'number' ? container.toSpliced(step, 0, value) : [...container, value];
  if (typeof step !== 'string' || !isMembers(container)) throw mismatch();
  return Object.fromEntries([...Object.entries(container), [step, value]]);
}

function removed(container: unknown, step: Step): unknown {
  if (Array.isArray(container)) return container.toSpliced(indexOf(container, step), 1);
  if (!isMembers(container)) throw mismatch();
  return Object.fromEntries(Object.entries(container).filter(([name]) => name !== step));
}

function inOrder(array: unknown, by: string, names: readonly unknown[]): unknown {
  if (!Array.isArray(array) || array.length !== names.length) throw mismatch();
  const elements: readonly unknown[] = array;
  return names.map((name) => elements[indexOf(elements, { [by]: name })]);
}

function indexOf(array: readonly unknown[], step: Step): number {
  const at = typeof step === 'number' ? step : array.findIndex((element) => isNamed(element, step));
  if (at < 0 || at >= array.length) throw mismatch();
  return at;
}

function isNamed(element: unknown, step: Exclude<Step, number>): boolean {
  const [by, name] = typeof step === 'string' ? [] : (Object.entries(step)[0] ?? []);
  const found = by === undefined ? undefined : nameIn(element, by);
  return found !== undefined && spelled(found) === JSON.stringify(name);
}

function mismatch(): RangeError {
  return new RangeError('The changes are not of this value.');
}
