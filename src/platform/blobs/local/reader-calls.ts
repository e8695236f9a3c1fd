import type { BlobPath } from '../blob-store.ts';
import type { DiskFault } from './disk-problem.ts';

export type ReadCall = { id: number } /** `end` is inclusive; -1 is the end of the blob. */ & (
  | { op: 'open'; path: BlobPath; start: number; end: number }
  | { op: 'more'; file: number }
  /** Not answered. */
  | { op: 'close'; file: number }
  | { op: 'size'; path: BlobPath }
  | { op: 'hash'; path: BlobPath }
);

export type ReadReply = { id: number } /** `file` is 0 when these bytes were the last. */ & (
  | { kind: 'bytes'; byteSize: number; bytes: Uint8Array; file: number }
  | { kind: 'size'; byteSize: number }
  | { kind: 'hash'; byteSize: number; sha256Hex: string }
  | { kind: 'missing' }
  /** The blob is shorter than what was asked of it. */
  | { kind: 'short' }
  | { kind: 'fault'; fault: DiskFault }
);

export interface ReaderSetup {
  blobsDir: string;
}
