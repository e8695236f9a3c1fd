/** The names on the way to a resource, from the `href` of an answer: an address or a path, encoded well or not at all. */
export function hrefNames(href: string): string[] {
  const [path = ''] = href
    .trim()
    .replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, '')
    .split(/[?#]/);
  return path
    .split('/')
    .filter((name) => name !== '')
    .map(decoded);
}

/** What lies below `folder`, where `names` does; undefined elsewhere. Both as hrefNames gives them. */
export function namesBelow(folder: readonly string[], names: readonly string[]): string[] | undefined {
  const same = folder.every((name, i) => name.normalize('NFC') === names[i]?.normalize('NFC'));
  return same ? names.slice(folder.length) : undefined;
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    // A percent sign of the name itself.
    return name;
  }
}
