import type { BlobPath } from '../blob-store.ts';
import type { DiskFault } from './disk-problem.ts';

/** What the writer thread is asked for. `staged` is a name in the staging folder. */
export type WriteCall = { id: number } & (
  | { op: 'store'; path: BlobPath; staged: string; offset: number; byteSize: number }
  | { op: 'link'; path: BlobPath; staged: string }
  /** Makes durable again what already stands under the name. */
  | { op: 'settle'; path: BlobPath }
  | { op: 'remove'; path: BlobPath }
  /** A flush failed outside the writer: nothing may be accepted from now on. */
  | { op: 'halt' }
);

/** "exists": another blob has the name, nothing was changed. "gone": there is nothing to settle. */
export type WriteOutcome = 'done' | 'exists' | 'gone';

export type WriteReply = { id: number } & (
  | { outcome: WriteOutcome }
  /** `halted`: a flush has failed, now or before, and the volume is read-only. */
  | { fault: DiskFault; halted: boolean }
);

export interface WriterSetup {
  blobsDir: string;
  stagingDir: string;
  memory: SharedArrayBuffer;
  /** Past the page cache, as the start-up probe found it to work. */
  direct: boolean;
  /** Of one flush, as the start-up probe measured it. Milliseconds. */
  flushMs: number;
}
