import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { createKey } from '../envelope/key-file.ts';
import { encryptChunk } from '../envelope/seal-chunk.ts';
import type { BundleReport } from './bundle-report.ts';
import type { BundleSource } from './bundle-source.ts';
import { verifyBundle } from './verify-bundle.ts';
import type { PlaintextSink } from './verify-stream.ts';

type Files = [name: string, bytes: Uint8Array<ArrayBuffer>][];
type Json = Record<string, unknown>;

const key = createKey();
const encryption = { expected: 'client-side', scheme: 'safety-recorder-chunk-encryption-v1', server_decrypts: false };
const at = '2026-01-02T03:04:05.000Z';
const sha = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const json = (value: unknown) => new Uint8Array(Buffer.from(JSON.stringify(value)));

function sourceOf(files: Files, options: { stored?: boolean; broken?: string } = {}): BundleSource {
  return {
    entries: files.map(([name, bytes]) => ({ name, byteSize: bytes.length, stored: options.stored ?? true })),
    async *read(entry) {
      const bytes = files.find(([name]) => name === entry.name)?.[1] ?? new Uint8Array();
      yield bytes.subarray(0, 5);
      if (entry.name === options.broken) throw new Error('bad checksum');
      yield bytes.subarray(5);
    },
  };
}

async function streamFiles(streamId = 'str_1', folder = '', count = 3): Promise<{ files: Files; manifest: Json }> {
  const chunks: Json[] = [];
  const files: Files = [];
  for (let index = 1; index <= count; index++) {
    const binding = { incidentId: 'inc_1', streamId, mediaType: 'video', chunkIndex: index } as const;
    const bytes = await encryptChunk(key, binding, new TextEncoder().encode(`scene ${index} `));
    files.push([`${folder}chunks/video_${String(index).padStart(6, '0')}.enc`, bytes]);
    chunks.push({
      chunk_index: index,
      media_type: 'video',
      byte_size: bytes.length,
      sha256_hex: sha(bytes),
      started_at: at,
      ended_at: at,
    });
  }
  const total = files.reduce((sum, [, bytes]) => sum + bytes.length, 0);
  const identity = { incident_id: 'inc_1', stream_id: streamId, media_type: 'video', status: 'complete', encryption };
  const manifest = { ...identity, created_at: at, completed_at: at, chunk_count: count, total_bytes: total, chunks };
  return { files: [[`${folder}manifest.json`, json(manifest)], ...files], manifest };
}

async function incidentFiles(change: Json = {}): Promise<Files> {
  const parts = [await streamFiles('str_1', 'streams/str_1/'), await streamFiles('str_2', 'streams/str_2/', 1)];
  const streams = parts.map(({ manifest: { chunks: _, ...summary } }) => summary);
  const total = streams.reduce((sum, { total_bytes }) => sum + Number(total_bytes), 0);
  const manifest = {
    incident: { id: 'inc_1', status: 'closed' },
    encryption,
    streams,
    stream_count: 2,
    total_bytes: total,
    generated_at: at,
    ...change,
  };
  return [['manifest.json', json(manifest)], ...parts.flatMap(({ files }) => files)];
}

function collecting(): PlaintextSink & { text: string; finished: Record<string, boolean> } {
  const sink = {
    text: '',
    finished: {} as Record<string, boolean>, // filled by finish
    async write(_: unknown, bytes: Uint8Array) {
      sink.text += new TextDecoder().decode(bytes);
    },
    async finish(stream: { stream_id: string }, whole: boolean) {
      sink.finished[stream.stream_id] = whole;
    },
  };
  return sink;
}

const codes = (report: BundleReport) => [...new Set(report.failures.map(({ code }) => code))].sort();

test('a good stream bundle verifies, with and without a key, and its plaintext comes out in order', async () => {
  const { files } = await streamFiles();
  const plain = await verifyBundle(sourceOf(files));
  assert.deepEqual([plain.ok, plain.kind, plain.failures], [true, 'stream', []]);
  const sink = collecting();
  const report = await verifyBundle(sourceOf(files), { key, sink });
  assert.ok(report.ok, JSON.stringify(report));
  assert.equal(sink.text, 'scene 1 scene 2 scene 3 ');
  assert.deepEqual(sink.finished, { str_1: true });
  assert.deepEqual(report.streams[0]?.chunks_decrypted, 3);
});

test('a digest that works in pieces is used when nothing has to be decrypted', async () => {
  const { files } = await streamFiles();
  let pieces = 0;
  const digest = async (parts: AsyncIterable<Uint8Array>) => {
    const hash = createHash('sha256');
    for await (const part of parts) {
      pieces += 1;
      hash.update(part);
    }
    return hash.digest('hex');
  };
  assert.ok((await verifyBundle(sourceOf(files), { digest })).ok);
  assert.equal(pieces, 6);
});

test('a good incident bundle verifies, stream by stream', async () => {
  const sink = collecting();
  const report = await verifyBundle(sourceOf(await incidentFiles()), { key, sink });
  assert.deepEqual(
    [report.ok, report.kind, report.streams.length],
    [true, 'incident', 2],
    JSON.stringify(report.failures),
  );
  assert.deepEqual(sink.finished, { str_1: true, str_2: true });
});

test('every defect of the ZIP is found and named', async () => {
  const { files } = await streamFiles();
  const [manifest, one, two, three] = files;
  assert.ok(manifest && one && two && three);
  const extra: Files[number] = ['chunks/video_000004.enc', new Uint8Array(1)];
  const cases: [string[], Files][] = [
    [['manifest_missing'], [one, two, three]],
    [['manifest_unreadable'], [['manifest.json', json('x').slice(1)], one]],
    [['manifest_invalid'], [['manifest.json', json({})], one]],
    [['entry_missing'], [manifest, one, three]],
    [['entry_unexpected'], [...files, extra]],
    [['entry_unexpected'], [...files, ['../../etc/cron.d/x', new Uint8Array()]]],
    [
      ['entry_duplicate', 'entry_out_of_order'],
      [...files, two],
    ],
    [['entry_out_of_order'], [manifest, two, one, three]],
    [['entry_out_of_order'], [one, manifest, two, three]],
    [['size_differs'], [manifest, one, [two[0], two[1].slice(1)], three]],
    [['hash_differs'], [manifest, one, [two[0], two[1].map((byte) => byte ^ 1)], three]],
  ];
  for (const [expected, changed] of cases) {
    const report = await verifyBundle(sourceOf(changed));
    assert.deepEqual(
      [
        report.ok,
        codes(report).filter((code) => !(code === 'entry_out_of_order' && expected[0] === 'manifest_missing')),
      ],
      [false, expected],
    );
  }
  assert.deepEqual(codes(await verifyBundle(sourceOf(files, { stored: false }))), ['entry_compressed']);
  assert.deepEqual(codes(await verifyBundle(sourceOf(files, { broken: two[0] }))), ['entry_unreadable']);
});

test('every lie of a stream manifest is found and named', async () => {
  const { files, manifest } = await streamFiles();
  const chunks = manifest.chunks as Json[]; // made above
  const lies: [string[], Json][] = [
    [['chunk_count_differs'], { chunk_count: 4 }],
    [['total_bytes_differ'], { total_bytes: 1 }],
    [['stream_not_complete'], { status: 'open' }],
    [['manifest_invalid'], { encryption: { ...encryption, server_decrypts: true } }],
    [['manifest_invalid'], { incident_id: 7 }],
    [['chunk_count_differs', 'entry_unexpected', 'total_bytes_differ'], { chunks: chunks.slice(0, 2) }],
    [['chunks_not_contiguous', 'entry_out_of_order'], { chunks: [chunks[1], chunks[0], chunks[2]] }],
    [
      ['media_type_differs', 'entry_missing', 'entry_unexpected'],
      { chunks: [...chunks.slice(0, 2), { ...chunks[2], media_type: 'audio' }] },
    ],
    [['time_range_invalid'], { chunks: [...chunks.slice(0, 2), { ...chunks[2], ended_at: '2020-01-01T00:00:00Z' }] }],
    [
      ['chunk_count_differs', 'entry_unexpected', 'manifest_invalid', 'total_bytes_differ'],
      { chunks: [...chunks.slice(0, 2), { ...chunks[2], sha256_hex: 'x' }] },
    ],
  ];
  for (const [expected, lie] of lies) {
    const changed: Files = [['manifest.json', json({ ...manifest, ...lie })], ...files.slice(1)];
    const found = codes(await verifyBundle(sourceOf(changed)));
    if (lie.incident_id === undefined) assert.deepEqual(found, expected.toSorted());
    else assert.ok(found.includes('manifest_invalid'));
  }
});

test('an incident manifest that disagrees with its streams is found', async () => {
  const lies: [string, Json][] = [
    ['stream_count_differs', { stream_count: 3 }],
    ['total_bytes_differ', { total_bytes: 1 }],
    ['manifests_disagree', { incident: { id: 'inc_2' } }],
    ['manifest_invalid', { generated_at: 'today' }],
  ];
  for (const [code, lie] of lies) {
    const report = await verifyBundle(sourceOf(await incidentFiles(lie)));
    assert.ok(
      codes(report).some((found) => found === code),
      `${code}: ${codes(report)}`,
    );
  }
  const files = await incidentFiles();
  const swapped: Files = files.map(([name, bytes]) => [
    name,
    name === 'streams/str_1/manifest.json'
      ? (files.find(([other]) => other === 'streams/str_2/manifest.json')?.[1] ?? bytes)
      : bytes,
  ]);
  assert.ok(codes(await verifyBundle(sourceOf(swapped))).includes('manifests_disagree'));
});

test('chunks that changed places under a manifest made to fit are caught by decryption, and nothing is given out as whole', async () => {
  const { files, manifest } = await streamFiles();
  const [, one, two, three] = files;
  assert.ok(one && two && three);
  const lines = manifest.chunks as Json[]; // made above
  const moved = [two, one, three].map(([, bytes], position) => ({
    ...lines[position],
    byte_size: bytes.length,
    sha256_hex: sha(bytes),
  }));
  const changed: Files = [
    ['manifest.json', json({ ...manifest, chunks: moved })],
    [one[0], two[1]],
    [two[0], one[1]],
    three,
  ];
  assert.ok((await verifyBundle(sourceOf(changed))).ok, 'without a key the lie is consistent');
  const sink = collecting();
  const report = await verifyBundle(sourceOf(changed), { key, sink });
  assert.deepEqual(codes(report), ['decryption_other_chunk_index']);
  assert.equal(report.failures.length, 2);
  assert.deepEqual(sink.finished, { str_1: false });
  assert.deepEqual(codes(await verifyBundle(sourceOf(files), { key: createKey() })), ['decryption_other_key']);
});

test('no changed byte of any chunk goes unnoticed', async () => {
  const { files } = await streamFiles();
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 3 }),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      async (which, where, mask) => {
        const changed: Files = files.map(([name, bytes], position) => {
          const copy = bytes.slice();
          const place = where % copy.length;
          if (position === which) copy[place] = (copy[place] ?? 0) ^ mask;
          return [name, copy];
        });
        assert.deepEqual(codes(await verifyBundle(sourceOf(changed))), ['hash_differs']);
      },
    ),
    { numRuns: 100 },
  );
});

test('a manifest of any shape at all is answered with a report', async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), async (value) => {
      assert.equal((await verifyBundle(sourceOf([['manifest.json', json(value)]]))).ok, false);
    }),
    { numRuns: 200 },
  );
});

test('a chunk too large for memory is refused before it is read', async () => {
  const { files } = await streamFiles();
  assert.deepEqual(codes(await verifyBundle(sourceOf(files), { key, maxChunkBytes: 10 })), ['chunk_too_large']);
});
