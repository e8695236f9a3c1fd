import { createHash } from 'node:crypto';
import fc from 'fast-check';
import type { BundleSource } from '#client/index.ts';
import { containedEntries, manifestText, sumsText } from '#kit/evidence/bundle/bundle-files.ts';
import type { ChunkFact, GroupFacts, VariantFact } from '#kit/evidence/bundle/group-facts.ts';
import { type GroupManifest, groupManifest } from '#kit/evidence/bundle/group-manifest.ts';

export type Files = [name: string, bytes: Uint8Array<ArrayBuffer>][];

export const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');
const bytesOf = (text: string) => new Uint8Array(Buffer.from(text));
const at = (second: number) =>
  `2026-01-02T03:${String(Math.floor(second / 60)).padStart(2, '0')}:${String(second % 60).padStart(2, '0')}.000Z`;

const streams: readonly Pick<VariantFact, 'media_type' | 'variant_role' | 'quality_profile' | 'upload_priority'>[] = [
  {
    media_type: 'video',
    variant_role: 'evidence_master',
    quality_profile: 'full_quality',
    upload_priority: 'preservation',
  },
  {
    media_type: 'video',
    variant_role: 'live_preview',
    quality_profile: 'adaptive_low_latency',
    upload_priority: 'near_live',
  },
  {
    media_type: 'audio',
    variant_role: 'audio_priority',
    quality_profile: 'audio_priority',
    upload_priority: 'near_live',
  },
  {
    media_type: 'location',
    variant_role: 'location_context',
    quality_profile: 'location_context',
    upload_priority: 'preservation',
  },
  {
    media_type: 'audio',
    variant_role: 'evidence_master',
    quality_profile: 'audio_priority',
    upload_priority: 'background_queue',
  },
];

/** What each chunk holds; every one differs, so that no two can change places unnoticed. */
export type Content = (chunk: {
  stream_id: string;
  chunk_index: number;
  media_type: string;
}) => Uint8Array<ArrayBuffer>;
const plain: Content = ({ stream_id, chunk_index }) =>
  bytesOf(`${stream_id} ${chunk_index} `.padEnd(20 + (chunk_index % 3), '.'));

export interface Recording {
  facts: GroupFacts;
  content: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

const shape = fc.record({
  kind: fc.constantFrom('partial', 'canonical', 'completed'),
  /** A segment: how much later it begins than the one before, and how long it is. */
  segments: fc.array(fc.record({ after: fc.nat({ max: 3 }), length: fc.integer({ min: 1, max: 5 }) }), {
    minLength: 2,
    maxLength: 6,
  }),
  /** Of each stream: which segments it has, and what became of it. The first two are never empty. */
  streams: fc.array(
    fc.record({ has: fc.nat({ max: 63 }), status: fc.constantFrom('open', 'complete', 'failed'), named: fc.boolean() }),
    { minLength: streams.length, maxLength: streams.length },
  ),
});

/** Groups as a server may hold them, with at least two chunks in the bundle. */
export const recordings = shape
  .map((drawn) => recordingOf(drawn, plain))
  .filter(({ facts }) => groupManifest(facts).chunk_count > 1);

type Drawn = typeof shape extends fc.Arbitrary<infer Value> ? Value : never;

function recordingOf(drawn: Drawn, contentOf: Content): Recording {
  const content = new Map<string, Uint8Array<ArrayBuffer>>();
  let start = 0;
  const segments = drawn.segments.map(({ after, length }, index) => {
    start += after;
    return { id: `seg:${index}`, index, from: start, to: start + length };
  });
  const contextOf = (segment: number) =>
    sha256(plain({ stream_id: 'str_3', chunk_index: segment + 1, media_type: '' }));
  const chunks: ChunkFact[] = [];
  const variants = drawn.streams.flatMap(({ has, status, named }, place): VariantFact[] => {
    const variant = streams[place];
    if (variant === undefined) return [];
    const stream_id = `str_${place}`;
    const own = segments.filter(({ index }) => (has & (1 << index)) !== 0);
    for (const [position, segment] of own.entries()) {
      const chunk_index =
        variant.variant_role === 'location_context' && status !== 'complete' ? segment.index + 1 : position + 1;
      const bytes = contentOf({ stream_id, chunk_index, media_type: variant.media_type });
      const chunk_id = `chk_${place}_${segment.index}`;
      content.set(chunk_id, bytes);
      chunks.push({
        chunk_id,
        stream_id,
        chunk_index,
        byte_size: bytes.length,
        sha256_hex: sha256(bytes),
        started_at: at(segment.from),
        ended_at: at(segment.to),
        source_segment_id: segment.id,
        source_sequence: segment.index,
        source_started_at: at(segment.from),
        source_ended_at: at(segment.to),
        ...(named && place < 2 ? { context_digest: contextOf(segment.index) } : {}),
        created_at: at(segment.to + 1),
      });
    }
    return [
      {
        stream_id,
        ...variant,
        status,
        ...(status === 'complete' ? { expected_chunk_count: own.length, completed_at: at(50) } : {}),
        created_at: at(0),
      },
    ];
  });
  return {
    facts: {
      // fast-check widens the three to text.
      kind: drawn.kind as GroupFacts['kind'],
      incident: { id: 'inc_1', status: 'open' },
      group: { id: 'cgr_1', created_at: at(0) },
      variants,
      chunks,
      supersessions: [],
    },
    content,
  };
}

/** As the server would send it: manifest, sums, chunks. */
export function filesOf(manifest: GroupManifest, content: Recording['content']): Files {
  const text = bytesOf([...manifestText(manifest)].join(''));
  const sums = bytesOf([...sumsText(manifest, sha256(text))].join(''));
  const chunks = [...containedEntries(manifest)].map(({ name, chunk }): Files[number] => [
    name,
    content.get(chunk.chunk_id) ?? new Uint8Array(),
  ]);
  return [['manifest.json', text], ['SHA256SUMS', sums], ...chunks];
}

export function sourceOf(
  files: Files,
): BundleSource<{ name: string; byteSize: number; stored: boolean; bytes: Uint8Array }> {
  return {
    entries: files.map(([name, bytes]) => ({ name, byteSize: bytes.length, stored: true, bytes })),
    async *read({ bytes }) {
      yield bytes;
    },
  };
}
