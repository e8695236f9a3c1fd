/** One entry of a ZIP, as its directory describes it. */
export interface BundleEntry {
  readonly name: string;
  /** Bytes of the entry's content. */
  readonly byteSize: number;
  /** True when the content is stored as it is, which is how every bundle is made. */
  readonly stored: boolean;
}

/**
 * A ZIP opened by whatever the platform has for it. `entries` are in the order of their content; `read` yields the content
 * in pieces and throws when the file is damaged; a piece is valid only until the next is asked for, so its memory may be
 * used again. The verifier reads each entry once at most, one at a time.
 */
export interface BundleSource<E extends BundleEntry = BundleEntry> {
  readonly entries: readonly E[];
  read(entry: E): AsyncIterable<Uint8Array>;
}

/** SHA-256 in lower-case hex, of bytes that come in pieces. WebCrypto cannot do this in pieces; a platform that can, should. */
export type Digest = (pieces: AsyncIterable<Uint8Array>) => Promise<string>;

/** Collects pieces that should be exactly `byteSize` bytes; undefined when they are more or fewer. */
export async function collect(
  pieces: AsyncIterable<Uint8Array>,
  byteSize: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const whole = new Uint8Array(byteSize);
  let length = 0;
  for await (const piece of pieces) {
    if (length + piece.length > byteSize) return undefined;
    whole.set(piece, length);
    length += piece.length;
  }
  return length === byteSize ? whole : undefined;
}
