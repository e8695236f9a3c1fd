import { qualityProfiles, uploadPriorities, variantRoles } from '#kit/evidence/evidence.ts';
import { type Infer, list, object, oneOf, optional, text, whole } from '../shape.ts';

/** What makes a stream a variant of a capture group: all of it or nothing. */
export const variantFields = {
  capture_stream_group_id: optional(text),
  variant_role: optional(oneOf(...variantRoles)),
  quality_profile: optional(oneOf(...qualityProfiles)),
  upload_priority: optional(oneOf(...uploadPriorities)),
};

export const captureGroup = object({
  id: text,
  incident_id: text,
  capture_source_id: text,
  source_clock_id: optional(text),
  source_timeline_hash: optional(text),
  label: optional(text),
  created_at: text,
});
export type CaptureGroup = Infer<typeof captureGroup>;

export const captureGroupAnswer = object({ capture_group: captureGroup });
export const captureGroupPage = object({ capture_groups: list(captureGroup), next_cursor: optional(text) });
export type CaptureGroupPage = Infer<typeof captureGroupPage>;

const evidence = object({
  chunk_id: text,
  stream_id: text,
  variant_role: oneOf(...variantRoles),
  source_segment_id: text,
  sha256_hex: text,
});
const range = { source_started_at: text, source_ended_at: text };

/** The best confirmed evidence of each moment; of the server's answer what a recorder or a contact looks at. */
export const resolution = object({
  policy_version: whole(1),
  segments: list(
    object({
      source_segment_id: text,
      source_sequence: whole(0),
      ...range,
      chosen: evidence,
      superseded: list(evidence),
      beside: list(evidence),
      master: oneOf('present', 'partial', 'missing'),
      context: oneOf('present', 'shared', 'missing'),
    }),
  ),
  gaps: list(object(range)),
  overlaps: list(object(range)),
  conflicts: list(object({ kind: text })),
});
export type Resolution = Infer<typeof resolution>;
