import type { Caller } from '#http/caller.ts';
import type { StagedBody } from '#platform/blobs/blob-store.ts';
import type { ResumableUploadsTable } from './resumable.tables.ts';

/** `Upload-Metadata` as its sender wrote it; a key without a value is null. */
export type UploadWords = Readonly<Record<string, string | null>>;

export interface UploadWish {
  words: UploadWords;
  byteSize: number;
  /** This caller's other unfinished uploads, and what they announced. */
  pending: { uploads: number; bytes: number };
}

/** All of its bytes are there. */
export interface FullUpload {
  id: string;
  ownerId: string;
  words: UploadWords;
}

/** What uploads become. A slice that takes resumable uploads provides one. */
export interface UploadTarget {
  readonly kind: ResumableUploadsTable['target'];
  readonly maxBytes: number;
  /** Refuses before the first byte what can be known by then. Throws the Problems of its slice. */
  check(caller: Caller, wish: UploadWish): Promise<void>;
  /**
   * Makes of the bytes what was wished for and returns its id. May come again for the same upload, also while it is at work: it has
   * its effect once and returns the same id. Judges everything again, since days may have passed. The body stays the caller's.
   */
  finish(upload: FullUpload, body: StagedBody): Promise<string>;
}
