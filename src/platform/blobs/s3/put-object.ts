/** Bytes in memory, or a file that holds exactly so many. */
export type ObjectBody = { bytes: Buffer } | { file: string; byteSize: number };

export interface PutObject {
  body: ObjectBody;
  /** Lower-case hexadecimal; signed, so that a store which checks signatures checks the bytes. */
  sha256Hex: string;
  /** What the checksum header says instead; only the probe lies in it. */
  checksumHex?: string;
  /** Kept beside the object, to know one's own after a lost answer. */
  nonce: string;
  /** Kept beside it too. Lower-case names. */
  metadata?: Readonly<Record<string, string>>;
  /** Takes the place of the object that has this ETag, as it came. Absent: makes a new one. */
  over?: string;
}

/** Of the object's metadata. */
export const nonceName = 'proofline-commit';
