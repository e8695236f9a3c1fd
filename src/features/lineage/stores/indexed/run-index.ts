import type { ServiceKey } from '../../record/names.ts';
import type { RunLine } from '../../record/run-line.ts';
import type { RunDay } from '../run-store.ts';

/** A day whose manifest says which version it is. */
export type VersionedDay = Required<RunDay>;

/**
 * A cache of manifests. What it has may vanish at any moment, and whoever asks then reads the manifests again; what it says is always
 * what a manifest of that very version said.
 */
export interface RunIndex {
  /** In order of arrival; undefined where it does not know the day in this version. */
  day(key: ServiceKey, day: VersionedDay): Promise<RunLine[] | undefined>;
  /** Replaces what it knew of the day. */
  keep(key: ServiceKey, day: VersionedDay, lines: readonly RunLine[]): Promise<void>;
  /** Of the days that it knows in these versions: each, and whether it has a run of the commit. */
  daysOfCommit(key: ServiceKey, commit: string, days: readonly VersionedDay[]): Promise<Map<string, boolean>>;
}
