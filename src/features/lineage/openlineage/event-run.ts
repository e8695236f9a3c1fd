import { parseTimestamp } from '#kit/time.ts';
import { withoutBlanks } from '../record/scan-json.ts';
import { type NamedRun, sha256Hex } from '../record/seal-run.ts';
import type { LineageEvent } from './event.ts';
import { jobKey } from './job-key.ts';

/**
 * The record of an event: itself as the artifact, and in metadata what it says in front.
 *
 * Its run id is made of the event: the run (or `job`, or `dataset`), what happened to it and when, and 128 bits of the hash of all
 * that it says. The same event sent again is the same record; two that differ in anything, be it namespace, name or a facet, are two.
 */
export async function eventRun(event: LineageEvent, organization: string): Promise<NamedRun> {
  const { eventTime, eventType, kind, name, namespace, producer, runId, schemaURL, text } = event;
  const hash = await sha256Hex(new TextEncoder().encode(withoutBlanks(text)));
  const subject = runId?.toLowerCase() ?? kind;
  const time = parseTimestamp(eventTime)?.replace(/[:-]/g, '');
  const id = [subject, eventType?.toLowerCase(), time, hash.slice(0, 32)].filter((part) => part !== undefined);
  return {
    ...(await jobKey({ namespace, name }, organization)),
    run_id: id.join('.'),
    generated_at: eventTime,
    artifact: text,
    metadata: JSON.stringify({
      format: 'openlineage',
      event: kind,
      eventType,
      eventTime,
      runId,
      [kind === 'dataset' ? 'datasetNamespace' : 'jobNamespace']: namespace,
      [kind === 'dataset' ? 'datasetName' : 'jobName']: name,
      producer,
      schemaURL,
    }),
  };
}
