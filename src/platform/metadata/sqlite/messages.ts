import type { ProblemData } from '#kit/errors.ts';

/** One transaction to run: its place in the registry, and its input. */
export interface Request {
  readonly transaction: number;
  readonly input: unknown;
}

/** What became of one request. */
export type Outcome = { readonly output: unknown } | { readonly failure: Failure };

export type Failure =
  /** The body refused with an answer, or the database failed. */
  | { readonly kind: 'problem'; readonly problem: ProblemData; readonly detail?: ErrorDetail }
  /** A defect: the caller learns internal_error, the log gets the detail. */
  | { readonly kind: 'defect'; readonly transaction: string; readonly detail: ErrorDetail };

/** An error as data for the log. SQLite's messages name tables and columns, never values. */
export interface ErrorDetail {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly sqliteCode: number | undefined;
}

export type ToWriter = { readonly kind: 'run'; readonly requests: readonly Request[] } | { readonly kind: 'close' };

export type FromWriter =
  | { readonly kind: 'ready'; readonly transactions: readonly string[] }
  | { readonly kind: 'refused'; readonly message: string; readonly remedy: string }
  /** The next outcomes, in the order of the requests. `lasting`: nothing will be written until a restart. */
  | { readonly kind: 'ran'; readonly outcomes: readonly Outcome[]; readonly lasting: boolean };

export interface WriterData {
  readonly path: string;
  readonly maxGroup: number;
}
