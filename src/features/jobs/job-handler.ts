import type { JobRow } from './jobs.store.ts';
import type { JobKind } from './jobs.tables.ts';

/** Somebody's hold on a running job. Whoever takes it after them has a higher fence, and theirs counts no more. */
export interface JobClaim {
  jobId: string;
  fence: number;
}

export interface JobContext {
  claim: JobClaim;
  /** Aborted when the process is told to stop, the time is up or the claim is lost. */
  signal: AbortSignal;
  /** Shown to the owner; also a sign of life. Units are the kind's own. */
  progress(done: number, total?: number): Promise<void>;
}

/** What a kind of job does. */
export interface JobHandler {
  readonly kind: JobKind;
  readonly timeoutMs: number;
  /** May go on for hours. Such jobs leave one of the hands of a process to others, where it has more than one. */
  readonly lasting?: boolean;
  /**
   * Ends with one transaction that writes the result and calls `finishJob` before it writes, so that a job has its effect once, whoever
   * runs it how often (of a document: `finishDocumentJob`, which locks the document first and sets its status). Throws JobFailure for
   * what no further attempt can mend; anything else is tried again, later and later. Ends soon after its signal was aborted.
   */
  run(job: JobRow, context: JobContext): Promise<void>;
}

/** Parks the job at once, with a reason that an administrator and the owner may read: never content, a path or a secret. */
export class JobFailure extends Error {
  readonly code: string;

  constructor(code: string, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = 'JobFailure';
    this.code = code;
  }
}
