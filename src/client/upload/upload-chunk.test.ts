import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import { type EvidenceDouble, type Fault, startEvidenceDouble } from '../../../test/support/evidence-double.ts';
import { ProoflineApi } from '../api/api.ts';
import { ProoflineApiError, ProoflineNetworkError } from '../api/api-error.ts';
import type { ChunkFacts } from '../api/chunk-facts.ts';
import { backoffMs, sleep } from './backoff.ts';
import { type ChunkUpload, type UploadDeps, type UploadOptions, uploadChunk } from './upload-chunk.ts';

let double: EvidenceDouble;
let api: ProoflineApi;
let waits: number[];
before(async () => {
  double = await startEvidenceDouble();
});
after(() => double.close());
beforeEach(async () => {
  double.fault = () => undefined;
  api = new ProoflineApi({ baseUrl: double.url, timeoutMs: 2000 });
  await api.login('ada', 'correct horse battery');
  waits = [];
});

const bytes = new Uint8Array(1000).fill(7);

async function newUpload(content: Uint8Array<ArrayBuffer> = bytes): Promise<ChunkUpload & { facts: ChunkFacts }> {
  const { incident_id } = await api.createIncident();
  const stream = await api.createStream(incident_id, { media_type: 'video' });
  const facts: ChunkFacts = {
    incident_id,
    stream_id: stream.id,
    chunk_index: 1,
    media_type: 'video',
    started_at: '2026-01-02T03:04:05.000Z',
    ended_at: '2026-01-02T03:04:07.000Z',
    sha256_hex: createHash('sha256').update(content).digest('hex'),
    byte_size: content.length,
  };
  double.seen.length = 0;
  return { facts, bytes: content, idempotencyKey: `key-${stream.id}` };
}

function run(upload: ChunkUpload, deps: Partial<UploadDeps> = {}, options: UploadOptions = {}) {
  const recordWait = async (ms: number, signal?: AbortSignal) => {
    waits.push(ms);
    await sleep(0, signal);
  };
  return uploadChunk({ api, sleep: recordWait, random: () => 0.5, ...deps }, upload, options);
}

/** Faults of the chunk uploads, in order; everything else is answered properly. */
function script(...faults: Fault[]): void {
  double.fault = ({ method }) => (method === 'PUT' ? faults.shift() : undefined);
}

const puts = () => double.seen.filter(({ method }) => method === 'PUT');

test('an upload that meets no trouble is accepted at once', async () => {
  const outcome = await run(await newUpload());
  assert.ok(outcome.status === 'accepted' && outcome.how === 'uploaded' && outcome.attempts === 1);
  assert.deepEqual(waits, []);
});

test('a lost answer is found by asking, without sending the bytes again', async () => {
  const upload = await newUpload();
  script({ kind: 'lost' });
  const outcome = await run(upload);
  assert.ok(outcome.status === 'accepted' && outcome.how === 'reconciled');
  assert.equal(puts().length, 1);
});

test('a lost answer whose question fails as well is replayed under the same key', async () => {
  const upload = await newUpload();
  let asked = 0;
  double.fault = ({ method, path }) => {
    if (method === 'PUT') return puts().length === 1 ? { kind: 'lost' } : undefined;
    return path.endsWith('/reconcile') && asked++ === 0 ? { kind: 'cut' } : undefined;
  };
  const outcome = await run(upload);
  assert.equal(outcome.status, 'accepted');
  assert.deepEqual(new Set(puts().map(({ idempotencyKey }) => idempotencyKey)), new Set([upload.idempotencyKey]));
});

test('a cut body, a 500 and a 503 are tried again, waiting longer each time and as long as the server asks', async () => {
  script(
    { kind: 'cut' },
    { kind: 'before', status: 500, code: 'internal_error' },
    { kind: 'before', status: 503, code: 'storage_unavailable', retryAfter: 7 },
  );
  const outcome = await run(await newUpload());
  assert.ok(outcome.status === 'accepted' && outcome.attempts === 4);
  assert.deepEqual(waits, [250, 500, 8000]);
});

test('a server that says nothing is given up on after the time for one try', async () => {
  script({ kind: 'stall' });
  const outcome = await run(await newUpload(), {}, { attemptTimeoutMs: 100 });
  assert.equal(outcome.status, 'accepted');
  assert.equal(waits.length, 1);
});

test('429 and upload_in_progress are waited out', async () => {
  script(
    { kind: 'before', status: 429, code: 'rate_limited', retryAfter: 3 },
    { kind: 'before', status: 409, code: 'upload_in_progress', retryAfter: 1 },
  );
  const outcome = await run(await newUpload());
  assert.ok(outcome.status === 'accepted' && outcome.how === 'uploaded');
  assert.deepEqual(waits, [3250, 1500]);
  assert.equal(double.seen.filter(({ path }) => path.endsWith('reconcile')).length, 0);
});

test('a duplicate that is this very chunk counts as accepted; another one is a refusal that says what differs', async () => {
  const upload = await newUpload();
  await api.putChunk(upload.facts, upload.bytes);
  const same = await run(upload);
  assert.ok(same.status === 'accepted' && same.how === 'reconciled');
  const other = new Uint8Array(10);
  const facts = { ...upload.facts, byte_size: 10, sha256_hex: createHash('sha256').update(other).digest('hex') };
  const refused = await run({ facts, bytes: other, idempotencyKey: 'another' });
  assert.ok(refused.status === 'refused' && refused.code === 'duplicate_chunk_conflict');
  assert.match(refused.message, /sha256_hex, byte_size/);
});

test('an incident closed behind a lost answer: the chunk that arrived is still accepted', async () => {
  const upload = await newUpload();
  const asked = () => double.seen.filter(({ path }) => path.endsWith('/reconcile')).length;
  double.fault = ({ method, path }) => {
    if (method === 'PUT' && puts().length === 1) return { kind: 'lost' };
    return path.endsWith('/reconcile') && asked() === 1
      ? { kind: 'before', status: 503, code: 'storage_unavailable' }
      : undefined;
  };
  const close = () => api.closeIncident(upload.facts.incident_id).catch(() => undefined);
  const outcome = await run(upload, { sleep: close });
  assert.ok(outcome.status === 'accepted' && outcome.how === 'reconciled', JSON.stringify(outcome));
});

test('what can never succeed stops at once and says why', async () => {
  for (const [status, code] of [
    [400, 'invalid_started_at'],
    [403, 'forbidden'],
    [404, 'incident_not_found'],
    [409, 'incident_closed'],
    [413, 'quota_exceeded'],
  ] as const) {
    script({ kind: 'before', status, code });
    const outcome = await run(await newUpload());
    assert.ok(outcome.status === 'refused' && outcome.code === code && outcome.attempts === 1, code);
  }
});

test('bytes damaged on the way are sent three times, not for ever', async () => {
  const damaged: Fault = { kind: 'before', status: 400, code: 'hash_mismatch' };
  script(damaged, damaged);
  assert.equal((await run(await newUpload())).status, 'accepted');
  script(damaged, damaged, damaged);
  const outcome = await run(await newUpload());
  assert.ok(outcome.status === 'refused' && outcome.code === 'hash_mismatch' && outcome.attempts === 3);
});

test('an expired session is renewed once; a second refusal is final', async () => {
  const upload = await newUpload();
  double.tokens.clear();
  const reauthenticate = async () => Boolean(await api.login('ada', 'correct horse battery'));
  assert.equal((await run(upload, { reauthenticate })).status, 'accepted');
  double.tokens.clear();
  const next = { ...upload, facts: { ...upload.facts, chunk_index: 2 } };
  const refused = await run(next, { reauthenticate: async () => true });
  assert.ok(refused.status === 'refused' && refused.code === 'authentication_required' && refused.attempts === 2);
  const unaided = await run(next);
  assert.ok(unaided.status === 'refused' && unaided.attempts === 1);
});

test('signing in again without a network is waited out, and with a changed password is final', async () => {
  const upload = await newUpload();
  double.tokens.clear();
  let tries = 0;
  const patient = async () => {
    if (++tries === 1) throw new ProoflineNetworkError('connection', 'offline');
    return Boolean(await api.login('ada', 'correct horse battery'));
  };
  assert.equal((await run(upload, { reauthenticate: patient })).status, 'accepted');
  double.tokens.clear();
  const wrong = async () => Promise.reject(new ProoflineApiError(401, 'invalid_credentials', 'wrong'));
  assert.equal(
    (await run({ ...upload, facts: { ...upload.facts, chunk_index: 2 } }, { reauthenticate: wrong })).status,
    'refused',
  );
});

test('aborting stops a wait and a try alike, with the reason given', async () => {
  const reason = new Error('the person pressed stop');
  const during = new AbortController();
  script({ kind: 'stall' });
  setTimeout(() => during.abort(reason), 50);
  await assert.rejects(run(await newUpload(), {}, { signal: during.signal }), reason);
  const waiting = new AbortController();
  double.fault = () => ({ kind: 'before', status: 503, code: 'storage_unavailable', retryAfter: 60 });
  setTimeout(() => waiting.abort(reason), 50);
  const upload = { ...(await newUploadWhileDown()), idempotencyKey: 'k' };
  await assert.rejects(uploadChunk({ api }, upload, { signal: waiting.signal }), reason);
});

async function newUploadWhileDown(): Promise<ChunkUpload> {
  const fault = double.fault;
  double.fault = () => undefined;
  const upload = await newUpload();
  double.fault = fault;
  return upload;
}

test('with a bound on tries it ends unsettled, and never claims more', async () => {
  double.fault = ({ method }) => (method === 'PUT' ? { kind: 'cut' } : undefined);
  const outcome = await run(await newUpload(), {}, { maxAttempts: 4 });
  assert.ok(outcome.status === 'unsettled' && outcome.attempts === 4 && outcome.error instanceof ProoflineNetworkError);
});

test('whatever the network does for a while, the chunk is there once and whole', async () => {
  const faultArb = fc.constantFrom<Fault>(
    { kind: 'cut' },
    { kind: 'lost' },
    { kind: 'before', status: 502, code: 'bad' },
    { kind: 'before', status: 429, code: 'rate_limited' },
    undefined,
  );
  await fc.assert(
    fc.asyncProperty(fc.array(faultArb, { maxLength: 8 }), async (faults) => {
      double.fault = () => undefined;
      const upload = await newUpload();
      const left = [...faults];
      double.fault = () => left.shift();
      const outcome = await run(upload);
      assert.equal(outcome.status, 'accepted');
      const kept = double.streams.get(upload.facts.stream_id)?.chunks;
      assert.equal(kept?.size, 1);
      assert.deepEqual(new Uint8Array(kept.get(1)?.bytes ?? []), upload.bytes);
      assert.deepEqual(new Set(puts().map(({ idempotencyKey }) => idempotencyKey)), new Set([upload.idempotencyKey]));
    }),
    { numRuns: 60 },
  );
});

test('the wait is spread from nothing to its ceiling, which doubles up to a bound', () => {
  assert.equal(
    backoffMs(1, {}, () => 0),
    0,
  );
  assert.equal(
    backoffMs(1, {}, () => 0.999),
    499,
  );
  assert.equal(
    backoffMs(4, {}, () => 0.999),
    3996,
  );
  assert.equal(
    backoffMs(1000, {}, () => 0.999),
    29_970,
  );
  assert.equal(
    backoffMs(1, {}, () => 0, 90),
    90_000,
  );
});
