import { AsyncLocalStorage } from 'node:async_hooks';
import { type Logger, type LoggerOptions, pino } from 'pino';

export type Log = Logger;

export interface RequestScope {
  readonly id: string;
  /** Hashed; see rate limits. */
  readonly peer: string;
  /** The pattern, never the path: set once the router knows it. */
  route: string;
}

/** The request that the current code works for, wherever it is called from. */
export const requestScope = new AsyncLocalStorage<RequestScope>();

/**
 * Keys that never reach a log, at the top and one and two levels down. Tested by name; the canary test greps for values.
 * Errors are logged by class, code and stack; a message is ours and carries no secret.
 */
export const redactedKeys = [
  'authorization',
  'cookie',
  'password',
  'current_password',
  'new_password',
  'token',
  'secret',
  'idempotency_key',
  'dsn',
  'stored_path',
  'path',
  'object_key',
  'url',
] as const;

const options: LoggerOptions = {
  base: { service: 'proofline' },
  timestamp: () => `,"time":"${new Date().toISOString()}"`,
  formatters: { level: (label) => ({ level: label }) },
  mixin: () => {
    const scope = requestScope.getStore();
    return scope ? { request_id: scope.id } : {};
  },
  redact: { paths: redactedKeys.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]), censor: '[redacted]' },
};

export interface LogDestination {
  write(line: string): void;
}

/** JSON lines, one object each, on standard output unless told otherwise; written at once, so that a crash loses none. */
export function createLog(level: string, destination: LogDestination = standardOutput()): Log {
  return pino({ ...options, level }, destination);
}

/** Evidence is taken also where the log's own disk is full: lines wait up to this many bytes for room, then they are dropped. */
const maxUnwrittenBytes = 1024 * 1024;

function standardOutput(): LogDestination {
  const output = pino.destination({ fd: 1, sync: true, maxLength: maxUnwrittenBytes });
  // Without a listener a line that cannot be written would end the process.
  output.on('error', () => undefined);
  return output;
}
