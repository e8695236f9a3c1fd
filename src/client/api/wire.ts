import { isSha256Hex } from '#kit/bytes.ts';
import { mediaTypes } from '../media-type.ts';
import { decimal, flag, type Infer, list, object, oneOf, optional, text, textWhere, whole } from '../shape.ts';
import { variantFields } from './captures-wire.ts';

export type { CaptureGroup, CaptureGroupPage, Resolution } from './captures-wire.ts';

/** The answers of the wire contract, with its own field names. Times are RFC 3339 in UTC, sizes are bytes. */
export const sha256Hex = textWhere('64 lower-case hexadecimal digits', isSha256Hex);
export const mediaType = oneOf(...mediaTypes);

export const account = object({
  id: text,
  username: text,
  role: text,
  created_at: optional(text),
  updated_at: optional(text),
  password_changed_at: optional(text),
});
export type Account = Infer<typeof account>;

export const quota = object({ bytes_used: whole(0), bytes_limit: optional(whole(0)) });
export const accountAnswer = object({ account, quota: optional(quota) });
export type AccountAnswer = Infer<typeof accountAnswer>;

export const session = object({ session_id: text, account, token: text, created_at: optional(text), expires_at: text });
export type Session = Infer<typeof session>;

export const createdIncident = object({ incident_id: text, status: text });
export type CreatedIncident = Infer<typeof createdIncident>;

export const incident = object({
  id: text,
  status: text,
  client_label: optional(text),
  notes: optional(text),
  incident_mode: optional(text),
  capture_profile: optional(text),
  escalation_policy: optional(text),
  sharing_state: optional(text),
  deletion_state: optional(text),
  created_at: text,
  updated_at: optional(text),
  closed_at: optional(text),
});
export type Incident = Infer<typeof incident>;

export const incidentPage = object({ incidents: list(incident), next_cursor: optional(text) });
export type IncidentPage = Infer<typeof incidentPage>;

export const checkin = object({
  id: text,
  incident_id: text,
  created_at: text,
  device_battery_percent: optional(decimal),
  device_network: optional(text),
  latitude: optional(decimal),
  longitude: optional(decimal),
  accuracy_meters: optional(decimal),
});
export type Checkin = Infer<typeof checkin>;

export const stream = object({
  id: text,
  incident_id: text,
  media_type: mediaType,
  label: optional(text),
  ...variantFields,
  status: oneOf('open', 'complete', 'failed'),
  expected_chunk_count: optional(whole(0)),
  created_at: text,
  updated_at: optional(text),
  completed_at: optional(text),
  failed_at: optional(text),
  failure_reason: optional(text),
});
export type Stream = Infer<typeof stream>;

export const streamAnswer = object({ stream });
export const streamList = object({ streams: list(stream), next_cursor: optional(text) });
export type StreamPage = Infer<typeof streamList>;

export const chunk = object({
  id: text,
  incident_id: text,
  stream_id: optional(text),
  chunk_index: whole(0),
  media_type: mediaType,
  started_at: text,
  ended_at: text,
  original_filename: optional(text),
  byte_size: whole(0),
  sha256_hex: sha256Hex,
  created_at: text,
});
export type Chunk = Infer<typeof chunk>;

export const incidentDetail = object({ incident, streams: list(stream), chunks: list(chunk), checkins: list(checkin) });
export type IncidentDetail = Infer<typeof incidentDetail>;

export const matched = object({
  reconciliation: object({
    status: oneOf('matched'),
    chunk_id: text,
    byte_size: whole(0),
    sha256_hex: sha256Hex,
    created_at: text,
  }),
});
export const conflicting = object({
  reconciliation: object({ status: oneOf('conflict'), mismatched_fields: optional(list(text)) }),
});

export const viewerToken = object({
  token_id: text,
  incident_id: text,
  token: text,
  label: optional(text),
  created_at: text,
  expires_at: optional(text),
});
export type ViewerToken = Infer<typeof viewerToken>;

export const revokedToken = object({ token_id: text, revoked: flag });

/** Only what identifies the recording; the viewer's data holds more, and may grow. */
export const viewerData = object({
  incident: object({
    id: text,
    status: text,
    client_label: optional(text),
    created_at: text,
    updated_at: optional(text),
  }),
  warning: optional(text),
  generated_at: text,
});
export type ViewerData = Infer<typeof viewerData>;

export const deletionAnswer = object({
  deletion: object({
    decision_id: text,
    incident_id: text,
    source: text,
    reason_code: optional(text),
    allow_open: optional(flag),
    state: text,
    item_count: optional(whole(0)),
    requested_at: text,
    updated_at: optional(text),
  }),
});
export type Deletion = Infer<typeof deletionAnswer>['deletion'];

export const relayCapability = object({
  capability_id: text,
  token: text,
  kind: oneOf('upload', 'fanout'),
  relay_url: text,
  incident_id: text,
  stream_id: text,
  variant_roles: list(text),
  expires_at: text,
});
export type RelayCapability = Infer<typeof relayCapability>;
