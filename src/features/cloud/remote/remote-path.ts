import { Problem } from '#kit/errors.ts';

/** Names joined by slashes, below what a connection sees; empty for the whole of it. */
export type RemotePath = string;

/** Bytes of UTF-8: what an index entry of the database can hold with room to spare. */
const longestPath = 2_000;

/** Whether a name can be a step of a path. */
export function isRemoteName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && name.isWellFormed() && !/[\p{Cc}/\\]/u.test(name);
}

/** As a person writes it; slashes at its ends are theirs to leave out. Throws invalid_remote_path. */
export function remotePath(given: string): RemotePath {
  const path = given.replace(/^\/|\/$/g, '');
  if (path !== '' && !path.split('/').every(isRemoteName)) throw new Problem('invalid_remote_path');
  if (!fits(path)) throw new Problem('invalid_remote_path');
  return path;
}

export function fits(path: RemotePath): boolean {
  return Buffer.byteLength(path) <= longestPath;
}

export function joinPath(...parts: readonly RemotePath[]): RemotePath {
  return parts.filter((part) => part !== '').join('/');
}
