import { Problem } from '#kit/errors.ts';

/** SQLite's result codes that decide something here. */
export const resultCode = {
  error: 1,
  busy: 5,
  readonly: 8,
  ioerr: 10,
  corrupt: 11,
  full: 13,
  cantopen: 14,
  toobig: 18,
  constraint: 19,
  mismatch: 20,
  range: 25,
  notadb: 26,
  ioerrFsync: 1034,
  ioerrDirFsync: 1290,
} as const;

/** The extended result code of an error that SQLite raised, else undefined. */
export function extendedCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined;
  return typeof error.errcode === 'number' ? error.errcode : undefined;
}

/** The low byte: the class of the failure. */
export function primaryCode(error: unknown): number | undefined {
  const code = extendedCode(error);
  return code === undefined ? undefined : code & 0xff;
}

const ofTheStatement: ReadonlySet<number> = new Set([
  resultCode.error,
  resultCode.toobig,
  resultCode.constraint,
  resultCode.mismatch,
  resultCode.range,
]);

/** True when the failure is the database's and not one statement's: nobody in the running group can go on. */
export function isDatabaseFailure(error: unknown): boolean {
  const code = primaryCode(error);
  return code !== undefined && !ofTheStatement.has(code);
}

/**
 * True when writing must stop until a restart: the file is damaged, or an fsync failed. The kernel forgets which pages it could
 * not write, so a second fsync that succeeds would prove nothing.
 */
export function isLastingFailure(error: unknown): boolean {
  const code = extendedCode(error);
  if (code === resultCode.ioerrFsync || code === resultCode.ioerrDirFsync) return true;
  const primary = primaryCode(error);
  return primary === resultCode.corrupt || primary === resultCode.notadb;
}

export function problemOfFailure(error: unknown): Problem {
  const code = primaryCode(error) === resultCode.full ? 'storage_full' : 'metadata_unavailable';
  return new Problem(code, { cause: error });
}
