/**
 * The bytes of one chunk while the relay has them: whole, hashed, and nowhere durable. Whoever gets one from another holds it before it
 * awaits anything, and releases it once; with the last release the bytes are gone.
 */
export interface StagedCiphertext {
  readonly byteSize: number;
  /** 64 lower-case hexadecimal digits. */
  readonly sha256Hex: string;
  /** From the first byte to the last, for any number of readers at once. Only while held; whoever reads keeps a hold until the end. */
  open(): AsyncIterable<Buffer>;
  hold(): void;
  /** Never throws. */
  release(): void;
}
