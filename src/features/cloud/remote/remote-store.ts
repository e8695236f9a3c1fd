import type { Readable } from 'node:stream';
import type { RemotePath } from './remote-path.ts';

export interface RemoteEntry {
  name: string;
  kind: 'file' | 'folder';
  /** Of a file, where the other side says it. Bytes. */
  byteSize?: number;
  mediaType?: string;
  modifiedAt?: string;
  /** Another state of a file has another tag. Undefined for folders. */
  tag?: string;
}

export interface RemotePage {
  entries: RemoteEntry[];
  /** To go on with. */
  next?: string;
  /** Entries that cannot be named here, and are left out. */
  unusable: number;
}

export interface RemoteBytes {
  stream: Readable;
  byteSize: number | undefined;
  mediaType: string | undefined;
}

export interface BytesToSend {
  open(): Promise<Readable>;
  byteSize: number;
  sha256Hex: string;
  mediaType: string;
}

/**
 * Somebody else's store, reached through the guarded way out. Hostile until shown otherwise: names, sizes and counts are checked, answers
 * are limited. Throws remote_path_not_found, connection_address_refused, connection_unauthorized, connection_failed, and what the signal
 * was aborted for; its errors carry no address, no path and no credential.
 */
export interface RemoteStore {
  /** What lies directly in a folder, at most `limit` entries, in the other side's order. */
  list(
    folder: RemotePath,
    page: { limit: number; after?: string | undefined },
    signal: AbortSignal,
  ): Promise<RemotePage>;
  /** Undefined when there is nothing. */
  stat(path: RemotePath, signal: AbortSignal): Promise<RemoteEntry | undefined>;
  read(file: RemotePath, signal: AbortSignal): Promise<RemoteBytes>;
  /** Replaces what is there, and makes the folders on the way. Returns the tag once the other side has been seen to hold these bytes. */
  write(file: RemotePath, body: BytesToSend, signal: AbortSignal): Promise<string>;
  /** Whether it can be reached and lets us in. */
  check(signal: AbortSignal): Promise<void>;
  close(): void;
}
