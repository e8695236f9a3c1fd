/**
 * Whether a value is what a pattern says, from its first character to its last. `*` stands for any characters, none and `/` among them;
 * everything else, its case included, for itself. Takes time in proportion to the lengths: a pattern cannot be made to hang.
 */
export function matches(pattern: string, value: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return value === first;
  if (!value.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = value.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return value.length - last.length >= at && value.endsWith(last);
}

/** What every value that matches begins with. */
export function fixedStart(pattern: string): string {
  return pattern.split('*', 1)[0] ?? '';
}
