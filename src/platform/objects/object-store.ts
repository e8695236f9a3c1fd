import { Problem } from '#kit/errors.ts';

/**
 * Small objects under names, as S3, R2 and a folder have them; for records that are written whole and read whole. Everything here
 * is of the web platform, so that the same code runs on Node and on Workers.
 *
 * A key is made by the server: segments of [A-Za-z0-9_.=~-] joined by "/", none empty, "." or "..".
 */
export type ObjectKey = string;

export interface StoredObject {
  bytes: Uint8Array<ArrayBuffer>;
  /** Another one once other bytes were put in its place; for `replace`. */
  tag: string;
}

export interface ListedObject {
  key: ObjectKey;
  byteSize: number;
}

export interface ListedLevel {
  /** Without the prefix, and without the slash. */
  folders: string[];
  objects: string[];
}

export type CreateOutcome = 'created' | 'same' | 'different';

/**
 * Durable: when a method that writes resolves, a power cut loses nothing of it. Whatever fails throws storage_unavailable or
 * storage_full; the caller may always try again.
 */
export interface ObjectStore {
  /**
   * Makes a new object, or says what stands there; never changes one. One key has one creator, whoever races and from whichever
   * node; an answer that was lost on the way counts as what it was. `sha256Hex` is kept beside the bytes where the store can.
   */
  create(key: ObjectKey, bytes: Uint8Array<ArrayBuffer>, sha256Hex: string): Promise<CreateOutcome>;
  /** Throws evidence_corrupt where the store knows that the bytes are no longer those that were kept. */
  read(key: ObjectKey): Promise<StoredObject | undefined>;
  /**
   * For pointers, the only objects that change: puts the bytes in place of what had this tag, or of nothing. False when somebody
   * was quicker, when the answer was lost, and always in a store that cannot compare: whoever reads a pointer looks behind it.
   */
  replace(key: ObjectKey, bytes: Uint8Array<ArrayBuffer>, over: string | undefined): Promise<boolean>;
  /** Every object whose key begins with `prefix` and comes after `after`, in no promised order. */
  list(prefix: string, after?: ObjectKey): AsyncIterable<ListedObject>;
  /** The names directly under `prefix`, which ends with a slash; sorted. */
  level(prefix: string): Promise<ListedLevel>;
  /** For what was copied elsewhere before. A missing object is success. */
  remove(key: ObjectKey): Promise<void>;
  /** For readiness: can it take objects now? */
  health(): Promise<'ok' | 'unavailable'>;
  close(): Promise<void>;
}

const segment = /^[A-Za-z0-9_.=~-]{1,255}$/;

export function isObjectKey(key: string): boolean {
  return key.length <= 1024 && key.split('/').every((part) => segment.test(part) && part !== '.' && part !== '..');
}

/** A key that is none is a mistake of ours, and never goes to a store. */
export function assertObjectKey(key: string): void {
  if (!isObjectKey(key)) throw new Problem('internal_error');
}
