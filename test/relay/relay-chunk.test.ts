import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { after, before, beforeEach, test } from 'node:test';
import type { Fanout, OfferedChunk } from '#features/relay/fanout/fanout.ts';
import {
  ClientFeedback,
  CoreClient,
  CoreConnection,
  RelayStaging,
  staticCredentials,
  UploadsAtOnce,
} from '#features/relay/index.ts';
import { declaredChunk } from '#features/relay/upload/declared-chunk.ts';
import { relayChunk } from '#features/relay/upload/relay-chunk.ts';
import { newId } from '#kit/ids.ts';
import { noCoordination } from '#platform/coordination/none/none.ts';
import { scratchFolder } from '../support/server.ts';
import { type CoreAnswer, type CoreDouble, isPreflight, refusal, startCoreDouble } from './support/core-double.ts';
import { upload } from './support/relay-process.ts';

// One chunk at a time, with a fanout that writes down what it is told.
const folder = scratchFolder('relay-chunk');
const told: string[] = [];
let offered: OfferedChunk[] = [];
let core: CoreDouble;
let connection: CoreConnection;
let staging: RelayStaging;

const fanout: Fanout = {
  offer(chunk) {
    offered.push(chunk);
    return {
      confirmed: () => told.push('confirmed'),
      rejected: () => told.push('rejected'),
      failed: () => told.push('failed'),
    };
  },
  shed: () => undefined,
};

before(async () => {
  core = await startCoreDouble();
  connection = new CoreConnection({ url: new URL(core.url), silenceMs: 300, sockets: 8 });
  staging = await RelayStaging.open({
    folder: folder.path,
    quotaBytes: 10_000_000,
    memoryBytes: 1_000_000,
    shed: fanout.shed,
  });
});
beforeEach(() => {
  told.length = 0;
  offered = [];
  core.calls.length = 0;
});
after(() => {
  staging.close();
  connection.close();
  core.close();
  folder.remove();
});

const incidentId = newId('inc');
const streamId = newId('str');
const uploads = new UploadsAtOnce({ max: 3, maxPerClient: 2 });

async function put(options: {
  body?: Buffer;
  stream?: Readable;
  capability?: string;
  answer?: CoreAnswer;
  fans?: boolean;
}) {
  const { body = randomBytes(1000), stream = Readable.from([body]), fans = true } = options;
  core.answer = (call) =>
    isPreflight(call)
      ? { status: 200, body: { max_bytes: 5_000_000, fanout: fans, variant_role: 'live_preview' } }
      : options.answer;
  const { headers } = upload({ incidentId, streamId, body, capability: options.capability ?? 'a-capability' });
  const chunk = declaredChunk(
    { incidentId, streamId, chunkIndex: '1' },
    { ...headers, 'content-length': String(body.length) },
    250_000_000,
  );
  const client = new CoreClient({
    connection,
    credentials: staticCredentials('x'),
    preflightTimeoutMs: 1_000,
    forwardTimeoutMs: 1_000,
  });
  const limits = { denials: 1000, denialWindowMs: 60_000, pressures: 1000, pressureWindowMs: 60_000 };
  const feedback = new ClientFeedback(noCoordination(), 'a secret', limits);
  return await relayChunk({ core: client, staging, fanout, feedback, uploads }, chunk, stream);
}

for (const [name, answer, word] of [
  ['a yes', undefined, 'confirmed'],
  ['a place that is taken', refusal(409, 'duplicate_chunk'), 'rejected'],
  ['a capability that was withdrawn meanwhile', refusal(401, 'relay_capability_invalid'), 'rejected'],
  ['no room in the account', refusal(413, 'quota_exceeded'), 'rejected'],
  ['the same chunk by another way just now', refusal(409, 'upload_in_progress'), 'failed'],
  ['too many requests', refusal(429, 'rate_limited'), 'failed'],
  ['a full disk', refusal(507, 'storage_full'), 'failed'],
  ['a broken core', refusal(500, 'internal_error'), 'failed'],
  ['no answer', 'stall', 'failed'],
  ['a cut', 'cut', 'failed'],
] as const satisfies [string, CoreAnswer | undefined, string][])
  test(`${name}: those who read along are told ${word}, once, and nothing stays staged`, async () => {
    await put({ ...(answer === undefined ? {} : { answer }) }).catch(() => undefined);
    assert.deepEqual(told, [word]);
    assert.equal(offered[0]?.variantRole, 'live_preview');
    assert.deepEqual(staging.usage().bytes, 0);
    assert.equal(uploads.size, 0);
  });

test('a stream that may not be read along, other bytes than were said, a body that breaks off: nobody is told of anything', async () => {
  await put({ fans: false });
  await assert.rejects(put({ stream: Readable.from([randomBytes(1000)]) }), { code: 'hash_mismatch' });
  await assert.rejects(put({ stream: Readable.from([randomBytes(999)]) }), { code: 'length_mismatch' });
  await assert.rejects(put({ body: randomBytes(6_000_000) }), { code: 'upload_too_large' });
  assert.deepEqual([offered, told], [[], []]);
  assert.deepEqual([staging.usage().bytes, uploads.size], [0, 0]);
});

test('a reader may hold the bytes past the answer, and others read them at the same time', async () => {
  for (const size of [1000, 3_000_000]) {
    offered = [];
    const body = randomBytes(size);
    const sent = put({ body });
    while (offered.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const held = offered[0]?.body;
    assert.ok(held);
    held.hold();
    await sent;
    assert.equal(staging.usage().bytes, size);
    const readers = await Promise.all([1, 2, 3].map(async () => Buffer.concat(await Array.fromAsync(held.open()))));
    for (const read of readers) assert.deepEqual(read, body);
    held.release();
    assert.throws(() => held.open(), /after their last release/);
    while (staging.usage().bytes > 0) await new Promise((resolve) => setImmediate(resolve));
  }
});

test('so many at once of a client, and so many of all; who is refused is not read', async () => {
  const body = randomBytes(1000);
  const slow = ['a', 'a', 'b'].map((capability) => {
    const stream = new PassThrough();
    return { stream, sent: put({ body, stream, capability }) };
  });
  while (uploads.size < 3) await new Promise((resolve) => setImmediate(resolve));
  await assert.rejects(put({ capability: 'a' }), { code: 'staging_full' });
  slow[2]?.stream.end(body);
  await slow[2]?.sent;
  const unread = new PassThrough();
  unread.write(body);
  await assert.rejects(put({ capability: 'a', body, stream: unread }), { code: 'rate_limited', retryAfterSeconds: 1 });
  assert.equal(unread.readableLength, body.length);
  await put({ capability: 'b' });
  for (const { stream } of slow) if (!stream.writableEnded) stream.end(body);
  await Promise.all(slow.map(({ sent }) => sent));
  assert.equal(uploads.size, 0);
});
