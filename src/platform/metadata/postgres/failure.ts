import { DatabaseError } from 'pg';
import { Problem } from '#kit/errors.ts';

/**
 * What the driver reported, without its words: those name hosts, users, databases and the values of rows. Kept are the code
 * (a SQLSTATE, or the system's for a connection) and the names of our own schema.
 */
export class PostgresFailure extends Error {
  /** Empty when the connection broke without a code. */
  readonly code: string;
  /** The connection is gone, or the server takes no work on it: nothing more comes back, and what was asked last is unknown. */
  readonly lost: boolean;
  readonly constraint: string | undefined;
  readonly table: string | undefined;
  readonly column: string | undefined;

  constructor(error: unknown) {
    const reported = error instanceof DatabaseError ? error : undefined;
    const code = reported?.code ?? systemCode(error);
    super(code === '' ? 'The connection to PostgreSQL ended.' : `PostgreSQL: ${code}`);
    this.name = 'PostgresFailure';
    this.code = code;
    this.lost = reported === undefined || endsConnection(reported);
    this.constraint = reported?.constraint;
    this.table = reported?.table;
    this.column = reported?.column;
  }
}

export const sqlState = {
  uniqueViolation: '23505',
  serializationFailure: '40001',
  deadlock: '40P01',
  insufficientPrivilege: '42501',
  undefinedTable: '42P01',
  lockNotAvailable: '55P03',
  queryCanceled: '57014',
  diskFull: '53100',
  tooManyConnections: '53300',
  readOnlyTransaction: '25006',
  invalidPassword: '28P01',
  invalidAuthorization: '28000',
  invalidDatabase: '3D000',
} as const;

const conflicts: ReadonlySet<string> = new Set([sqlState.serializationFailure, sqlState.deadlock]);
/** A prepared statement whose table another version has changed, or that the server no longer has. */
const outdated: ReadonlySet<string> = new Set(['0A000', '26000']);

/** Two transactions stood in each other's way and the database undid this one; run again, it may well succeed. */
export function isConflict(failure: PostgresFailure): boolean {
  return conflicts.has(failure.code);
}

/** Cured by a new connection. */
export function isOutdated(failure: PostgresFailure): boolean {
  return outdated.has(failure.code);
}

function endsConnection({ severity, code = '' }: DatabaseError): boolean {
  return severity === 'FATAL' || severity === 'PANIC' || code.startsWith('08') || /^57P0[1235]$/.test(code);
}

function systemCode(error: unknown): string {
  if (!(error instanceof Error) || !('code' in error)) return '';
  // Our own list of what may be repeated: a code made of words is no secret, anything else might be.
  return typeof error.code === 'string' && /^[A-Z][A-Z0-9_]{2,40}$/.test(error.code) ? error.code : '';
}

/** What a caller is told; undefined when it is a defect of ours. */
export function problemOf(failure: PostgresFailure): Problem | undefined {
  if (failure.code === sqlState.diskFull) return new Problem('storage_full', { cause: failure });
  const passes =
    failure.lost ||
    isConflict(failure) ||
    /^(53|57|58)/.test(failure.code) ||
    failure.code === sqlState.lockNotAvailable ||
    failure.code === sqlState.readOnlyTransaction;
  return passes ? new Problem('metadata_unavailable', { cause: failure, retryAfterSeconds: 1 }) : undefined;
}
