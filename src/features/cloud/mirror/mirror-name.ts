/** What some system or some store takes for something else than a character of a name. */
const unsafe = /[\p{Cc}<>:"/\\|?*]/gu;
/** Names that Windows, and what serves it, keeps for devices. */
const device = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)/i;
/** Names that Nextcloud takes no file under. */
const refused = /^\.ht|\.(part|filepart|crdownload)$/i;
/** Bytes of UTF-8 of a name, in most file systems; with room for what makes it unlike another. */
const longest = 200;

/** A name that every store takes. Not always another for another: `mirrorNames` sees to that. */
export function mirrorName(name: string): string {
  let safe = name.replace(unsafe, '_').replace(/[. ]+$/, (end) => '_'.repeat(end.length));
  if (device.test(safe) || refused.test(safe)) safe = `_${safe}`;
  const end = /^.+?(\.[^. ]{1,16})$/u.exec(safe)?.[1] ?? '';
  let stem = safe.slice(0, safe.length - end.length);
  while (Buffer.byteLength(stem + end) > longest) stem = [...stem].slice(0, -1).join('');
  return stem + end;
}

/**
 * Gives each thing in one folder its name on the other side. Where two would be the same, also to a store that does not tell capitals
 * apart, the later one carries a part of its id, which it keeps as long as the first is there.
 */
export class MirrorNames {
  readonly #taken = new Set<string>();

  of({ id, name }: { id: string; name: string }): string {
    const safe = mirrorName(name);
    const free = this.#taken.has(key(safe)) ? withId(safe, id) : safe;
    this.#taken.add(key(free));
    return free;
  }
}

const key = (name: string) => name.normalize('NFC').toLowerCase();

function withId(name: string, id: string): string {
  const end = /^.+?(\.[^. ]{1,16})$/u.exec(name)?.[1] ?? '';
  return `${name.slice(0, name.length - end.length)} ~${id.slice(-8)}${end}`;
}
