import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isProblem } from '#kit/errors.ts';
import { readEvent } from './event.ts';

const base = {
  eventTime: '2026-01-02T03:04:05Z',
  producer: 'https://example.org/p',
  schemaURL: 'https://example.org/s',
};
const job = { namespace: 'acme/shop', name: 'orders.load' };
const run = { runId: '01941F29-7c00-7aaa-8bbb-0123456789ab' };
const read = (value: unknown) => readEvent(JSON.stringify(value));

describe('an OpenLineage event', () => {
  test('is of a run, of a job or of a dataset by what it has', () => {
    const started = read({ ...base, eventType: 'START', run, job });
    assert.deepEqual(started, {
      ...base,
      ...job,
      kind: 'run',
      runId: run.runId,
      eventType: 'START',
      text: started.text,
    });
    assert.equal(read({ ...base, run, job }).eventType, undefined);
    assert.deepEqual(read({ ...base, job, dataset: { namespace: 'x', name: 'y' } }).kind, 'job');
    const dataset = read({ ...base, dataset: { namespace: 's3://lake', name: 'facts' } });
    assert.deepEqual([dataset.kind, dataset.namespace, dataset.name], ['dataset', 's3://lake', 'facts']);
  });

  test('keeps facets and fields that the spec does not know, and says nothing of them', () => {
    const facets = { custom: { anything: [1, { deep: null }] } };
    const text = JSON.stringify({
      ...base,
      run: { ...run, facets },
      job: { ...job, facets, new: 1 },
      inputs: null,
      later: true,
    });
    assert.equal(readEvent(text).text, text);
  });

  test('is refused, naming the field, when what the spec requires is missing or wrong', () => {
    const wrong: [object | string | number | null, RegExp][] = [
      [{ ...base, run, job: { name: 'a' } }, /job\.namespace/],
      [{ ...base, run, job: { ...job, name: '' } }, /job\.name/],
      [{ ...base, run, dataset: job }, /job/],
      [{ ...base, run: {}, job }, /run\.runId/],
      [{ ...base, run: { runId: 'not-a-uuid' }, job }, /run\.runId/],
      [{ ...base, run: null, job }, /run/],
      [{ ...base, eventType: 'DONE', run, job }, /eventType/],
      [{ ...base, eventTime: '2026-01-02T03:04:05', run, job }, /eventTime.*offset/],
      [{ ...base, producer: undefined, run, job }, /producer/],
      [{ ...base, schemaURL: undefined, job }, /schemaURL/],
      [{ ...base, job, inputs: [{ namespace: 'x' }] }, /inputs\.0\.name/],
      [{ ...base, job, outputs: {} }, /outputs/],
      [{ ...base, job: { ...job, facets: [] } }, /job\.facets/],
      [{ ...base, dataset: { namespace: 'x' } }, /dataset\.name/],
      [base, /job/],
    ];
    for (const [value, message] of wrong)
      assert.throws(
        () => read(value),
        (error) => isProblem(error, 'invalid_request') && message.test(error.message),
        JSON.stringify(value),
      );
    for (const value of [null, 7, 'START', [base]])
      assert.throws(
        () => read(value),
        (error) => isProblem(error, 'invalid_json'),
        JSON.stringify(value),
      );
  });
});
