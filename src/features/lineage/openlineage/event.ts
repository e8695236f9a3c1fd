import { z } from 'zod';
import { check } from '#http/check.ts';
import { parseTimestamp } from '#kit/time.ts';

/**
 * The three events of OpenLineage's spec (2-0-2): of a run, and the two of static lineage, of a job and of a dataset without a run.
 * Only what the spec requires is looked at; facets and unknown fields are kept unread.
 */
export interface LineageEvent {
  readonly kind: 'run' | 'job' | 'dataset';
  /** Of the job; of the dataset where there is no job. */
  readonly namespace: string;
  readonly name: string;
  readonly runId?: string;
  readonly eventType?: string;
  readonly eventTime: string;
  readonly producer: string;
  readonly schemaURL: string;
  /** The event as it came. */
  readonly text: string;
}

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const required = z.string().min(1, 'is required');
const facets = z.looseObject({}).nullish();
const named = z.looseObject({ namespace: required, name: required, facets });
const datasets = z.array(named).nullish();

const base = z.looseObject({
  eventTime: z
    .string()
    .refine((text) => parseTimestamp(text) !== undefined, 'must be an RFC 3339 time with its offset from UTC'),
  producer: required,
  schemaURL: required,
});
const datasetEvent = base.extend({ dataset: named });
const jobEvent = base.extend({ job: named, inputs: datasets, outputs: datasets });
const runEvent = jobEvent.extend({
  eventType: z.enum(['START', 'RUNNING', 'COMPLETE', 'ABORT', 'FAIL', 'OTHER']).nullish(),
  run: z.looseObject({ runId: z.string().regex(uuid, 'must be a UUID'), facets }),
});

/** Of one JSON value that was scanned before. Throws invalid_json, invalid_request. */
export function readEvent(text: string): LineageEvent {
  const value: unknown = JSON.parse(text);
  // The spec tells them apart by what they have: an event with a run is a run's, else one with a job is a job's.
  if (hasMember(value, 'run')) {
    const { eventType, job, run, ...rest } = check(runEvent, value);
    return {
      ...factsOf('run', rest, job, text),
      runId: run.runId,
      ...(typeof eventType === 'string' ? { eventType } : {}),
    };
  }
  if (hasMember(value, 'dataset') && !hasMember(value, 'job')) {
    const { dataset, ...rest } = check(datasetEvent, value);
    return factsOf('dataset', rest, dataset, text);
  }
  const { job, ...rest } = check(jobEvent, value);
  return factsOf('job', rest, job, text);
}

function factsOf(
  kind: LineageEvent['kind'],
  { eventTime, producer, schemaURL }: z.output<typeof base>,
  { name, namespace }: z.output<typeof named>,
  text: string,
): LineageEvent {
  return { kind, namespace, name, eventTime, producer, schemaURL, text };
}

function hasMember(value: unknown, name: string): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name);
}
