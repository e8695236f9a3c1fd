/** Names that some file system takes for something else. */
const reserved = /^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$/i;
/** UTF-8 bytes of a name that every file system takes, with room for what is put behind it. */
const longestName = 200;

/** The name of a document or folder as a file's: every file system takes it. */
export function safeName(name: string): string {
  let safe = name.replace(/[<>:"|?*/\\]|\p{Cc}/gu, '_').replace(/[. ]+$/, '_');
  if (reserved.test(safe) || safe.startsWith('.')) safe = `_${safe}`;
  const extension = /\.[^.]{1,16}$/.exec(safe)?.[0] ?? '';
  let stem = safe.slice(0, safe.length - extension.length);
  while (Buffer.byteLength(stem + extension) > longestName) stem = Array.from(stem).slice(0, -1).join('');
  return stem + extension;
}

/** Gives each thing a path of its own, also where a file system takes capitals and accents for the same. */
export class PathsTaken {
  readonly #taken = new Set<string>();

  /** `mark` tells apart what would be the same. */
  take(folder: string, name: string, mark: string): string {
    const safe = safeName(name);
    const first = `${folder}/${safe}`;
    if (this.#free(first)) return first;
    const dot = safe.lastIndexOf('.');
    const [stem, extension] = dot > 0 ? [safe.slice(0, dot), safe.slice(dot)] : [safe, ''];
    const second = `${folder}/${stem} (${safeName(mark)})${extension}`;
    this.#free(second);
    return second;
  }

  #free(path: string): boolean {
    const key = path.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
    if (this.#taken.has(key)) return false;
    this.#taken.add(key);
    return true;
  }
}
