/** One line of docs/reliability.md: what was done to the server, how often, and what came of it. */
export interface Finding {
  /** Of the page; without it, what one machine withstands. */
  section?: 'nodes' | 'relay' | 'captures';
  fault: string;
  /** What was demanded of every round. */
  held: string;
  filesystem: string;
  rounds: number;
  /** Answers that promised something, all of them checked afterwards. */
  acknowledged: number;
  /** What broke a promise, in words; empty is the only good outcome. */
  violations: readonly string[];
  seed: number;
  /** Measured beside it. */
  note?: string;
}

export type Progress = (line: string) => void;

export const silently: Progress = () => undefined;

export function quantile(values: readonly number[], at: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * at))] ?? Number.NaN;
}

/** The violations, a few in full: a broken build fails in every round. */
export function told(violations: readonly string[]): string {
  const more = violations.length > 10 ? [`… and ${violations.length - 10} more`] : [];
  return [...violations.slice(0, 10), ...more].join('\n');
}
