/** No text has them; almost every other format does. Tab, line ends, vertical tab, form feed and escape are allowed. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what it looks for
const controls = /[\0-\x08\x0e-\x1a\x1c-\x1f]/;

/** How many bytes tell whether every second one is nought. */
const samplePairs = 512;

export interface Decoded {
  text: string;
  /** Its bytes say so themselves; else it is a guess that anything without control characters would pass. */
  certain: boolean;
}

/** The text, if it is one: UTF-8, UTF-16, or else Windows-1252. Without a byte order mark. `whole`: a character may not be cut at the end. */
export function decodeText(bytes: Uint8Array, whole: boolean): Decoded | undefined {
  const utf16 = utf16Of(bytes);
  for (const encoding of utf16 === undefined ? ['utf-8'] : [utf16]) {
    const text = decoded(bytes, encoding, whole);
    if (text !== undefined && !controls.test(text)) return { text, certain: true };
  }
  if (utf16 !== undefined) return undefined;
  const text = decoded(bytes, 'windows-1252', whole) ?? '';
  return controls.test(text) ? undefined : { text, certain: false };
}

function decoded(bytes: Uint8Array, encoding: string, whole: boolean): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes, { stream: !whole });
  } catch {
    return undefined;
  }
}

function utf16Of(bytes: Uint8Array): 'utf-16le' | 'utf-16be' | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  const pairs = Math.min(samplePairs, bytes.length >> 1);
  if (pairs < 2) return undefined;
  const noughts = [0, 0];
  for (let at = 0; at < 2 * pairs; at++) if (bytes[at] === 0) noughts[at % 2] = (noughts[at % 2] ?? 0) + 1;
  const [even = 0, odd = 0] = noughts;
  if (odd > 0.6 * pairs && even === 0) return 'utf-16le';
  if (even > 0.6 * pairs && odd === 0) return 'utf-16be';
  return undefined;
}
