import { bundleKinds } from '#kit/evidence/bundle/group-facts.ts';
import { bundleFormat } from '#kit/evidence/bundle/group-manifest.ts';
import { qualityProfiles, uploadPriorities, variantRoles } from '#kit/evidence/evidence.ts';
import { parseTimestamp } from '#kit/time.ts';
import { mediaType, sha256Hex } from '../../api/wire.ts';
import { flag, type Infer, list, object, oneOf, optional, read, text, textWhere, whole } from '../../shape.ts';
import { encryption, type Parsed } from '../manifest.ts';

/** Ids become names of entries: nothing in them may lead out of a folder. */
const id = textWhere('an id of the server', (value) => /^[A-Za-z0-9_-]{1,128}$/.test(value));
const moment = textWhere('a time in UTC, as the server writes it', (value) => parseTimestamp(value) === value);

const variant = object({
  stream_id: id,
  media_type: mediaType,
  label: optional(text),
  variant_role: oneOf(...variantRoles),
  quality_profile: oneOf(...qualityProfiles),
  upload_priority: oneOf(...uploadPriorities),
  status: oneOf('open', 'complete', 'failed'),
  expected_chunk_count: optional(whole(0)),
  created_at: moment,
  completed_at: optional(moment),
  failed_at: optional(moment),
  failure_reason: optional(text),
});

const chunk = object({
  chunk_id: id,
  stream_id: id,
  chunk_index: whole(1),
  byte_size: whole(0),
  sha256_hex: sha256Hex,
  started_at: moment,
  ended_at: moment,
  original_filename: optional(text),
  source_segment_id: text,
  source_sequence: whole(0),
  source_started_at: moment,
  source_ended_at: moment,
  context_digest: optional(sha256Hex),
  created_at: moment,
  included: flag,
});

const side = object({ stream_id: id, source_segment_id: text });
const supersession = object({
  id,
  superseding: side,
  superseded: side,
  coverage_basis: oneOf('exact_segment', 'superset'),
  validation_state: oneOf('validated'),
  policy_version: whole(1),
  reason: oneOf('higher_quality_confirmed', 'audio_replaced_by_master', 'segment_superset_confirmed', 'withdrawn'),
  actor: oneOf('account', 'policy'),
  withdraws: optional(id),
  created_at: moment,
});

const manifest = object({
  format: oneOf(bundleFormat),
  kind: oneOf(...bundleKinds),
  incident: object({ id, status: oneOf('open', 'closed') }),
  capture_group: object({
    id,
    source_timeline_hash: optional(sha256Hex),
    label: optional(text),
    created_at: moment,
  }),
  encryption,
  variants: list(variant),
  chunks: list(chunk),
  supersessions: list(supersession),
  resolution: object({ policy_version: whole(1) }),
});
export type GivenManifest = Infer<typeof manifest>;

/** What the rest of a manifest follows from, and which chunks it says are there. */
export function parseGroupManifest(json: unknown): Parsed<GivenManifest> {
  const result = read(manifest, json);
  return 'value' in result ? { value: result.value, problems: [] } : { value: undefined, problems: result.problems };
}
