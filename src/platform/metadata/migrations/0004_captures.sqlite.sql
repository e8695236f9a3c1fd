-- Captures: variants of one moment. What an upload without source fields writes stays as it was (docs/decisions/0019).

CREATE TABLE capture_groups (
  id TEXT PRIMARY KEY,
  incident_id TEXT NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
  -- Words of the client, which the server compares and never reads.
  capture_source_id TEXT NOT NULL CHECK (length(capture_source_id) > 0),
  source_clock_id TEXT,
  source_timeline_hash TEXT CHECK (source_timeline_hash IS NULL OR (length(source_timeline_hash) = 64 AND source_timeline_hash NOT GLOB '*[^0-9a-f]*')),
  label TEXT,
  created_at TEXT NOT NULL,
  -- Since a stream of it ended: the policy has not yet recorded what is superseded.
  look_at TEXT
) STRICT;
CREATE INDEX capture_groups_incident ON capture_groups (incident_id, id);
CREATE INDEX capture_groups_look ON capture_groups (look_at, id) WHERE look_at IS NOT NULL;

ALTER TABLE media_streams ADD COLUMN capture_group_id TEXT REFERENCES capture_groups (id) ON DELETE CASCADE;
ALTER TABLE media_streams ADD COLUMN variant_role TEXT CHECK (variant_role IN
  ('live_preview', 'evidence_master', 'audio_priority', 'location_context', 'metadata_context'));
ALTER TABLE media_streams ADD COLUMN quality_profile TEXT CHECK (quality_profile IN
  ('adaptive_low_latency', 'full_quality', 'audio_priority', 'location_context', 'metadata_context'));
-- All of a variant, or nothing of it.
ALTER TABLE media_streams ADD COLUMN upload_priority TEXT CHECK (upload_priority IN ('near_live', 'preservation', 'background_queue'))
  CHECK ((capture_group_id IS NULL) = (variant_role IS NULL)
    AND (capture_group_id IS NULL) = (quality_profile IS NULL) AND (capture_group_id IS NULL) = (upload_priority IS NULL));
CREATE INDEX media_streams_group ON media_streams (capture_group_id, id) WHERE capture_group_id IS NOT NULL;

-- The timeline of a group. One row a segment: it cannot have two ranges.
CREATE TABLE source_segments (
  capture_group_id TEXT NOT NULL REFERENCES capture_groups (id) ON DELETE CASCADE,
  source_segment_id TEXT NOT NULL CHECK (length(source_segment_id) > 0),
  source_sequence INTEGER NOT NULL CHECK (source_sequence >= 0),
  source_started_at TEXT NOT NULL,
  -- Without the closing Z, which would sort after a digit of a longer fraction.
  source_ended_at TEXT NOT NULL CHECK (rtrim(source_ended_at, 'Z') > rtrim(source_started_at, 'Z')),
  PRIMARY KEY (capture_group_id, source_segment_id)
) STRICT;

-- Where a chunk stands on it. Beside chunks and not in it: uploads without it pay nothing.
CREATE TABLE chunk_sources (
  chunk_id TEXT PRIMARY KEY REFERENCES chunks (id) ON DELETE CASCADE,
  capture_group_id TEXT NOT NULL,
  source_segment_id TEXT NOT NULL,
  stream_id TEXT NOT NULL,
  -- SHA-256 of the sealed context that belongs to the chunk.
  context_digest TEXT CHECK (context_digest IS NULL OR (length(context_digest) = 64 AND context_digest NOT GLOB '*[^0-9a-f]*')),
  FOREIGN KEY (capture_group_id, source_segment_id)
    REFERENCES source_segments (capture_group_id, source_segment_id) ON DELETE CASCADE
) STRICT;
-- All chunks of a group, of a segment, and at most one of a stream and segment.
CREATE UNIQUE INDEX chunk_sources_segment ON chunk_sources (capture_group_id, source_segment_id, stream_id);

-- Added to and never changed. A row with withdraws_id takes back an earlier one.
CREATE TABLE supersessions (
  id TEXT PRIMARY KEY,
  capture_group_id TEXT NOT NULL REFERENCES capture_groups (id) ON DELETE CASCADE,
  superseding_stream_id TEXT NOT NULL,
  superseding_segment_id TEXT NOT NULL,
  superseded_stream_id TEXT NOT NULL,
  superseded_segment_id TEXT NOT NULL,
  coverage_basis TEXT NOT NULL CHECK (coverage_basis IN ('exact_segment', 'superset')),
  validation_state TEXT NOT NULL CHECK (validation_state IN ('validated')),
  policy_version INTEGER NOT NULL CHECK (policy_version > 0),
  reason TEXT NOT NULL CHECK (reason IN
    ('higher_quality_confirmed', 'audio_replaced_by_master', 'segment_superset_confirmed', 'withdrawn')),
  actor TEXT NOT NULL CHECK (actor IN ('account', 'policy')),
  actor_account_id TEXT,
  -- Of the same group. No foreign key: copies of the table come in pages, several at once.
  withdraws_id TEXT UNIQUE,
  created_at TEXT NOT NULL,
  CHECK ((reason = 'withdrawn') = (withdraws_id IS NOT NULL)),
  CHECK ((actor = 'account') = (actor_account_id IS NOT NULL))
) STRICT;
CREATE INDEX supersessions_group ON supersessions (capture_group_id, id);
CREATE TRIGGER supersessions_fixed BEFORE UPDATE ON supersessions BEGIN
  SELECT RAISE(ABORT, 'a supersession is never changed');
END;

-- State for a later notice; nothing is sent.
CREATE TABLE safety_checks (
  id TEXT PRIMARY KEY,
  incident_id TEXT NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
  state TEXT NOT NULL CHECK (state IN ('active', 'cancelled', 'missed', 'resolved')),
  due_at TEXT NOT NULL,
  grace_seconds INTEGER NOT NULL CHECK (grace_seconds >= 0),
  -- Both together: from then on it is missed, whether that is written down yet or not.
  overdue_at TEXT NOT NULL,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  missed_at TEXT,
  ended_at TEXT,
  CHECK ((state IN ('missed', 'resolved')) = (missed_at IS NOT NULL)),
  CHECK ((state IN ('cancelled', 'resolved')) = (ended_at IS NOT NULL))
) STRICT;
CREATE INDEX safety_checks_incident ON safety_checks (incident_id, id);
-- At most one at a time holds an incident back from retention.
CREATE UNIQUE INDEX safety_checks_holding ON safety_checks (incident_id) WHERE state IN ('active', 'missed');
-- What the worker writes down as missed, and how many there are of each.
CREATE INDEX safety_checks_overdue ON safety_checks (state, overdue_at);

-- Each mode has its own time, so the oldest of each are looked for.
DROP INDEX incidents_closed;
CREATE INDEX incidents_closed ON incidents (incident_mode, closed_at) WHERE status = 'closed' AND deletion_state = 'active';

-- A resumable upload that becomes a chunk belongs to an incident, and perhaps to a stream of it.
ALTER TABLE resumable_uploads ADD COLUMN incident_id TEXT REFERENCES incidents (id) ON DELETE CASCADE
  CHECK ((target = 'chunk') = (incident_id IS NOT NULL));
ALTER TABLE resumable_uploads ADD COLUMN stream_id TEXT REFERENCES media_streams (id) ON DELETE CASCADE
  CHECK (stream_id IS NULL OR incident_id IS NOT NULL);
CREATE INDEX resumable_uploads_incident ON resumable_uploads (incident_id, id) WHERE incident_id IS NOT NULL;
CREATE INDEX resumable_uploads_stream ON resumable_uploads (stream_id) WHERE stream_id IS NOT NULL;
