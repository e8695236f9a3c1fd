import { isProblem, Problem } from '#kit/errors.ts';
import { timestamp } from '#kit/time.ts';
import { requireScope } from '../authorise.ts';
import type { LineageCaller } from '../identity/identity.ts';
import type { LineageDeps } from '../lineage-deps.ts';
import type { ServiceKey } from '../record/names.ts';
import { readEvent } from './event.ts';
import { eventRun } from './event-run.ts';

export interface KeptEvent extends ServiceKey {
  run_id: string;
  outcome: 'created' | 'replayed';
}

/** What is known of an event so far, for the audit, also when it is refused. */
export type EventDraft = Partial<ServiceKey> & { run_id?: string };

/** Of one event that was scanned before. Throws invalid_json, invalid_request, forbidden, run_conflict and what the store throws. */
export async function keepEvent(
  { clock, store }: Pick<LineageDeps, 'clock' | 'store'>,
  { caller, organization: fallback, text }: { caller: LineageCaller; organization: string; text: string },
  draft: EventDraft,
): Promise<KeptEvent> {
  const run = await eventRun(readEvent(text), fallback);
  const { organization, project, run_id, service } = run;
  Object.assign(draft, { organization, project, service, run_id });
  requireScope(caller, 'ingest', run);
  const { outcome } = await store.put(run, timestamp(clock()));
  if (outcome === 'conflict') throw new Problem('run_conflict');
  return { organization, project, service, run_id, outcome };
}

export interface FailedEvent {
  index: number;
  reason: string;
  retriable: boolean;
}

export interface BatchAnswer {
  status: 'success' | 'partial_success' | 'error';
  summary: { received: number; successful: number; failed: number; retriable: number };
  failed_events: FailedEvent[];
}

/** Stores answer many puts at once; this many are on their way. */
const atOnce = 8;

/**
 * Each event for itself: what fails of one is not the others'. Any may be sent again. `audit` is told of every event what it came
 * to.
 */
export async function keepBatch(
  deps: Pick<LineageDeps, 'clock' | 'store'>,
  { texts, ...by }: { texts: readonly string[]; caller: LineageCaller; organization: string },
  audit: (draft: EventDraft, outcome: string) => void,
): Promise<BatchAnswer> {
  const failed: FailedEvent[] = [];
  const waiting = texts.entries();
  const work = async () => {
    // Shared by all who work, so that each event is taken once.
    for (const [index, text] of waiting) {
      const draft: EventDraft = {};
      try {
        audit(draft, (await keepEvent(deps, { ...by, text }, draft)).outcome);
      } catch (error) {
        if (!isProblem(error)) throw error;
        audit(draft, error.code);
        failed.push({ index, reason: `${error.code}: ${error.message}`, retriable: isRetriable(error) });
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  failed.sort((a, b) => a.index - b.index);
  const successful = texts.length - failed.length;
  return {
    status: failed.length === 0 ? 'success' : successful === 0 ? 'error' : 'partial_success',
    summary: {
      received: texts.length,
      successful,
      failed: failed.length,
      retriable: failed.filter(({ retriable }) => retriable).length,
    },
    failed_events: failed,
  };
}

function isRetriable({ kind }: Problem): boolean {
  return kind === 'unavailable' || kind === 'storage_full';
}
