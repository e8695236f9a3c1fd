import { at, build, hash } from './build-row.ts';

const later = '2026-01-02T03:04:07.678Z';

/** One valid row of each table of captures and of the relay, for `rows`. They refer to one another and to the incident and chunk there. */
export const captureRows = {
  captureGroup: build('capture_groups', {
    id: 'cgr_1',
    incident_id: 'inc_1',
    capture_source_id: 'phone',
    source_timeline_hash: hash('a'),
    created_at: at,
  }),
  segment: build('source_segments', {
    capture_group_id: 'cgr_1',
    source_segment_id: 'seg_1',
    source_sequence: 1,
    source_started_at: at,
    source_ended_at: later,
  }),
  chunkSource: build('chunk_sources', {
    chunk_id: 'chk_1',
    capture_group_id: 'cgr_1',
    source_segment_id: 'seg_1',
    stream_id: 'str_1',
    context_digest: hash('a'),
  }),
  supersession: build('supersessions', {
    id: 'sup_1',
    capture_group_id: 'cgr_1',
    superseding_stream_id: 'str_1',
    superseding_segment_id: 'seg_1',
    superseded_stream_id: 'str_2',
    superseded_segment_id: 'seg_1',
    coverage_basis: 'exact_segment',
    validation_state: 'validated',
    policy_version: 1,
    reason: 'higher_quality_confirmed',
    actor: 'policy',
    created_at: at,
  }),
  safetyCheck: build('safety_checks', {
    id: 'sfc_1',
    incident_id: 'inc_1',
    state: 'active',
    due_at: at,
    grace_seconds: 60,
    overdue_at: later,
    created_at: at,
    updated_at: at,
  }),
  capability: build('relay_capabilities', {
    id: 'cap_1',
    kind: 'upload',
    incident_id: 'inc_1',
    stream_id: 'str_1',
    account_id: 'acct_1',
    token_hash: hash('7'),
    created_at: at,
    expires_at: later,
  }),
};
