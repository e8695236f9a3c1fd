import { ProoflineApiError } from '#client/api/api-error.ts';
import type { LineageApi } from '#client/lineage/lineage-api.ts';
import type { ReceivedRecord } from '#client/lineage/received-record.ts';
import {
  diffJson,
  type JsonChange,
  parseExact,
  type RunRequest,
  readStoredRun,
  type StoredRun,
} from '#features/lineage/record/index.ts';

export interface Compared {
  /** The run that it was compared with. */
  readonly run_id: string;
  readonly changes: readonly JsonChange[];
}

/**
 * Compares the artifact with that of the latest run; undefined where there is none, as before the first. When this very run was kept
 * already it says what it had been compared with, and that run is taken again: a repeated push has to send the same.
 */
export async function againstLatest(api: LineageApi, run: RunRequest, runId: string): Promise<Compared | undefined> {
  const own = await found(api.run(run, runId));
  const base = own === undefined ? await found(api.latest(run)) : await baseOf(api, own, run);
  if (base === undefined) return undefined;
  return { run_id: base.run_id, changes: diffJson(parseExact(base.artifact), parseExact(run.artifact)) };
}

async function baseOf(api: LineageApi, own: StoredRun, run: RunRequest): Promise<StoredRun | undefined> {
  const metadata: unknown = own.metadata === undefined ? {} : JSON.parse(own.metadata);
  const { diff_against } = metadata as { diff_against?: unknown }; // the server keeps only maps of text here
  return typeof diff_against === 'string' ? await found(api.run(run, diff_against)) : undefined;
}

async function found(asked: Promise<ReceivedRecord>): Promise<StoredRun | undefined> {
  try {
    return readStoredRun((await asked).bytes);
  } catch (error) {
    if (error instanceof ProoflineApiError && error.status === 404) return undefined;
    throw error;
  }
}
