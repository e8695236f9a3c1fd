/** Characters of a name here. */
const longestName = 255;

/** A name of the other side as one of this side: what cannot stand in a name gives way to an underscore. */
export function importName(given: string): string {
  const name = given
    .normalize('NFC')
    .toWellFormed()
    .replace(/[\p{Cc}/\\]/gu, '_')
    .trim();
  return name === '' || name === '.' || name === '..' ? '_' : shortened(name, longestName);
}

/** `a.txt`, `a (2).txt`, … */
export function numberedName(name: string, number: number): string {
  if (number === 1) return name;
  const { end, stem } = parts(name);
  const suffix = ` (${number})${end}`;
  return shortened(stem, longestName - suffix.length).trimEnd() + suffix;
}

/** Its end, which programs go by, stays. */
function shortened(name: string, length: number): string {
  if (name.length <= length) return name;
  const { end, stem } = parts(name);
  // Half of a pair is no character.
  return stem.slice(0, length - end.length).replace(/[\uD800-\uDBFF]$/, '') + end;
}

function parts(name: string): { stem: string; end: string } {
  const end = /^.+?(\.[^. ]{1,16})$/u.exec(name)?.[1] ?? '';
  return { stem: name.slice(0, name.length - end.length), end };
}
