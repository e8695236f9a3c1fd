import type { Timestamp } from '#kit/time.ts';

/** Whom the changes of a run touch, as its reporter says; `none` where it reports no changes. */
export const impacts = ['none', 'self_only', 'downstream', 'unknown'] as const;
export type Impact = (typeof impacts)[number];

/** A run in a manifest: what listings are made from, without opening its record. */
export interface RunLine {
  readonly run_id: string;
  readonly received_at: Timestamp;
  /** Of the stored bytes, lower-case hexadecimal. */
  readonly sha256: string;
  readonly bytes: number;
  readonly impact: Impact;
  readonly commit_sha?: string;
}

export type Arrival = Pick<RunLine, 'received_at' | 'run_id'>;

/** Order of arrival; one order for all, also where two runs came in the same millisecond. */
export function compareLines(a: Arrival, b: Arrival): number {
  if (a.received_at !== b.received_at) return a.received_at < b.received_at ? -1 : 1;
  return a.run_id === b.run_id ? 0 : a.run_id < b.run_id ? -1 : 1;
}

/** The day under which a run is filed, in UTC. */
export function dayOf({ received_at }: Pick<RunLine, 'received_at'>): string {
  return received_at.slice(0, 10);
}

export function formatLine(line: RunLine): string {
  const { bytes, commit_sha, impact, received_at, run_id, sha256 } = line;
  return `${JSON.stringify({ received_at, run_id, commit_sha, impact, bytes, sha256 })}\n`;
}

/** Undefined for a line that a crash has torn, or that nobody here has written. */
export function parseLine(text: string): RunLine | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isLine(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isLine(value: unknown): value is RunLine {
  if (typeof value !== 'object' || value === null) return false;
  const { bytes, commit_sha, impact, received_at, run_id, sha256 } = value as Record<keyof RunLine, unknown>;
  return (
    typeof run_id === 'string' &&
    typeof received_at === 'string' &&
    typeof sha256 === 'string' &&
    typeof bytes === 'number' &&
    impacts.some((known) => known === impact) &&
    (commit_sha === undefined || typeof commit_sha === 'string')
  );
}
