import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { containedEntries, manifestText, sumsText } from '#kit/evidence/bundle/bundle-files.ts';
import type { ChunkFact, GroupFacts, SupersessionFact, VariantFact } from '#kit/evidence/bundle/group-facts.ts';
import { groupManifest } from '#kit/evidence/bundle/group-manifest.ts';
import { createKey } from '../../envelope/key-file.ts';
import { encryptChunk } from '../../envelope/seal-chunk.ts';
import type { BundleSource } from '../bundle-source.ts';
import { verifyBundle } from '../verify-bundle.ts';

type Bytes = Uint8Array<ArrayBuffer>;
const key = createKey();
const at = (second: number) => `2026-01-02T03:04:0${second}.000Z`;
const sha = (bytes: Bytes | string) => createHash('sha256').update(bytes).digest('hex');
const text = (pieces: Iterable<string>) => new Uint8Array(Buffer.from([...pieces].join('')));

const variant = (stream_id: string, values: Partial<VariantFact> = {}): VariantFact => ({
  stream_id,
  media_type: 'video',
  variant_role: 'live_preview',
  quality_profile: 'adaptive_low_latency',
  upload_priority: 'near_live',
  status: 'open',
  created_at: at(0),
  ...values,
});
const master = variant('str_m', { variant_role: 'evidence_master', quality_profile: 'full_quality' });
const preview = variant('str_p');

/** Two seconds in both variants, two more in the preview alone. */
async function recording(values: Partial<GroupFacts> = {}) {
  const sealed = new Map<string, Bytes>();
  const chunk = async (streamId: string, index: number): Promise<ChunkFact> => {
    const place = { incidentId: 'inc_1', streamId, mediaType: 'video', chunkIndex: index } as const;
    const bytes = await encryptChunk(key, place, new TextEncoder().encode(`${streamId} ${index} `));
    sealed.set(`${streamId} ${index}`, bytes);
    const range = { started_at: at(index * 2 - 2), ended_at: at(index * 2) };
    return {
      chunk_id: `chk_${streamId}_${index}`,
      stream_id: streamId,
      chunk_index: index,
      byte_size: bytes.length,
      sha256_hex: sha(bytes),
      ...range,
      source_segment_id: `seg:${index}`,
      source_sequence: index,
      source_started_at: range.started_at,
      source_ended_at: range.ended_at,
      created_at: at(9),
    };
  };
  const facts: GroupFacts = {
    kind: 'partial',
    incident: { id: 'inc_1', status: 'closed' },
    group: { id: 'cgr_1', created_at: at(0) },
    variants: [master, preview],
    chunks: [await chunk('str_m', 1), await chunk('str_p', 1), await chunk('str_p', 2)],
    supersessions: [],
    ...values,
  };
  return { facts, sealed };
}

function bundleOf({ facts, sealed }: { facts: GroupFacts; sealed: ReadonlyMap<string, Bytes> }): BundleSource {
  const manifest = groupManifest(facts);
  const json = text(manifestText(manifest));
  const files = new Map<string, Bytes>([
    ['manifest.json', json],
    ['SHA256SUMS', text(sumsText(manifest, sha(json)))],
  ]);
  for (const { name, chunk } of containedEntries(manifest))
    files.set(name, sealed.get(`${chunk.stream_id} ${chunk.chunk_index}`) ?? new Uint8Array());
  return {
    entries: [...files].map(([name, bytes]) => ({ name, byteSize: bytes.length, stored: true })),
    async *read({ name }) {
      yield files.get(name) ?? new Uint8Array();
    },
  };
}

const codesOf = async (source: BundleSource, options: Parameters<typeof verifyBundle>[1] = {}) =>
  (await verifyBundle(source, options)).failures.map(({ code }) => code);

test('what is chosen, stands in and is missing is told, with the media in order', async () => {
  let written = '';
  const finished: Record<string, boolean> = {};
  const sink = {
    async write(_: unknown, bytes: Uint8Array) {
      written += new TextDecoder().decode(bytes);
    },
    async finish({ stream_id }: { stream_id: string }, ok: boolean) {
      finished[stream_id] = ok;
    },
  };
  const { ok, kind, group, streams } = await verifyBundle(bundleOf(await recording({ kind: 'canonical' })), {
    key,
    sink,
  });
  assert.deepEqual(
    [ok, kind, written, finished],
    [true, 'capture_group', 'str_m 1 str_p 2 ', { str_m: true, str_p: true }],
  );
  assert.deepEqual(
    streams.map(({ stream_id, chunk_count, chunks_decrypted }) => [stream_id, chunk_count, chunks_decrypted]),
    [
      ['str_m', 1, 1],
      ['str_p', 1, 1],
    ],
  );
  assert.deepEqual(
    [group?.kind, group?.segments, group?.chosen],
    ['canonical', 2, { evidence_master: 1, live_preview: 1 }],
  );
  const late = [{ source_started_at: at(2), source_ended_at: at(4) }];
  assert.deepEqual([group?.fallback, group?.master_missing, group?.master_partial, group?.gaps], [late, late, [], []]);
  assert.deepEqual(
    group?.variants.map(({ confirmed, included }) => [confirmed, included]),
    [
      [1, 1],
      [2, 1],
    ],
  );
});

test('chunks that changed places under a manifest made to fit are caught by the key, and nothing is given out as whole', async () => {
  const { facts, sealed } = await recording();
  const [one, two] = ['str_p 1', 'str_p 2'];
  const swapped = new Map(sealed)
    .set(one, sealed.get(two) ?? new Uint8Array())
    .set(two, sealed.get(one) ?? new Uint8Array());
  const chunks = facts.chunks.map((chunk) => {
    const bytes = swapped.get(`${chunk.stream_id} ${chunk.chunk_index}`) ?? new Uint8Array();
    return { ...chunk, byte_size: bytes.length, sha256_hex: sha(bytes) };
  });
  const lie = bundleOf({ facts: { ...facts, chunks }, sealed: swapped });
  assert.deepEqual(await codesOf(lie), [], 'without a key the lie is consistent');
  assert.deepEqual(await codesOf(lie, { root: sha('another manifest') }), ['root_differs']);
  const finished: boolean[] = [];
  const sink = { write: async () => undefined, finish: async (_: unknown, ok: boolean) => void finished.push(ok) };
  assert.deepEqual(await codesOf(lie, { key, sink }), ['decryption_other_chunk_index', 'decryption_other_chunk_index']);
  assert.deepEqual(finished, [true, false]);
});

test('a recorded decision must stand on rows that allow it', async () => {
  const side = (stream_id: string, index: number) => ({ stream_id, source_segment_id: `seg:${index}` });
  const good: SupersessionFact = {
    id: 'sup_1',
    superseding: side('str_m', 1),
    superseded: side('str_p', 1),
    coverage_basis: 'exact_segment',
    validation_state: 'validated',
    policy_version: 1,
    reason: 'higher_quality_confirmed',
    actor: 'account',
    created_at: at(9),
  };
  const withdrawn: SupersessionFact = { ...good, id: 'sup_2', reason: 'withdrawn', withdraws: 'sup_1' };
  const codes = async (...supersessions: SupersessionFact[]) =>
    await codesOf(bundleOf(await recording({ supersessions })));
  assert.deepEqual(await codes(good, withdrawn), []);
  assert.deepEqual(await codes({ ...good, policy_version: 7 }), [], 'of rules that this program does not know');
  const unfounded: [string, SupersessionFact[]][] = [
    ['the lesser over the better', [{ ...good, superseding: good.superseded, superseded: good.superseding }]],
    ['of a moment that it does not cover', [{ ...good, superseded: side('str_p', 2) }]],
    ['a chunk that is not there', [{ ...good, superseding: side('str_m', 2) }]],
    ['on another basis', [{ ...good, coverage_basis: 'superset' }]],
    ['withdrawing without saying what', [{ ...good, reason: 'withdrawn' }]],
    ['withdrawing what is not there', [withdrawn]],
    ['withdrawing a withdrawal', [good, withdrawn, { ...withdrawn, id: 'sup_3', withdraws: 'sup_2' }]],
    ['withdrawing another', [good, { ...withdrawn, superseded: side('str_p', 2) }]],
  ];
  for (const [what, supersessions] of unfounded)
    assert.ok((await codes(...supersessions)).includes('supersession_unfounded'), what);
});

test('ids that would lead out of a folder are no ids', async () => {
  const { facts, sealed } = await recording();
  const stream_id = '../../x';
  const chunks = facts.chunks.map((chunk) => (chunk.stream_id === 'str_p' ? { ...chunk, stream_id } : chunk));
  const lie = bundleOf({ facts: { ...facts, chunks, variants: [master, variant(stream_id)] }, sealed });
  assert.deepEqual(new Set(await codesOf(lie)), new Set(['manifest_invalid']));
});
