import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isRunId, normalName } from '../record/names.ts';
import { sealRun } from '../record/seal-run.ts';
import { readStoredRun } from '../record/stored-run.ts';
import { readEvent } from './event.ts';
import { eventRun } from './event-run.ts';
import { jobKey } from './job-key.ts';

const base = {
  eventTime: '2026-01-02T03:04:05Z',
  producer: 'https://example.org/p',
  schemaURL: 'https://example.org/s',
};
const runId = '01941f29-7c00-7aaa-8bbb-0123456789ab';
const runOf = (value: object) => eventRun(readEvent(JSON.stringify(value)), 'Fallback Inc');

describe('the record of an OpenLineage event', () => {
  test('namespace and name are found again in organization, project and service', async () => {
    const cases: [string, string, string[]][] = [
      ['acme/shop', 'orders.load', ['acme', 'shop', 'orders-load']],
      ['food_delivery', 'etl', ['fallback-inc', 'food-delivery', 'etl']],
      ['spark://host:7077', 'app', ['fallback-inc', 'spark-host-7077', 'app']],
      ['a/b/c', 'x', ['fallback-inc', 'a-b-c', 'x']],
      ['/shop', 'x', ['fallback-inc', 'shop', 'x']],
      ['--/shop', 'x', ['fallback-inc', 'shop', 'x']],
    ];
    for (const [namespace, name, [organization, project, service]] of cases)
      assert.deepEqual(
        await jobKey({ namespace, name }, 'Fallback Inc'),
        { organization, project, service },
        namespace,
      );
  });

  test('names of any length and any script are filed, each under a name of its own', async () => {
    const long = 'app.execute_insert_into_hadoop_fs_relation_command.'.repeat(3);
    const given = [`${long}a`, `${long}b`, '数据', '日本', '-'];
    const services = await Promise.all(
      given.map(async (name) => (await jobKey({ namespace: 'n', name }, 'o')).service),
    );
    assert.equal(new Set(services).size, given.length);
    for (const service of services) assert.equal(normalName(service), service);
    assert.ok(services[0]?.startsWith('app-execute-insert-into-hadoop-'));
    await fc.assert(
      fc.asyncProperty(
        fc.string({ minLength: 1, maxLength: 200, unit: 'grapheme' }),
        fc.string({ minLength: 1 }),
        async (namespace, name) => {
          for (const part of Object.values(await jobKey({ namespace, name }, 'o')))
            assert.equal(normalName(part), part);
        },
      ),
    );
  });

  test('says in front what the event says', async () => {
    const event = {
      ...base,
      eventType: 'COMPLETE',
      run: { runId: runId.toUpperCase() },
      job: { namespace: 'acme/shop', name: 'Orders Load' },
    };
    const run = await runOf(event);
    assert.match(run.run_id, new RegExp(`^${runId}\\.complete\\.20260102T030405\\.000Z\\.[0-9a-f]{32}$`));
    assert.equal(run.generated_at, base.eventTime);
    assert.equal(run.artifact, JSON.stringify(event));
    assert.deepEqual(JSON.parse(run.metadata ?? ''), {
      format: 'openlineage',
      event: 'run',
      eventType: 'COMPLETE',
      ...base,
      runId: runId.toUpperCase(),
      jobNamespace: 'acme/shop',
      jobName: 'Orders Load',
    });
    const sealed = await sealRun(run, '2026-01-02T03:04:06.000Z');
    assert.equal(readStoredRun(sealed.payload).artifact, run.artifact);
    const dataset = await runOf({ ...base, dataset: { namespace: 's3://lake', name: 'facts' } });
    assert.match(dataset.run_id, /^dataset\.20260102T030405\.000Z\.[0-9a-f]{32}$/);
    assert.equal(JSON.parse(dataset.metadata ?? '').datasetNamespace, 's3://lake');
    assert.match((await runOf({ ...base, job: { namespace: 'a', name: 'b' } })).run_id, /^job\./);
  });

  test('two events share a record only when they say the same; blanks do not count', async () => {
    const spelling = fc.constantFrom('shop.orders', 'shop-orders', 'Shop Orders', 'shop_orders');
    const event = fc.record({
      eventType: fc.constantFrom('START', 'RUNNING'),
      eventTime: fc.constantFrom(
        '2026-01-02T03:04:05Z',
        '2026-01-02T03:04:05.000Z',
        '2026-01-02T03:04:05.123456789+00:00',
      ),
      run: fc.record({
        runId: fc.constantFrom(runId, '01941f29-7c00-7aaa-8bbb-0123456789ac'),
        facets: fc.constantFrom({}, { a: {} }),
      }),
      job: fc.record({ namespace: spelling, name: spelling }),
    });
    await fc.assert(
      fc.asyncProperty(event, event, async (a, b) => {
        const [one, other] = await Promise.all([a, b].map((value) => runOf({ ...base, ...value })));
        assert.ok(one !== undefined && other !== undefined && isRunId(one.run_id));
        assert.equal(one.run_id === other.run_id, JSON.stringify(a) === JSON.stringify(b));
        const spaced = await eventRun(readEvent(JSON.stringify({ ...base, ...a }, undefined, 2)), 'Fallback Inc');
        assert.equal(spaced.run_id, one.run_id);
      }),
    );
  });
});
