import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { ProoflineApiError, ProoflineNetworkError } from '#client/api/api-error.ts';
import { LineageApi } from '#client/lineage/lineage-api.ts';
import type { Patience } from '#client/lineage/patience.ts';
import { type FaultyProxy, startFaultyProxy } from '../support/faulty-proxy.ts';
import { type LineageServer, lineageToken, startLineageServer } from '../support/lineage-server.ts';

let server: LineageServer;
let proxy: FaultyProxy;
before(async () => {
  server = await startLineageServer();
  proxy = await startFaultyProxy(server.url);
});
after(async () => {
  proxy.close();
  await server.close();
});
afterEach(() => {
  proxy.fault = () => undefined;
  proxy.seen.length = 0;
});

const waits: number[] = [];
const quick: Patience = {
  random: () => 0,
  sleep: async (ms) => void waits.push(ms),
};
const api = (patience: Patience = {}, timeoutMs = 5000) =>
  new LineageApi({ baseUrl: proxy.url, token: lineageToken, timeoutMs, patience: { ...quick, ...patience } });
const key = (service: string) => ({ organization: 'acme', project: 'shop', service });
const envelope = (service: string, runId: string, more = '') =>
  new TextEncoder().encode(
    `{"organization":"acme","project":"shop","service":"${service}","run_id":"${runId}","artifact":{"v":1.0}${more}}`,
  );

async function fill(service: string, count: number): Promise<void> {
  for (let i = 0; i < count; i++)
    await api().push(envelope(service, `r${i}`, `,"commit_sha":"c${i % 2}","diff":{"n":${i}}`));
}

test('an answer that was lost is asked for again under the same run id, and nothing is kept twice', async () => {
  proxy.fault = (_, count) => (count === 1 ? { kind: 'lost' } : undefined);
  const accepted = await api().push(envelope('lost', 'r1'));
  assert.deepEqual([accepted.run_id, accepted.replayed], ['r1', true]);
  assert.equal(proxy.seen.length, 2);
  assert.deepEqual(proxy.seen[0]?.body, proxy.seen[1]?.body);
  assert.equal((await Array.fromAsync(api().runs(key('lost')))).length, 1);
});

test('an answer that comes too late is given up on, and the next try finds that the run is kept', async () => {
  proxy.fault = (_, count) => (count === 1 ? { kind: 'slow', ms: 900 } : undefined);
  const accepted = await api({}, 300).push(envelope('slow', 'r1'));
  assert.equal(accepted.replayed, true);
  assert.equal(proxy.seen.length, 2);
});

test('it tries again behind 429, 502, 503, 504 and silence, and waits as long as it was told', async () => {
  const faults = [429, 502, 503, 504] as const;
  proxy.fault = (_, count) => {
    const status = faults[count - 1];
    if (status !== undefined) return { kind: 'before', status, ...(status === 429 ? { retryAfter: '7' } : {}) };
    return count === 5 ? { kind: 'stall' } : undefined;
  };
  waits.length = 0;
  const accepted = await api({}, 300).push(envelope('away', 'r1'));
  assert.equal(accepted.replayed, undefined);
  assert.equal(proxy.seen.length, 6);
  assert.deepEqual(waits, [7000, 0, 0, 0, 0]);
});

test('a refusal is final: one request, and its code', async () => {
  const cases: [LineageApi, Uint8Array<ArrayBuffer>, number, string][] = [
    [api(), new TextEncoder().encode('{'), 400, 'invalid_json'],
    [new LineageApi({ baseUrl: proxy.url, token: 'wrong' }), envelope('no', 'r1'), 401, 'authentication_required'],
    [api(), envelope('lost', 'r1', ',"diff":1'), 409, 'run_conflict'],
  ];
  await api().push(envelope('lost', 'r1'));
  for (const [client, body, status, code] of cases) {
    proxy.seen.length = 0;
    await assert.rejects(
      client.push(body),
      (error) => error instanceof ProoflineApiError && error.status === status && error.code === code,
    );
    assert.equal(proxy.seen.length, 1, code);
  }
  proxy.fault = () => ({ kind: 'before', status: 500 });
  proxy.seen.length = 0;
  await assert.rejects(
    api().push(envelope('no', 'r1')),
    (error) => error instanceof ProoflineApiError && error.status === 500,
  );
  assert.equal(proxy.seen.length, 1);
});

test('it gives up when its time is over, or would be before it may ask again', async () => {
  proxy.fault = () => ({ kind: 'before', status: 503 });
  const short = { giveUpAfterMs: 200, sleep: (ms: number) => new Promise<void>((go) => setTimeout(go, ms + 20)) };
  await assert.rejects(
    api(short).push(envelope('no', 'r1')),
    (error) => error instanceof ProoflineApiError && error.status === 503,
  );
  assert.ok(proxy.seen.length > 1);
  proxy.seen.length = 0;
  proxy.fault = () => ({ kind: 'before', status: 503, retryAfter: '3600' });
  const sleepless = { giveUpAfterMs: 5000, sleep: () => Promise.reject(new Error('it waits for an hour')) };
  await assert.rejects(api(sleepless).push(envelope('no', 'r1')), ProoflineApiError);
  assert.equal(proxy.seen.length, 1);
});

test('a token that expired meanwhile is replaced once', async () => {
  let asked = 0;
  const client = new LineageApi({
    baseUrl: proxy.url,
    token: 'expired',
    patience: {
      ...quick,
      reauthenticate: async () => {
        asked += 1;
        client.useToken(lineageToken);
        return true;
      },
    },
  });
  assert.equal((await client.push(envelope('token', 'r1'))).run_id, 'r1');
  assert.equal(asked, 1);
});

test('records come as the bytes that are kept, and others are not believed', async () => {
  const { location } = await api().push(envelope('bytes', 'r1'));
  const run = await api().run(key('bytes'), 'r1');
  assert.equal(run.location, location);
  assert.deepEqual(await api().latest(key('Bytes')), run);
  const kept = await server.store.read(key('bytes'), 'r1');
  assert.deepEqual([run.bytes, run.sha256], [kept?.payload, kept?.line.sha256]);
  proxy.fault = (_, count) => (count === 1 ? { kind: 'cut', bytes: 30 } : undefined);
  proxy.seen.length = 0;
  assert.deepEqual(await api().run(key('bytes'), 'r1'), run);
  proxy.fault = () => ({ kind: 'altered' });
  await assert.rejects(
    api().latest(key('bytes')),
    (error) => error instanceof ProoflineNetworkError && error.reason === 'answer',
  );
  proxy.fault = () => undefined;
  await assert.rejects(
    api().run(key('bytes'), '../latest'),
    (error) => error instanceof ProoflineApiError && error.code === 'run_not_found',
  );
});

test('runs, changes and services come page after page, all of them, once', async () => {
  await fill('pages', 7);
  const runs = await Array.fromAsync(api().runs(key('pages'), {}, { pageSize: 3 }));
  assert.deepEqual(
    runs.map((line) => line.run_id),
    ['r6', 'r5', 'r4', 'r3', 'r2', 'r1', 'r0'],
  );
  assert.equal(proxy.seen.filter(({ path }) => path.includes('/runs')).length, 3);
  const ofCommit = await Array.fromAsync(api().runs(key('pages'), { commit: 'c1', to: runs[1]?.received_at }));
  assert.deepEqual(
    ofCommit.map((line) => line.run_id),
    ['r5', 'r3', 'r1'],
  );
  const changes = await Array.fromAsync(api().changes(key('pages'), { impact: 'unknown' }));
  assert.deepEqual(
    changes.map(({ diff, impact, run_id }) => [run_id, diff, impact]),
    runs.map(({ run_id }, i) => [run_id, { n: 6 - i }, 'unknown']),
  );
  const services = await Array.fromAsync(api().services());
  assert.deepEqual(services.find(({ service }) => service === 'pages')?.latest, runs[0]);
});

test('a replay that is cut, or stands still, goes on behind the last run, and brings each run once and in order', async () => {
  await fill('replay', 40);
  proxy.seen.length = 0;
  proxy.fault = (_, count) => (count <= 3 ? { kind: count === 2 ? 'hang' : 'cut', bytes: 500 } : undefined);
  const changes = await Array.fromAsync(api({}, 400).diffs(key('replay')));
  assert.deepEqual(
    changes.map(({ run_id }) => run_id),
    Array.from({ length: 40 }, (_, i) => `r${i}`),
  );
  assert.equal(proxy.seen.length, 4);
  for await (const first of api().diffs(key('replay'), { from: changes[5]?.received_at })) {
    assert.equal(first.run_id, 'r5');
    break;
  }
});
