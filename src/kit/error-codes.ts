/**
 * The registry of every error code. The HTTP layer, the CLI, the API reference and its test all read this one table.
 * A code is part of the wire contract: rename none, reuse none.
 */
export type ErrorKind =
  | 'invalid' // the request is wrong and will stay wrong
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'method_not_allowed'
  | 'timeout'
  | 'conflict'
  | 'gone' // it was there, and will not be again
  | 'locked' // somebody else is at it; safe to retry
  | 'precondition' // what the request was made for has changed meanwhile
  | 'range' // nothing of what was asked for lies in the bytes
  | 'too_large'
  | 'rate_limited'
  | 'internal'
  | 'unavailable' // may work later; safe to retry
  | 'storage_full'
  | 'corrupt'; // a broken invariant: evidence differs from its record

const registry = {
  invalid_json: ['invalid', 'The body must be exactly one JSON object with only the documented fields.'],
  invalid_request: ['invalid', 'A value in the request is not valid.'],
  invalid_cursor: ['invalid', 'The cursor is not one that this listing returned.'],
  invalid_multipart: ['invalid', 'The body must be multipart/form-data with each field at most once.'],
  missing_file: ['invalid', 'The upload has no file part.'],
  duplicate_file: ['invalid', 'The upload has more than one file part.'],
  hash_mismatch: ['invalid', 'The bytes that arrived do not have the stated SHA-256.'],
  length_mismatch: ['invalid', 'Fewer or more bytes arrived than were announced.'],
  invalid_chunk_index: ['invalid', 'chunk_index must be a whole number: from 1 in a stream, from 0 without one.'],
  invalid_media_type: ['invalid', 'media_type must be audio, video, location or metadata.'],
  stream_media_type_mismatch: ['invalid', 'media_type differs from the media type of the stream.'],
  invalid_started_at: ['invalid', 'started_at must be an RFC 3339 time.'],
  invalid_ended_at: ['invalid', 'ended_at must be an RFC 3339 time.'],
  invalid_time_range: ['invalid', 'ended_at must not be before started_at.'],
  invalid_sha256_hex: ['invalid', 'sha256_hex must be 64 lower-case hexadecimal digits.'],
  invalid_variant: [
    'invalid',
    'A variant names its capture group, variant_role, quality_profile and upload_priority, all of them, and they fit its media type.',
  ],
  invalid_source_segment: [
    'invalid',
    'A source segment has an id of 1 to 128 letters, digits, dots, colons, underscores or hyphens, a whole sequence number, and perhaps the SHA-256 of its sealed context.',
  ],
  invalid_source_range: [
    'invalid',
    'source_started_at and source_ended_at must be RFC 3339 times, one after the other.',
  ],
  source_clock_skew: ['invalid', "The source range ends further ahead of the server's clock than it allows."],
  source_mismatch: ['invalid', 'In a stream of a capture group a chunk says its source segment, and nowhere else.'],
  invalid_idempotency_key: ['invalid', 'Idempotency-Key must be 1 to 255 visible ASCII characters.'],
  invalid_username: [
    'invalid',
    'A username is 3 to 64 of a-z, 0-9, dot, underscore, hyphen and at sign, starting with a letter or digit.',
  ],
  invalid_password: ['invalid', 'A password is 12 to 72 bytes of UTF-8.'],
  invalid_document_name: [
    'invalid',
    'A name is 1 to 255 characters without control characters or slashes, and neither "." nor "..".',
  ],
  invalid_name: ['invalid', 'organization, project and service must each have a letter or a digit.'],
  invalid_run_id: [
    'invalid',
    'run_id must be 1 to 128 letters, digits, dots, hyphens or underscores, beginning with a letter or digit.',
  ],
  invalid_version: [
    'invalid',
    'A version is a whole number or a semantic version without build metadata, such as 3 or 1.4.0-rc.1.',
  ],

  invalid_remote_path: [
    'invalid',
    'A path on the other side is names joined by slashes: none of them empty, "." or "..", and no control character or backslash.',
  ],
  connection_address_refused: [
    'invalid',
    'This address is not one that the server may connect to: it lies in a private network or is not encrypted, and the operator has not allowed it.',
  ],
  connection_unauthorized: ['invalid', 'The other side does not accept these credentials.'],

  relay_unauthenticated: ['unauthenticated', 'This relay is not known here, or its assertion is not valid.'],
  relay_capability_invalid: [
    'unauthenticated',
    'This relay capability is not valid. It may have expired, been withdrawn, or be for another stream.',
  ],
  authentication_required: ['unauthenticated', 'A valid token is required.'],
  invalid_credentials: ['unauthenticated', 'The username or the password is wrong.'],
  forbidden: ['forbidden', 'This account may not do that.'],
  csrf_failed: [
    'forbidden',
    'This did not come from a page of this server in this browser. Reload the page and try again.',
  ],
  https_required: [
    'forbidden',
    'Browsers sign in over https, or on the machine of the server itself. Over plain http their cookies would not be safe.',
  ],

  not_found: ['not_found', 'There is nothing here.'],
  incident_not_found: ['not_found', 'There is no such incident.'],
  stream_not_found: ['not_found', 'There is no such stream in this incident.'],
  capture_group_not_found: ['not_found', 'There is no such capture group in this incident.'],
  supersession_not_found: ['not_found', 'There is no such supersession in this capture group.'],
  safety_check_not_found: ['not_found', 'There is no such safety check of this incident.'],
  chunk_not_found: ['not_found', 'There is no such chunk in this incident.'],
  chunk_not_live: ['not_found', 'The relay has no such chunk, or not any more. What was confirmed is at the server.'],
  account_not_found: ['not_found', 'There is no such account.'],
  incident_token_not_found: ['not_found', 'There is no such viewer token.'],
  relay_not_configured: ['not_found', 'This server gives out no relay.'],
  relay_capability_not_found: ['not_found', 'There is no such relay capability.'],
  incident_token_invalid: ['not_found', 'This link is not valid. It may have expired or been withdrawn.'],
  incident_deletion_not_found: ['not_found', 'No deletion was requested for this incident.'],
  run_not_found: ['not_found', 'There is no such run.'],
  policy_not_found: ['not_found', 'There is no such policy, or no such version of it.'],
  flow_not_found: ['not_found', 'There is no such flow, or no such version of it.'],
  deployment_not_found: ['not_found', 'There is no such deployment.'],
  service_not_found: ['not_found', 'This service has no runs.'],
  document_not_found: ['not_found', 'There is no such document.'],
  folder_not_found: ['not_found', 'There is no such folder.'],
  topic_not_found: ['not_found', 'There is no such topic.'],
  group_not_found: ['not_found', 'There is no such group.'],
  upload_not_found: ['not_found', 'There is no such upload.'],
  job_not_found: ['not_found', 'There is no such job.'],
  share_not_found: ['not_found', 'There is no such share.'],
  connection_not_found: ['not_found', 'There is no such connection.'],
  remote_path_not_found: ['not_found', 'There is nothing at that path on the other side.'],
  share_invalid: ['not_found', 'This link is not valid. It may have expired, been withdrawn or been used up.'],
  method_not_allowed: ['method_not_allowed', 'This method is not available here.'],

  request_timeout: ['timeout', 'The request did not arrive in time.'],

  username_conflict: ['conflict', 'That username is taken.'],
  incident_has_owner: ['conflict', 'The incident already has an owner.'],
  incident_closed: ['conflict', 'The incident is closed.'],
  incident_deleting: ['conflict', 'The incident is being deleted.'],
  incident_open: ['conflict', 'The incident is still open. Close it first, or ask with allow_open.'],
  relay_role_not_eligible: ['conflict', 'Streams of this variant role are not shown before they are confirmed.'],
  safety_check_exists: ['conflict', 'The incident has a safety check that is active, or missed and not resolved.'],
  safety_check_not_active: ['conflict', 'The safety check is not active any more. A missed one is resolved.'],
  safety_check_not_missed: ['conflict', 'The safety check is not missed. An active one is cancelled.'],
  stream_not_open: ['conflict', 'The stream is not open.'],
  stream_already_complete: ['conflict', 'The stream is already complete.'],
  stream_failed: ['conflict', 'The stream has failed.'],
  stream_not_complete: ['conflict', 'The stream is not complete.'],
  stream_chunks_incomplete: ['conflict', 'Chunks are missing.'],
  stream_chunks_not_contiguous: ['conflict', 'The chunks do not run from 1 to the expected count.'],
  stream_chunk_file_missing: ['conflict', 'The bytes of a chunk cannot be read.'],
  incident_bundle_inconsistent: ['conflict', 'A complete stream cannot be rebuilt, so no bundle is made.'],
  duplicate_chunk: ['conflict', 'This chunk was accepted before.'],
  duplicate_chunk_conflict: ['conflict', 'A chunk with this identity exists and differs.'],
  source_segment_conflict: [
    'conflict',
    'This source segment has another sequence or range already, or the stream has a chunk of it.',
  ],
  capture_group_too_large: [
    'conflict',
    'The group has more chunks than are looked through at once. They are kept, and each stream can be downloaded.',
  ],
  supersession_refused: ['conflict', 'One chunk may not supersede the other: a condition does not hold.'],
  supersession_withdrawn: ['conflict', 'This supersession was withdrawn before, or withdraws one itself.'],
  idempotency_conflict: ['conflict', 'This idempotency key was used for something else.'],
  upload_in_progress: ['conflict', 'This chunk is being committed by another request.'],
  blob_conflict: [
    'conflict',
    'Other bytes already stand under this identity. They were never confirmed and are left for the operator.',
  ],
  revision_conflict: ['conflict', 'This version was kept before with other bytes.'],
  deployment_conflict: ['conflict', 'This deployment id belongs to a deployment with other content.'],
  run_conflict: ['conflict', 'This run id belongs to a run with other content.'],
  name_conflict: ['conflict', 'Something of that name is in this folder already.'],
  job_not_parked: ['conflict', 'Only a parked job can be repeated. This one is waiting, running or done.'],
  connection_name_conflict: ['conflict', 'There is a connection of that name already.'],
  too_many_connections: ['conflict', 'The account has as many connections as it may have.'],
  folder_cycle: ['conflict', 'A folder cannot be moved into itself or into one that lies in it.'],
  document_in_trash: ['conflict', 'It is in the trash. Restore it first.'],

  upload_offset_conflict: ['conflict', 'The upload has another offset. Ask for it with HEAD and go on from there.'],
  too_many_uploads: ['conflict', 'The account has too many unfinished uploads. Finish or end one first.'],

  chunk_withdrawn: [
    'gone',
    'This chunk was shown before the server had it, and the server does not have it. Its bytes are withdrawn.',
  ],
  upload_gone: ['gone', 'The upload has expired, was ended, or has failed. Begin a new one.'],
  upload_locked: ['locked', 'Another request is at this upload. Try again later.'],

  tus_version_unsupported: ['precondition', 'Tus-Resumable must be 1.0.0.'],
  version_conflict: ['precondition', 'The document has another version by now.'],
  range_not_satisfiable: ['range', 'No byte of that range is in the document.'],

  request_too_large: ['too_large', 'The body is larger than this route accepts.'],
  upload_too_large: ['too_large', 'The upload is larger than this server accepts.'],
  quota_exceeded: ['too_large', 'The account has no room left for this upload.'],

  too_many_readers: ['rate_limited', 'As many are reading along as may. Try again later.'],
  rate_limited: ['rate_limited', 'Too many requests. Try again later.'],

  internal_error: ['internal', 'Something went wrong on the server. Nothing was accepted.'],
  evidence_corrupt: ['corrupt', 'Stored bytes differ from their record and are not served.'],

  setup_required: ['unavailable', 'No administrator exists yet. Finish the set-up first.'],
  rate_limit_unavailable: ['unavailable', 'The rate limiter cannot answer. Try again later.'],
  coordination_unavailable: ['unavailable', 'Coordination with the other nodes is not available. Try again later.'],
  metadata_unavailable: ['unavailable', 'The database is not available. Try again later.'],
  storage_unavailable: ['unavailable', 'Storage is not available. Try again later.'],
  connection_failed: [
    'unavailable',
    'The other side cannot be reached, or does not answer as it should. Try again later.',
  ],
  secret_key_missing: [
    'unavailable',
    'The server has no key that credentials could be kept or read with. Its operator has to set SAFE_SECRET_KEY.',
  ],
  identity_unavailable: ['unavailable', 'Whoever issued the token cannot be asked for its keys. Try again later.'],
  relay_core_unavailable: [
    'unavailable',
    'The relay had no answer of the server, which alone accepts evidence. Send it again later.',
  ],
  shutting_down: ['unavailable', 'The server is shutting down. Try again later.'],
  staging_full: ['storage_full', 'There is no room for uploads at the moment. Try again later.'],
  storage_full: ['storage_full', 'The disk is full.'],
} as const satisfies Record<string, readonly [ErrorKind, string]>;

export type ErrorCode = keyof typeof registry;

export const errorCodes: Readonly<Record<ErrorCode, { kind: ErrorKind; message: string }>> = Object.freeze(
  Object.fromEntries(Object.entries(registry).map(([code, [kind, message]]) => [code, { kind, message }])) as Record<
    ErrorCode,
    { kind: ErrorKind; message: string }
  >,
);
