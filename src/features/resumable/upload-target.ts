import type { Caller } from '#http/caller.ts';
import type { ErrorCode } from '#kit/error-codes.ts';
import type { StagedBody } from '#platform/blobs/blob-store.ts';
import type { Transaction } from '#platform/metadata/metadata.ts';
import type { UploadRow } from './resumable.store.ts';
import type { ResumableUploadsTable } from './resumable.tables.ts';
import type { BeginUpload } from './resumable.transactions.ts';

/** `Upload-Metadata` as its sender wrote it; a key without a value is null. */
export type UploadWords = Readonly<Record<string, string | null>>;

export interface UploadWish {
  words: UploadWords;
  byteSize: number;
  /** Of the path, where what it becomes belongs to one. */
  incidentId: string | null;
  /** This caller's other unfinished uploads of the kind, and what they announced. */
  pending: { uploads: number; bytes: number };
}

export interface GrantedUpload {
  /** Of what it becomes, where that has one. */
  streamId?: string | null;
  /** What was wished for stands already, made by an equivalent request: nothing is left to send. */
  resultId?: string;
  /** Wished for again, word by word, it is the same upload as long as that is open. */
  once?: boolean;
}

/** All that is kept of an upload beside its bytes. */
export interface KeptUpload {
  id: string;
  ownerId: string;
  incidentId: string | null;
  byteSize: number;
  words: UploadWords;
}

/** An upload that nothing can bring to its end any more, and why. */
export interface OvertakenUpload {
  id: string;
  code: ErrorCode;
}

/** What uploads become. A slice that takes resumable uploads provides one. */
export interface UploadTarget {
  readonly kind: ResumableUploadsTable['target'];
  readonly maxBytes: number;
  /** Where a path names an incident, before anything of its uploads is told: throws where it is nothing of the caller's. */
  admit?(caller: Caller, incidentId: string): Promise<void>;
  /** Refuses before the first byte what can be known by then. Throws the Problems of its slice. */
  check(caller: Caller, wish: UploadWish): Promise<GrantedUpload>;
  /** `createUpload`, after what has to hold when its row is written. Returns the row that stands for the wish. */
  readonly beginning: Transaction<BeginUpload, UploadRow>;
  /** Refusals after which no other attempt can end better: the upload has failed with them, and its parts go. */
  readonly finalCodes: readonly ErrorCode[];
  /** Before more bytes are taken: throws what the end would be refused with by now. Only what is final is acted on. */
  judge?(upload: KeptUpload): Promise<void>;
  /** Open uploads whose end would be refused for ever, and that wait for more bytes, or for somebody who tries again. */
  overtaken?(limit: number): Promise<OvertakenUpload[]>;
  /**
   * Makes of the bytes what was wished for and returns its id. May come again for the same upload, also while it is at work: it has
   * its effect once and returns the same id. Judges everything again, since days may have passed. The body stays the caller's.
   */
  finish(upload: KeptUpload, body: StagedBody): Promise<string>;
}
