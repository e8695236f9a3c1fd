import assert from 'node:assert/strict';
import fc from 'fast-check';
import { endedAt, sha256Hex, startedAt, uploadParts } from '../http/support/client.ts';
import { readZip } from '../http/support/zip.ts';
import { expectCompletion, expectUpload, type Model, type ModelStream } from './model.ts';
import { payloads, type Real } from './real.ts';
import { compareSafetyChecks, safetyCheckSteps } from './safety-checks.ts';
import { any, hasIncident, pick, type Step, step } from './step.ts';

const payloadOf = (n: number) => payloads[n] as Buffer; // 0 to 2 by the arbitraries
const path = ({ id, incident }: ModelStream) => `/v1/incidents/${incident.id}/streams/${id}`;
const hasStream = (model: Model) => model.streams.length > 0;

const openIncident = step(
  'open incident',
  (model) => model.incidents.length < 4,
  async (model, real) => {
    model.incidents.push({
      id: await real.ada.incident(),
      closed: false,
      deletion: 'none',
      streams: [],
      safetyChecks: [],
    });
  },
);

const openStream = (n: number, mediaType: 'video' | 'audio') =>
  step(`open ${mediaType} stream in #${n}`, hasIncident, async (model, real) => {
    const incident = pick(model.incidents, n);
    const answer = await real.ada.post(`/v1/incidents/${incident.id}/streams`, { media_type: mediaType });
    if (incident.deletion !== 'none') assert.equal(answer.code, 'incident_deleting');
    else if (incident.closed) assert.equal(answer.code, 'incident_closed');
    else {
      assert.equal(answer.status, 201);
      const stream: ModelStream = { id: answer.body.stream.id, incident, mediaType, status: 'open', chunks: new Map() };
      incident.streams.push(stream);
      model.streams.push(stream);
    }
  });

const upload = (n: number, index: number, payload: number, keyNumber: number | undefined, way: 'put' | 'form') =>
  step(`${way} #${n} chunk ${index} payload ${payload} key ${keyNumber}`, hasStream, async (model, real) => {
    const stream = pick(model.streams, n);
    const key = keyNumber === undefined ? undefined : `run-${real.run}-key-${keyNumber}`;
    const expected = expectUpload(model, { stream, index, payload, key });
    const bytes = payloadOf(payload);
    const headers: Record<string, string> = key === undefined ? {} : { 'idempotency-key': key };
    const fields = { stream_id: stream.id, chunk_index: String(index), media_type: stream.mediaType };
    const answer =
      way === 'put'
        ? await real.ada.put(stream.incident.id, stream.id, index, bytes, { headers })
        : await real.ada.form(stream.incident.id, uploadParts(bytes, fields), headers);
    if (expected.status === 201) {
      assert.equal(answer.status, 201, answer.code);
      assert.equal(answer.body.sha256_hex, sha256Hex(bytes));
      stream.chunks.set(index, { payload, answer: answer.body });
      if (key !== undefined) model.keys.set(key, { stream, index, payload });
    } else if ('chunk' in expected) {
      // Deletion takes the memory of keys with it, but no such incident is asked here.
      assert.deepEqual([answer.status, answer.body], [200, expected.chunk.answer], answer.code);
    } else assert.deepEqual([answer.status, answer.code], [expected.status, 'code' in expected ? expected.code : '']);
  });

const reconcile = (n: number, index: number, payload: number) =>
  step(`reconcile #${n} chunk ${index} payload ${payload}`, hasStream, async (model, real) => {
    const stream = pick(model.streams, n);
    const bytes = payloadOf(payload);
    const claim = {
      stream_id: stream.id,
      chunk_index: index,
      media_type: stream.mediaType,
      started_at: startedAt,
      ended_at: endedAt,
    };
    const answer = await real.ada.post(`/v1/incidents/${stream.incident.id}/chunks/reconcile`, {
      ...claim,
      byte_size: bytes.length,
      sha256_hex: sha256Hex(bytes),
    });
    const known = stream.incident.deletion === 'done' ? undefined : stream.chunks.get(index);
    if (known === undefined) assert.equal(answer.code, 'chunk_not_found');
    else if (known.payload === payload) assert.equal(answer.body.reconciliation?.status, 'matched');
    else assert.deepEqual(answer.body.reconciliation.mismatched_fields, ['byte_size', 'sha256_hex']);
  });

const complete = (n: number, count: number) =>
  step(`complete #${n} of ${count}`, hasStream, async (model, real) => {
    const stream = pick(model.streams, n);
    const refusal = stream.incident.deletion === 'done' ? 'incident_deleting' : expectCompletion(stream, count);
    const answer = await real.ada.post(`${path(stream)}/complete`, { expected_chunk_count: count });
    assert.equal(answer.code, refusal ?? '');
    if (refusal === undefined) stream.status = 'complete';
  });

const fail = (n: number) =>
  step(`fail #${n}`, hasStream, async (model, real) => {
    const stream = pick(model.streams, n);
    const answer = await real.ada.post(`${path(stream)}/fail`);
    if (stream.incident.deletion !== 'none') assert.equal(answer.code, 'incident_deleting');
    else if (stream.status === 'open') {
      assert.equal(answer.status, 200);
      stream.status = 'failed';
    } else assert.equal(answer.code, stream.status === 'complete' ? 'stream_already_complete' : 'stream_failed');
  });

const download = (n: number) =>
  step(`download #${n}`, hasStream, async (model, real) => {
    const stream = pick(model.streams, n);
    const answer = await real.ada.get(`${path(stream)}/download`);
    if (stream.incident.deletion !== 'none') assert.equal(answer.code, 'incident_deleting');
    else if (stream.status !== 'complete') assert.equal(answer.code, 'stream_not_complete');
    else {
      const [, ...entries] = await readZip(answer.bytes);
      const expected = [...stream.chunks].sort(([a], [b]) => a - b).map(([, { payload }]) => payloadOf(payload));
      assert.deepEqual(
        entries.map(({ bytes }) => bytes.toString('hex')),
        expected.map((bytes) => bytes.toString('hex')),
      );
    }
  });

const close = (n: number) =>
  step(`close #${n}`, hasIncident, async (model, real) => {
    const incident = pick(model.incidents, n);
    const answer = await real.ada.post(`/v1/incidents/${incident.id}/close`);
    if (incident.deletion !== 'none') assert.equal(answer.code, 'incident_deleting');
    else {
      assert.deepEqual([answer.status, answer.body.status], [200, 'closed']);
      incident.closed = true;
    }
  });

const remove = (n: number, allowOpen: boolean) =>
  step(`delete #${n}${allowOpen ? ' although open' : ''}`, hasIncident, async (model, real) => {
    const incident = pick(model.incidents, n);
    const answer = await real.ada.post(`/v1/incidents/${incident.id}/deletion`, { allow_open: allowOpen });
    if (incident.deletion === 'none' && !incident.closed && !allowOpen) {
      assert.equal(answer.code, 'incident_open');
      return;
    }
    assert.equal(answer.status, 202);
    const { decision_id, state, item_count } = answer.body.deletion;
    incident.decisionId ??= decision_id;
    assert.equal(decision_id, incident.decisionId);
    if (incident.deletion === 'none') incident.deletion = 'decided';
    assert.equal(state, incident.deletion === 'done' ? 'deleted' : 'deletion_pending');
    assert.equal(
      item_count,
      incident.streams.reduce((sum, { chunks }) => sum + chunks.size, 0),
    );
  });

const makeLink = (n: number) =>
  step(`link to #${n}`, hasIncident, async (model, real) => {
    const incident = pick(model.incidents, n);
    const answer = await real.ada.post(`/v1/incidents/${incident.id}/incident-tokens`);
    if (incident.deletion !== 'none') assert.equal(answer.code, 'incident_deleting');
    else model.links.push({ id: answer.body.token_id, token: answer.body.token, incident, revoked: false });
  });

const revokeLink = (n: number) =>
  step(
    `revoke link #${n}`,
    (model) => model.links.length > 0,
    async (model, real) => {
      const link = pick(model.links, n);
      const answer = await real.ada.post(`/v1/incident-tokens/${link.id}/revoke`);
      const gone = link.revoked || link.incident.deletion === 'done';
      assert.equal(answer.code, gone ? 'incident_token_not_found' : '');
      link.revoked = true;
    },
  );

const view = (n: number) =>
  step(
    `view link #${n}`,
    (model) => model.links.length > 0,
    async (model, real) => {
      const { token, incident, revoked } = pick(model.links, n);
      const answer = await real.nobody.get(`/i/${token}/data`);
      if (revoked || incident.deletion !== 'none') assert.equal(answer.code, 'incident_token_invalid');
      else assert.deepEqual(answer.body.chunk_count_by_media_type, countByType(incident.streams));
    },
  );

function countByType(streams: readonly ModelStream[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { mediaType, chunks } of streams)
    if (chunks.size > 0) counts[mediaType] = (counts[mediaType] ?? 0) + chunks.size;
  return counts;
}

const restart = (how: 'stop' | 'kill') =>
  step(
    how === 'kill' ? 'kill and start' : 'stop and start',
    () => true,
    async (model, real) => {
      const decided = model.incidents.filter(({ deletion }) => deletion === 'decided');
      await real.restart(how, decided);
      for (const incident of decided) incident.deletion = 'done';
      await compare(model, real);
    },
  );

/** Everything that the model knows, against everything that the server says. */
export async function compare(model: Model, real: Real): Promise<void> {
  for (const incident of model.incidents) {
    const { body } = await real.ada.get(`/v1/incidents/${incident.id}`);
    assert.equal(body.incident.status, incident.closed ? 'closed' : 'open');
    const states = { none: 'active', decided: 'deletion_pending', done: 'deleted' };
    assert.equal(body.incident.deletion_state, states[incident.deletion]);
    const kept = incident.deletion === 'done' ? [] : incident.streams;
    assert.deepEqual(
      body.streams.map(({ id, status }: { id: string; status: string }) => [id, status]).sort(),
      kept.map(({ id, status }) => [id, status]).sort(),
    );
    const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
    const chunks = kept.flatMap((stream) => [...stream.chunks.values()].map(({ answer }) => answer as { id: string }));
    assert.deepEqual(body.chunks.sort(byId), chunks.sort(byId));
    await compareSafetyChecks(incident, real);
  }
}

const key = fc.option(fc.nat(4), { nil: undefined });
const index = fc.integer({ min: 1, max: 4 });

/** Starting again is dear: one command in forty. */
export const steps: fc.Arbitrary<Step>[] = [
  fc.constant(openIncident),
  fc.tuple(any, fc.constantFrom('video' as const, 'audio' as const)).map(([n, type]) => openStream(n, type)),
  ...Array.from({ length: 5 }, () =>
    fc.tuple(any, index, fc.nat(2), key, fc.constantFrom('put' as const, 'form' as const)).map((all) => upload(...all)),
  ),
  fc.tuple(any, index, fc.nat(2)).map((all) => reconcile(...all)),
  fc.tuple(any, index).map((all) => complete(...all)),
  fc.tuple(any, index).map((all) => complete(...all)),
  any.map(fail),
  any.map(download),
  any.map(close),
  fc.tuple(any, fc.boolean()).map((all) => remove(...all)),
  any.map(makeLink),
  any.map(revokeLink),
  any.map(view),
  ...safetyCheckSteps,
  fc.nat(39).chain((n) => (n < 2 ? fc.constantFrom('stop' as const, 'kill' as const).map(restart) : any.map(view))),
];
