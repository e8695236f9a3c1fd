/**
 * The entity tags of an `If-Match`, `If-None-Match` or `If-Range` header (RFC 9110, 8.8.3 and 13.1), or `*` for any. Whatever else the
 * header holds matches nothing.
 */
function entityTags(header: string): '*' | readonly string[] {
  return header.trim() === '*' ? '*' : (header.match(/(?:W\/)?"[^"]*"/g) ?? []);
}

/** By the strong comparison: a weak tag matches nothing. */
export function tagMatches(header: string, strongTag: string): boolean {
  const tags = entityTags(header);
  return tags === '*' || tags.includes(strongTag);
}

/** By the weak comparison, which If-None-Match asks for. */
export function tagMatchesWeakly(header: string, strongTag: string): boolean {
  const tags = entityTags(header);
  return tags === '*' || tags.some((tag) => tag.replace(/^W\//, '') === strongTag);
}
