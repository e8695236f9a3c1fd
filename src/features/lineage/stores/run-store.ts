import type { Timestamp } from '#kit/time.ts';
import type { ServiceKey } from '../record/names.ts';
import type { RunLine } from '../record/run-line.ts';
import type { NamedRun } from '../record/seal-run.ts';

/**
 * `created`: this call made it. `replayed`: the same was said before, and now stands whole, whatever an earlier crash had left out.
 * `conflict`: the run id belongs to a run that says something else, and nothing was changed.
 */
export interface PutOutcome {
  readonly outcome: 'created' | 'replayed' | 'conflict';
  /** Of the run that has the id. */
  readonly line: RunLine;
}

export interface KeptRun {
  readonly line: RunLine;
  /** The record as it was kept, judged against its hash. */
  readonly payload: Uint8Array<ArrayBuffer>;
}

export interface RunDay {
  /** `2026-01-31`, UTC. */
  readonly day: string;
  /** Another one whenever the runs of the day have changed. Absent where that cannot be told without reading them. */
  readonly version?: string;
}

/** What mending found. Counts. */
export interface Mended {
  runs: number;
  /** Runs that no manifest knew. */
  added: number;
}

/**
 * Immutable runs, filed by service and day of arrival.
 *
 * Durable: when `put` resolves, record and manifest line survive a power cut, or the line is made again from the record before the
 * first answer after it. Immutable: nothing here changes or removes a record. A run id is unique within its service, whatever the
 * day, whoever races and from whichever node. Retried by: the client, always safe.
 */
export interface RunStore {
  /** Throws storage_unavailable, storage_full. */
  put(run: NamedRun, receivedAt: Timestamp): Promise<PutOutcome>;
  /** Throws evidence_corrupt when the bytes differ from what was kept. */
  read(key: ServiceKey, runId: string): Promise<KeptRun | undefined>;
  /** The newest run by arrival. */
  latest(key: ServiceKey): Promise<RunLine | undefined>;
  /** Days on which the service has runs, ascending. */
  days(key: ServiceKey): Promise<RunDay[]>;
  /** All runs of one day, as `days` named it, in order of arrival. */
  day(key: ServiceKey, day: RunDay): Promise<RunLine[]>;
  /** Those of the days on which the commit may have been built. Absent where nobody can tell without reading them. */
  daysOfCommit?(key: ServiceKey, commit: string, days: readonly RunDay[]): Promise<RunDay[]>;
  /** Everyone who has runs, in order of their names. */
  services(within?: Partial<ServiceKey>): AsyncIterable<ServiceKey>;
  /** Looks at every record of the service and adds what its manifests lack. */
  mend(key: ServiceKey): Promise<Mended>;
  health(): Promise<'ok' | 'read_only' | 'unavailable'>;
  close(): Promise<void>;
}
