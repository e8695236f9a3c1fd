import { setTimeout as pause } from 'node:timers/promises';
import { isProblem, Problem } from '#kit/errors.ts';
import type { ServiceKey } from '../../record/names.ts';
import type { RunLine } from '../../record/run-line.ts';
import { readStoredRun } from '../../record/stored-run.ts';
import type { FolderRunStore } from '../folder/folder-run-store.ts';
import type { RunStore } from '../run-store.ts';

/** `conflict`: the other side has something else under the id. `damaged`: on one of the sides bytes are not those of their record. */
export type Copied = 'copied' | 'conflict' | 'damaged';

export interface Copying {
  from: Pick<FolderRunStore, 'readListed'>;
  to: Pick<RunStore, 'put'>;
  /** An answer that takes longer is waited for no more; sending the run again is safe. */
  answerMs: number;
  signal: AbortSignal;
}

/** Sends one run over, as it was when it came: the same bytes, under the same time. Throws what passes with time. */
export async function copyRun(key: ServiceKey, line: RunLine, copying: Copying): Promise<Copied> {
  const { answerMs, from, signal, to } = copying;
  try {
    const kept = await from.readListed(key, line);
    if (kept === undefined) return 'damaged';
    const { received_at, ...run } = readStoredRun(kept.payload);
    const put = await within(to.put(run, received_at), answerMs, signal);
    return put.outcome === 'conflict' || put.line.sha256 !== line.sha256 ? 'conflict' : 'copied';
  } catch (error) {
    if (isProblem(error, 'evidence_corrupt')) return 'damaged';
    throw error;
  }
}

/** Throws storage_unavailable when the time is over or the signal comes. */
async function within<T>(answer: Promise<T>, ms: number, signal: AbortSignal): Promise<T> {
  const done = new AbortController();
  const late = pause(ms, undefined, { signal: AbortSignal.any([signal, done.signal]), ref: false }).catch(
    () => undefined,
  );
  try {
    return await Promise.race([
      answer,
      late.then(() => {
        throw new Problem('storage_unavailable', { cause: new Error('no answer in time') });
      }),
    ]);
  } finally {
    done.abort();
  }
}
