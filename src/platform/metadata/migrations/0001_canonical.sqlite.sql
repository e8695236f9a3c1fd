-- The canonical schema. Times are RFC 3339 text in UTC with at least milliseconds, so that they sort.

CREATE TABLE accounts (
  id TEXT PRIMARY KEY,
  username TEXT NOT NULL UNIQUE CHECK (length(username) > 0),
  password_hash TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('user', 'admin')),
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  password_changed_at TEXT NOT NULL,
  -- Running total over the accepted chunks of the account's incidents, kept in the accepting transaction.
  bytes_used INTEGER NOT NULL DEFAULT 0 CHECK (bytes_used >= 0),
  -- NULL: the server's default applies. 0: no limit.
  bytes_limit INTEGER CHECK (bytes_limit IS NULL OR bytes_limit >= 0)
) STRICT;
CREATE INDEX accounts_role ON accounts (role);

CREATE TABLE auth_sessions (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  token_hash TEXT NOT NULL UNIQUE CHECK (length(token_hash) = 64 AND token_hash NOT GLOB '*[^0-9a-f]*'),
  kind TEXT NOT NULL DEFAULT 'api' CHECK (kind IN ('api', 'admin_page')),
  created_at TEXT NOT NULL,
  expires_at TEXT NOT NULL,
  revoked_at TEXT
) STRICT;
CREATE INDEX auth_sessions_account ON auth_sessions (account_id);
CREATE INDEX auth_sessions_expiry ON auth_sessions (expires_at);

CREATE TABLE incidents (
  id TEXT PRIMARY KEY,
  owner_account_id TEXT REFERENCES accounts (id) ON DELETE SET NULL,
  status TEXT NOT NULL CHECK (status IN ('open', 'closed')),
  client_label TEXT,
  notes TEXT,
  incident_mode TEXT CHECK (incident_mode IN ('emergency', 'interaction_record', 'safety_check', 'evidence_note')),
  capture_profile TEXT CHECK (capture_profile IN
    ('audio_video_location', 'audio_location', 'location_checkin', 'note_or_attachment', 'custom')),
  escalation_policy TEXT CHECK (escalation_policy IN
    ('none', 'trusted_contacts_on_start', 'trusted_contacts_on_missed_checkin', 'urgent_trusted_contact_alert')),
  sharing_state TEXT CHECK (sharing_state IN
    ('private', 'trusted_contact_access', 'public_link_created', 'legal_export_created', 'revoked_or_expired')),
  deletion_state TEXT NOT NULL DEFAULT 'active' CHECK (deletion_state IN
    ('active', 'deletion_pending', 'deleting', 'deletion_failed', 'deleted')),
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  closed_at TEXT
) STRICT;
CREATE INDEX incidents_owner ON incidents (owner_account_id, id);
-- For the lists that administrators filter.
CREATE INDEX incidents_status ON incidents (status, id);
CREATE INDEX incidents_deletion ON incidents (deletion_state, id);
CREATE INDEX incidents_closed ON incidents (closed_at) WHERE status = 'closed' AND deletion_state = 'active';

CREATE TABLE media_streams (
  id TEXT PRIMARY KEY,
  incident_id TEXT NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
  media_type TEXT NOT NULL CHECK (media_type IN ('audio', 'video', 'location', 'metadata')),
  label TEXT,
  status TEXT NOT NULL CHECK (status IN ('open', 'complete', 'failed')),
  expected_chunk_count INTEGER CHECK (expected_chunk_count IS NULL OR expected_chunk_count > 0),
  -- Kept in the transaction that accepts a chunk, so that pages need not count rows.
  chunk_count INTEGER NOT NULL DEFAULT 0 CHECK (chunk_count >= 0),
  byte_count INTEGER NOT NULL DEFAULT 0 CHECK (byte_count >= 0),
  latest_chunk_id TEXT,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  completed_at TEXT,
  failed_at TEXT,
  failure_reason TEXT,
  UNIQUE (incident_id, id, media_type)
) STRICT;

CREATE TABLE chunks (
  id TEXT PRIMARY KEY,
  incident_id TEXT NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
  stream_id TEXT CHECK (stream_id IS NULL OR length(stream_id) > 0),
  chunk_index INTEGER NOT NULL CHECK (chunk_index >= 0 AND (stream_id IS NULL OR chunk_index > 0)),
  media_type TEXT NOT NULL CHECK (media_type IN ('audio', 'video', 'location', 'metadata')),
  started_at TEXT NOT NULL,
  ended_at TEXT NOT NULL,
  original_filename TEXT,
  stored_path TEXT NOT NULL,
  byte_size INTEGER NOT NULL CHECK (byte_size >= 0),
  sha256_hex TEXT NOT NULL CHECK (length(sha256_hex) = 64 AND sha256_hex NOT GLOB '*[^0-9a-f]*'),
  created_at TEXT NOT NULL,
  FOREIGN KEY (incident_id, stream_id, media_type)
    REFERENCES media_streams (incident_id, id, media_type) ON DELETE CASCADE
) STRICT;
-- Over all rows, so that it also finds everything of an incident: listing, deletion, both cascades (docs/decisions/0011).
CREATE UNIQUE INDEX chunks_streamed ON chunks (incident_id, stream_id, chunk_index);
-- Above, rows without a stream all differ (NULL equals nothing); here they do not.
CREATE UNIQUE INDEX chunks_unstreamed ON chunks (incident_id, media_type, chunk_index) WHERE stream_id IS NULL;
-- Counts them and knows the latest without reading a row: viewers ask again and again.
CREATE INDEX chunks_unstreamed_latest ON chunks (incident_id, stream_id, media_type, id) WHERE stream_id IS NULL;

-- Found by its key, and goes with its chunk. No index by id or incident: nothing looks for them, and every upload would pay.
CREATE TABLE upload_operations (
  id TEXT NOT NULL,
  operation_type TEXT NOT NULL CHECK (operation_type IN ('complete_chunk')),
  -- SHA-256 over the account id and the key: one account's keys never meet another's.
  idempotency_key_hash TEXT NOT NULL PRIMARY KEY
    CHECK (length(idempotency_key_hash) = 64 AND idempotency_key_hash NOT GLOB '*[^0-9a-f]*'),
  state TEXT NOT NULL CHECK (state IN ('completed')),
  -- The incident of the chunk, which is what keeps it true.
  incident_id TEXT NOT NULL,
  chunk_id TEXT NOT NULL REFERENCES chunks (id) ON DELETE CASCADE,
  -- SHA-256 over the canonical fingerprint of the request.
  fingerprint TEXT NOT NULL CHECK (length(fingerprint) = 64 AND fingerprint NOT GLOB '*[^0-9a-f]*'),
  created_at TEXT NOT NULL
) STRICT;
CREATE INDEX upload_operations_chunk ON upload_operations (chunk_id);

CREATE TABLE checkins (
  id TEXT PRIMARY KEY,
  incident_id TEXT NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
  created_at TEXT NOT NULL,
  device_battery_percent INTEGER,
  device_network TEXT,
  latitude REAL,
  longitude REAL,
  accuracy_meters REAL
) STRICT;
CREATE INDEX checkins_incident ON checkins (incident_id, id);

CREATE TABLE incident_tokens (
  id TEXT PRIMARY KEY,
  incident_id TEXT NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
  token_hash TEXT NOT NULL UNIQUE CHECK (length(token_hash) = 64 AND token_hash NOT GLOB '*[^0-9a-f]*'),
  label TEXT,
  created_at TEXT NOT NULL,
  expires_at TEXT,
  revoked_at TEXT
) STRICT;
CREATE INDEX incident_tokens_incident ON incident_tokens (incident_id);

CREATE TABLE incident_deletion_decisions (
  id TEXT PRIMARY KEY,
  incident_id TEXT NOT NULL UNIQUE REFERENCES incidents (id),
  source TEXT NOT NULL CHECK (source IN ('account_request', 'admin_request', 'retention_policy')),
  reason_code TEXT,
  actor_account_id TEXT,
  allow_open INTEGER NOT NULL CHECK (allow_open IN (0, 1)),
  state TEXT NOT NULL CHECK (state IN ('deletion_pending', 'deleting', 'deletion_failed', 'deleted')),
  item_count INTEGER NOT NULL CHECK (item_count >= 0),
  error_code TEXT,
  requested_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  deleted_at TEXT
) STRICT;
CREATE INDEX incident_deletion_decisions_state ON incident_deletion_decisions (state, updated_at);

CREATE TABLE incident_deletion_items (
  id TEXT PRIMARY KEY,
  decision_id TEXT NOT NULL REFERENCES incident_deletion_decisions (id) ON DELETE CASCADE,
  stored_path TEXT NOT NULL,
  byte_size INTEGER NOT NULL CHECK (byte_size >= 0),
  state TEXT NOT NULL CHECK (state IN ('pending', 'removed')),
  attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX incident_deletion_items_decision ON incident_deletion_items (decision_id, state, id);

CREATE TABLE admin_audit (
  id TEXT PRIMARY KEY,
  at TEXT NOT NULL,
  actor_account_id TEXT,
  -- Who acted where no account did: the command line on the machine itself, the set-up form, or the server.
  actor TEXT NOT NULL CHECK (actor IN ('account', 'command_line', 'setup', 'server')),
  action TEXT NOT NULL,
  subject_type TEXT NOT NULL,
  subject_id TEXT,
  outcome TEXT NOT NULL CHECK (outcome IN ('done', 'refused')),
  detail TEXT
) STRICT;
