import type { Readable } from 'node:stream';

/**
 * A server-made relative name: segments of [A-Za-z0-9_.-] joined by "/", none empty, "." or "..".
 * It never holds anything that a client chose freely.
 */
export type BlobPath = string;

export interface BodyLimits {
  /** More than this is `upload_too_large`. Bytes. */
  maxBytes: number;
  /** Content-Length, where the client gave one: lets staging refuse early and choose where the bytes go. Bytes. */
  declaredBytes?: number;
}

/**
 * Bytes that have arrived in full but are not accepted: in memory when small, else in a file. Nothing about them is durable.
 * The holder owns it until it calls `discard` (always safe, also after a commit; does nothing the second time).
 */
export interface StagedBody {
  readonly byteSize: number;
  /** Of the bytes that really arrived, lower-case hexadecimal. */
  readonly sha256Hex: string;
  discard(): Promise<void>;
}

export interface Staging {
  /**
   * Takes one body off the wire with back-pressure, counting and hashing what really arrived.
   * Throws upload_too_large, staging_full, storage_full, storage_unavailable, length_mismatch when more or fewer bytes came
   * than were declared or the stream closed before its end, or the stream's own error. Whatever it throws, nothing of the
   * body is left behind, and the rest of the stream is the caller's to drain.
   */
  receive(body: Readable, limits: BodyLimits): Promise<StagedBody>;
  /** Cheap test before a body is read. Throws staging_full when `bytes` more cannot be staged now. */
  assertRoom(bytes: number): void;
  usage(): StagingUsage;
  /** Removes what crashed processes left here, by age, and never what this one has in use; for a timer. */
  sweep(olderThanMs: number): Promise<SweptStaging>;
}

export interface SweptStaging {
  removed: number;
  bytes: number;
}

export interface StagingUsage {
  /** Bytes of bodies that are being received or wait for their commit, memory and files together. */
  bytes: number;
  bodies: number;
  quotaBytes: number;
}

export interface BlobRange {
  /** First byte, counted from 0. */
  start: number;
  /** Last byte, inclusive. */
  end: number;
}

export interface OpenBlob {
  /** Of the whole blob, whatever the range. */
  readonly byteSize: number;
  /** Bytes of the requested range, or all. Destroy it to stop early. */
  readonly stream: Readable;
}

/**
 * A whole blob in pieces, in order. A piece is lent: it is the reader's until the next is asked for or the reading ended, and its
 * memory then serves another reader. Whoever needs it longer copies it. Read to the end, or call `return`, also when nothing was read.
 */
export interface LentBlob {
  readonly byteSize: number;
  readonly pieces: Pieces;
}

export interface Pieces extends AsyncIterable<Buffer> {
  next(): Promise<IteratorResult<Buffer, undefined>>;
  /** Ends the reading. Safe at any time, also after the end. */
  return(): Promise<IteratorResult<Buffer, undefined>>;
  [Symbol.asyncIterator](): Pieces;
}

export interface BlobRecord {
  byteSize: number;
  /** Lower-case hexadecimal. */
  sha256Hex: string;
}

export type BlobCheck = 'same' | 'missing' | 'different';

export interface BlobEntry {
  path: BlobPath;
  byteSize: number;
}

/**
 * Write-once bytes under server-made names.
 *
 * Durable: when `commit` resolves, bytes and name survive a power cut. Immutable: nothing here can change or replace a
 * committed blob; `remove` is for the deletion worker and for a request that created the blob itself.
 * Retried by: the caller, always safe. One name has one creator, whoever races and from whichever node.
 */
export interface BlobStore {
  /** Takes bodies for this store's `commit`; a body staged elsewhere, committed or discarded is refused as internal_error. */
  readonly staging: Staging;
  /**
   * Makes the body durable under `path`. "created": this call made it. "adopted": the same bytes already stood there; they were
   * read again, hashed and made durable again. Throws blob_conflict when other bytes stand there; storage_full, storage_unavailable.
   * After an error the body stays with its holder, who may try again or discard it. After an error that leaves durability
   * unknown the store turns read-only until restart.
   */
  commit(path: BlobPath, body: StagedBody): Promise<'created' | 'adopted'>;
  /**
   * Throws evidence_corrupt when the blob is missing or ends before the range does, so that a caller never serves less than
   * its record says. Read the stream or destroy it.
   */
  open(path: BlobPath, range?: BlobRange): Promise<OpenBlob>;
  /**
   * The whole blob, judged against its record while it is read: when hash or size differ, evidence_corrupt is thrown here or
   * comes in place of its last bytes. Whoever got all of the bytes got the right ones.
   */
  openVerified(path: BlobPath, expected: BlobRecord): Promise<LentBlob>;
  /** Size in bytes; undefined when there is none. Says nothing about content. */
  size(path: BlobPath): Promise<number | undefined>;
  /** Reads and hashes the whole blob. */
  check(path: BlobPath, expected: BlobRecord): Promise<BlobCheck>;
  /** Durable when it resolves; a missing blob is success. Empty parent folders may go with it. */
  remove(path: BlobPath): Promise<void>;
  /** Every blob under a prefix of whole segments, in no promised order, with back-pressure. */
  list(prefix?: BlobPath): AsyncIterable<BlobEntry>;
  /** For readiness: can it accept bytes now? */
  health(): Promise<'ok' | 'read_only' | 'unavailable'>;
  close(): Promise<void>;
}

const segment = /^[A-Za-z0-9_.-]{1,128}$/;

export function isBlobPath(path: string): boolean {
  if (path.length > 512) return false;
  return path.split('/').every((part) => segment.test(part) && part !== '.' && part !== '..');
}
