import { Problem } from '#kit/errors.ts';

/** What went wrong on the disk, without any path: safe to log, to send between threads and to keep as a cause. */
export interface DiskFault {
  errno: string;
  syscall: string;
}

export function diskFault(error: unknown): DiskFault {
  const { code, syscall } = error instanceof Error ? (error as NodeJS.ErrnoException) : {};
  return { errno: code ?? 'UNKNOWN', syscall: syscall ?? 'unknown' };
}

export function hasErrno(error: unknown, ...errnos: string[]): boolean {
  return errnos.includes(diskFault(error).errno);
}

/** A full disk heals by itself and has its own answer; everything else is "not now". */
export function diskProblem(fault: DiskFault): Problem {
  const full = fault.errno === 'ENOSPC' || fault.errno === 'EDQUOT';
  return new Problem(full ? 'storage_full' : 'storage_unavailable', {
    retryAfterSeconds: full ? 60 : 10,
    cause: new Error(`${fault.errno} in ${fault.syscall}`),
  });
}

/** Problems pass; whatever the file system threw becomes one. */
export function asProblem(error: unknown): Problem {
  return error instanceof Problem ? error : diskProblem(diskFault(error));
}
