import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';
import { openLineageRoutes } from '#features/lineage/openlineage/openlineage.routes.ts';
import { queryRoutes } from '#features/lineage/queries/queries.routes.ts';
import { MemoryObjectStore } from '#platform/objects/memory/memory-object-store.ts';
import type { ObjectStore } from '#platform/objects/object-store.ts';
import { cutOff } from '#platform/objects/testing/cut-off.ts';
import { type LineageApp, startLineageApp } from '../support/lineage-app.ts';
import { lacks, openLineagePython } from '../support/needs.ts';
import type { CapturedRequest } from './captured-request.ts';

const rules = { organization: 'acme', maxBodyBytes: 100_000, maxBatchEvents: 20 };
const captured = JSON.parse(
  readFileSync(join(import.meta.dirname, 'openlineage-requests.json'), 'utf8'),
) as CapturedRequest[]; // written by capture-openlineage.ts

const bodyOf = ({ body }: CapturedRequest) => new Uint8Array(Buffer.from(body, 'base64'));
const eventOf = (request: CapturedRequest) => {
  const body = bodyOf(request);
  return new TextDecoder().decode('content-encoding' in request.headers ? gunzipSync(body) : body);
};

function capturedEvent(index: number): string {
  const request = captured[index];
  assert.ok(request);
  return eventOf(request);
}

async function withApp(body: (app: LineageApp) => Promise<void>, objects?: ObjectStore): Promise<void> {
  const app = await startLineageApp((deps) => [...openLineageRoutes(deps, rules), ...queryRoutes(deps)], objects);
  try {
    await body(app);
  } finally {
    await app.close();
  }
}

interface Accepted {
  accepted: true;
  run_id: string;
  location: string;
  replayed?: true;
}

/** The records, each by its place. */
async function recordsOf(
  app: LineageApp,
): Promise<Map<string, { artifact: string; metadata: Record<string, string> }>> {
  const found = new Map<string, { artifact: string; metadata: Record<string, string> }>();
  const { services } = (await (await app.call('GET', '/v1/lineage', { token: 'reader' })).json()) as {
    services: { organization: string; project: string; service: string }[];
  };
  for (const { organization, project, service } of services) {
    const at = `/v1/lineage/${organization}/${project}/${service}/runs`;
    const { runs } = (await (await app.call('GET', at, { token: 'reader' })).json()) as { runs: { run_id: string }[] };
    for (const { run_id } of runs) {
      const text = await (await app.call('GET', `${at}/${run_id}`, { token: 'reader' })).text();
      const { metadata } = JSON.parse(text) as { metadata: Record<string, string> };
      const artifact = /"artifact":(.*),"metadata":/s.exec(text)?.[1] ?? '';
      found.set(`${organization}/${project}/${service} ${metadata.event} ${metadata.eventType ?? ''}`, {
        artifact,
        metadata,
      });
    }
  }
  return found;
}

const expectedPlaces = [
  'acme/food-delivery/etl-orders run FAIL',
  'acme/s3-lake/facts-orders dataset ',
  'acme/shop/orders-load job ',
  'acme/shop/orders-load run COMPLETE',
  'acme/shop/orders-load run RUNNING',
  'acme/shop/orders-load run START',
];

describe('OpenLineage', () => {
  test('what the Python client sends is kept, event by event, as it came', () =>
    withApp(async (app) => {
      for (const status of [201, 200])
        for (const request of captured) {
          const { headers, method, path } = request;
          const response = await app.call(method, path, { headers, body: bodyOf(request) });
          assert.equal(response.status, status);
          const accepted = (await response.json()) as Accepted;
          assert.equal(accepted.replayed, status === 200 ? true : undefined);
          assert.equal(response.headers.get('location'), accepted.location);
          const kept = await app.call('GET', accepted.location, { token: 'reader' });
          assert.ok((await kept.text()).includes(`,"artifact":${eventOf(request)},"metadata":`));
          assert.equal(
            app.acts.findLast(({ action }) => action === 'ingest')?.outcome,
            status === 201 ? 'created' : 'replayed',
          );
        }
      const records = await recordsOf(app);
      assert.deepEqual([...records.keys()].sort(), expectedPlaces);
      const complete = records.get('acme/shop/orders-load run COMPLETE');
      assert.deepEqual(complete?.metadata, {
        format: 'openlineage',
        event: 'run',
        eventType: 'COMPLETE',
        eventTime: '2026-01-02T05:04:07+02:00',
        runId: '01941f29-7c00-7aaa-8bbb-0123456789ab',
        jobNamespace: 'acme/shop',
        jobName: 'orders.load',
        producer: 'https://example.org/pipeline/1.0',
        schemaURL: 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent',
      });
    }));

  test('the Python client itself is content with the answers, also when it sends all of it twice', async (t) => {
    const python = openLineagePython();
    if (lacks(t, 'openlineage') || python === undefined) return;
    await withApp(async (app) => {
      const emit = promisify(execFile);
      // Elsewhere, as the client looks for a configuration and a repository where it is started.
      for (let round = 0; round < 2; round++)
        await emit(python, [join(import.meta.dirname, 'emit.py'), app.url, 'emitter'], { cwd: tmpdir() });
      const records = await recordsOf(app);
      assert.deepEqual([...records.keys()].sort(), expectedPlaces);
      const sent = new Set(captured.map(eventOf));
      for (const { artifact } of records.values())
        assert.ok(sent.has(artifact), 'the captured requests are what it sends');
      // It raises for an answer that is no success.
      await assert.rejects(
        emit(python, [join(import.meta.dirname, 'emit.py'), app.url, 'reader'], { cwd: tmpdir() }),
        /403/,
      );
    });
  });

  test('a batch is answered event by event', () =>
    withApp(async (app) => {
      const events = captured.map(eventOf);
      const send = async (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) => {
        const response = await app.call('POST', '/api/v1/lineage/batch', { token: 'shop-emitter', body, headers });
        return [response.status, await response.json()];
      };
      const mine = [events[0], events[1], events[2], events[3]];
      const success = {
        status: 'success',
        summary: { received: 4, successful: 4, failed: 0, retriable: 0 },
        failed_events: [],
      };
      assert.deepEqual(await send(`[${mine.join(' ,\n')}]`), [200, success]);
      assert.deepEqual(await send(gzipSync(`[${mine.join(',')}]`), { 'Content-Encoding': 'gzip' }), [200, success]);
      assert.deepEqual(
        app.acts.slice(-5).map(({ outcome, service }) => [service, outcome]),
        [
          ['orders-load', 'replayed'],
          ['orders-load', 'replayed'],
          ['orders-load', 'replayed'],
          ['orders-load', 'replayed'],
          [undefined, 'success'],
        ],
      );
      const [status, answer] = await send(`[${events[0]},{"eventTime":"now"},${events[5]}]`);
      assert.equal(status, 207);
      const forbidden = { index: 2, reason: 'forbidden: This account may not do that.', retriable: false };
      const { failed_events: failed, ...rest } = answer as { failed_events: { index: number; reason: string }[] };
      assert.deepEqual(rest, {
        status: 'partial_success',
        summary: { received: 3, successful: 1, failed: 2, retriable: 0 },
      });
      assert.match(failed[0]?.reason ?? '', /^invalid_request: eventTime: /);
      assert.deepEqual(failed[1], forbidden);
      const [nothing, error] = await send(`[${events[5]}]`);
      assert.deepEqual([nothing, (error as { status: string }).status], [400, 'error']);
      for (const [body, code] of [
        [events[0] ?? '', 'invalid_json'],
        ['[{]', 'invalid_json'],
        [`[${Array.from({ length: 21 }, () => '1').join(',')}]`, 'request_too_large'],
      ] as const) {
        const [, refused] = await send(body);
        assert.equal((refused as { error: { code: string } }).error.code, code);
      }
    }));

  test('when storage fails, one event and a batch of which nothing was kept are to be sent again', () =>
    withApp(
      async (app) => {
        const event = capturedEvent(0);
        const send = (path: string, body: string) => app.call('POST', path, { token: 'emitter', body });
        assert.equal((await send('/api/v1/lineage', event)).status, 503);
        const batch = await send('/api/v1/lineage/batch', `[${event}]`);
        assert.equal(batch.status, 503);
        const { failed_events: failed, summary } = (await batch.json()) as {
          failed_events: { retriable: boolean }[];
          summary: { retriable: number };
        };
        assert.deepEqual([failed.map(({ retriable }) => retriable), summary.retriable], [[true], 1]);
      },
      cutOff(new MemoryObjectStore(), 1, 'before'),
    ));

  test('jobs whose names have one normal form share a service and no record', () =>
    withApp(async (app) => {
      const event = JSON.parse(capturedEvent(0)) as {
        job: { name: string; namespace: string };
      };
      const ids = new Set<string>();
      const spellings = ['orders.load', 'orders-load', 'Orders Load', 'orders_load'];
      for (const name of spellings)
        for (const namespace of ['acme/shop', 'shop', 'Acme/Shop']) {
          const body = JSON.stringify({ ...event, job: { ...event.job, name, namespace } });
          const response = await app.call('POST', '/api/v1/lineage', { token: 'emitter', body });
          assert.equal(response.status, 201);
          const { location, run_id } = (await response.json()) as Accepted;
          assert.ok(location.startsWith('/v1/lineage/acme/shop/orders-load/runs/'));
          ids.add(run_id);
        }
      assert.equal(ids.size, 12);
    }));

  test('what is wrong, not allowed or too large is refused, and said to be', () =>
    withApp(async (app) => {
      const event = capturedEvent(5);
      const deep = `${event.slice(0, -1)},"deep":${'['.repeat(63)}${']'.repeat(63)}}`;
      const cases: [string, string | Uint8Array<ArrayBuffer>, Record<string, string>, number, string][] = [
        ['emitter', '[]', {}, 400, 'invalid_json'],
        ['emitter', `${event}${event}`, {}, 400, 'invalid_json'],
        ['emitter', deep, {}, 400, 'invalid_json'],
        ['emitter', '{}', {}, 400, 'invalid_request'],
        ['emitter', event, { 'Content-Encoding': 'gzip' }, 400, 'invalid_request'],
        [
          'emitter',
          new Uint8Array(gzipSync(Buffer.alloc(200_000, 0x20))),
          { 'Content-Encoding': 'gzip' },
          413,
          'request_too_large',
        ],
        ['emitter', ' '.repeat(100_001), {}, 413, 'request_too_large'],
        ['shop-emitter', event, {}, 403, 'forbidden'],
        ['reader', event, {}, 403, 'forbidden'],
        ['nobody', event, {}, 401, 'authentication_required'],
      ];
      for (const [token, body, headers, status, code] of cases) {
        const response = await app.call('POST', '/api/v1/lineage', { token, body, headers });
        const { error } = (await response.json()) as { error: { code: string } };
        assert.deepEqual([response.status, error.code, app.acts.at(-1)?.outcome], [status, code, code]);
      }
      assert.deepEqual([...(await recordsOf(app)).keys()], []);
      const fits = `${event.slice(0, -1)},"deep":${'['.repeat(62)}${']'.repeat(62)}}`;
      const response = await app.call('POST', '/api/v1/lineage', { token: 'emitter', body: fits });
      assert.equal(response.status, 201);
      const latest = await app.call('GET', '/v1/lineage/acme/food-delivery/etl-orders/latest', { token: 'reader' });
      assert.ok((await latest.text()).includes(fits));
    }));
});
