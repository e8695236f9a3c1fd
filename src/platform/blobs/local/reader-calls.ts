import type { BlobPath, BlobRange, BlobRecord } from '../blob-store.ts';
import type { DiskFault } from './disk-problem.ts';

/** Where the block that is read goes. */
export interface SlotToFill {
  slot: number;
  /** No more than this. Bytes. */
  length: number;
}

export type ReadCall = {
  id: number;
} /** With a record, the whole is hashed as it is read, and the last block only comes when it was right. */ & (
  | { op: 'open'; path: BlobPath; range?: BlobRange; record?: BlobRecord; into: SlotToFill }
  | { op: 'more'; file: number; into: SlotToFill }
  | { op: 'size'; path: BlobPath }
  | { op: 'hash'; path: BlobPath }
  /** Not answered. */
  | { op: 'close'; file: number }
);

/**
 * "bytes": `length` of them are in the slot, and `file` is 0 when they were the last. "short": the blob ends too early.
 * "different": it is not what its record says.
 */
export type ReadReply = { id: number } & (
  | { kind: 'bytes'; byteSize: number; length: number; file: number }
  | { kind: 'size'; byteSize: number }
  | { kind: 'hash'; byteSize: number; sha256Hex: string }
  | { kind: 'missing' }
  | { kind: 'short' }
  | { kind: 'different' }
  | { kind: 'fault'; fault: DiskFault }
);

export interface ReaderSetup {
  blobsDir: string;
  /** The slots, one behind the other. */
  memory: SharedArrayBuffer;
}
