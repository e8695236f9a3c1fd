/** What a verified token says. */
export type Claims = Readonly<Record<string, unknown>>;

/** Each value of a claim as text: a list has several, an object none. Absent: none. */
export function claimTexts(claims: Claims, name: string): readonly string[] {
  const value = claimAt(claims, name);
  return (Array.isArray(value) ? value : [value]).flatMap((one) => textOf(one) ?? []);
}

/** The value of a claim that has exactly one. */
export function claimText(claims: Claims, name: string): string | undefined {
  return textOf(claimAt(claims, name));
}

/** By its name, else as a path: `realm_access.roles` is a claim within a claim. */
function claimAt(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let here: unknown = claims;
  for (const step of name.split('.')) {
    if (!isObject(here) || !Object.hasOwn(here, step)) return undefined;
    here = here[step];
  }
  return here;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}
