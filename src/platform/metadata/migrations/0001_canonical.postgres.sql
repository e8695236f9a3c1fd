-- The canonical schema. What is compared or sorted is COLLATE "C": byte by byte, as ids sort by time, whatever the database's locale.
-- A hash is 64 characters of which none is another than a hexadecimal digit: as one pattern, '{64}', that would cost ten times as much.

CREATE TABLE accounts (
  id TEXT COLLATE "C" PRIMARY KEY,
  username TEXT COLLATE "C" NOT NULL UNIQUE CHECK (length(username) > 0),
  password_hash TEXT NOT NULL,
  role TEXT COLLATE "C" NOT NULL CHECK (role IN ('user', 'admin')),
  created_at TIMESTAMPTZ NOT NULL,
  updated_at TIMESTAMPTZ NOT NULL,
  password_changed_at TIMESTAMPTZ NOT NULL,
  -- Running total over the accepted chunks of the account's incidents, kept in the accepting transaction.
  bytes_used BIGINT NOT NULL DEFAULT 0 CHECK (bytes_used >= 0),
  -- NULL: the server's default applies. 0: no limit.
  bytes_limit BIGINT CHECK (bytes_limit IS NULL OR bytes_limit >= 0)
) WITH (fillfactor = 70); -- Each accepted chunk updates a row: room on its page lets that touch no index.
CREATE INDEX accounts_role ON accounts (role);

CREATE TABLE auth_sessions (
  id TEXT COLLATE "C" PRIMARY KEY,
  account_id TEXT COLLATE "C" NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  token_hash TEXT COLLATE "C" NOT NULL UNIQUE CHECK (length(token_hash) = 64 AND token_hash !~ '[^0-9a-f]'),
  kind TEXT COLLATE "C" NOT NULL DEFAULT 'api' CHECK (kind IN ('api', 'admin_page')),
  created_at TIMESTAMPTZ NOT NULL,
  expires_at TIMESTAMPTZ NOT NULL,
  revoked_at TIMESTAMPTZ
);
CREATE INDEX auth_sessions_account ON auth_sessions (account_id);
-- Retention asks for either, and an OR needs both.
CREATE INDEX auth_sessions_expiry ON auth_sessions (expires_at);
CREATE INDEX auth_sessions_revoked ON auth_sessions (revoked_at) WHERE revoked_at IS NOT NULL;

CREATE TABLE incidents (
  id TEXT COLLATE "C" PRIMARY KEY,
  owner_account_id TEXT COLLATE "C" REFERENCES accounts (id) ON DELETE SET NULL,
  status TEXT COLLATE "C" NOT NULL CHECK (status IN ('open', 'closed')),
  client_label TEXT,
  notes TEXT,
  incident_mode TEXT CHECK (incident_mode IN ('emergency', 'interaction_record', 'safety_check', 'evidence_note')),
  capture_profile TEXT CHECK (capture_profile IN
    ('audio_video_location', 'audio_location', 'location_checkin', 'note_or_attachment', 'custom')),
  escalation_policy TEXT CHECK (escalation_policy IN
    ('none', 'trusted_contacts_on_start', 'trusted_contacts_on_missed_checkin', 'urgent_trusted_contact_alert')),
  sharing_state TEXT CHECK (sharing_state IN
    ('private', 'trusted_contact_access', 'public_link_created', 'legal_export_created', 'revoked_or_expired')),
  deletion_state TEXT COLLATE "C" NOT NULL DEFAULT 'active' CHECK (deletion_state IN
    ('active', 'deletion_pending', 'deleting', 'deletion_failed', 'deleted')),
  created_at TIMESTAMPTZ NOT NULL,
  updated_at TIMESTAMPTZ NOT NULL,
  closed_at TIMESTAMPTZ
);
CREATE INDEX incidents_owner ON incidents (owner_account_id, id);
-- For the lists that administrators filter.
CREATE INDEX incidents_status ON incidents (status, id);
CREATE INDEX incidents_deletion ON incidents (deletion_state, id);
CREATE INDEX incidents_closed ON incidents (closed_at) WHERE status = 'closed' AND deletion_state = 'active';

CREATE TABLE media_streams (
  id TEXT COLLATE "C" PRIMARY KEY,
  incident_id TEXT COLLATE "C" NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
  media_type TEXT COLLATE "C" NOT NULL CHECK (media_type IN ('audio', 'video', 'location', 'metadata')),
  label TEXT,
  status TEXT NOT NULL CHECK (status IN ('open', 'complete', 'failed')),
  expected_chunk_count INTEGER CHECK (expected_chunk_count IS NULL OR expected_chunk_count > 0),
  -- Kept in the transaction that accepts a chunk, so that pages need not count rows.
  chunk_count INTEGER NOT NULL DEFAULT 0 CHECK (chunk_count >= 0),
  byte_count BIGINT NOT NULL DEFAULT 0 CHECK (byte_count >= 0),
  latest_chunk_id TEXT COLLATE "C",
  created_at TIMESTAMPTZ NOT NULL,
  updated_at TIMESTAMPTZ NOT NULL,
  completed_at TIMESTAMPTZ,
  failed_at TIMESTAMPTZ,
  failure_reason TEXT,
  UNIQUE (incident_id, id, media_type)
) WITH (fillfactor = 70); -- As for accounts.

-- Tens of millions of rows: the columns of fixed width stand together, which leaves no gaps between them.
CREATE TABLE chunks (
  id TEXT COLLATE "C" PRIMARY KEY,
  incident_id TEXT COLLATE "C" NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
  stream_id TEXT COLLATE "C" CHECK (stream_id IS NULL OR length(stream_id) > 0),
  media_type TEXT COLLATE "C" NOT NULL CHECK (media_type IN ('audio', 'video', 'location', 'metadata')),
  original_filename TEXT,
  stored_path TEXT COLLATE "C" NOT NULL,
  sha256_hex TEXT COLLATE "C" NOT NULL CHECK (length(sha256_hex) = 64 AND sha256_hex !~ '[^0-9a-f]'),
  byte_size BIGINT NOT NULL CHECK (byte_size >= 0),
  started_at TIMESTAMPTZ NOT NULL,
  ended_at TIMESTAMPTZ NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  chunk_index INTEGER NOT NULL CHECK (chunk_index >= 0 AND (stream_id IS NULL OR chunk_index > 0)),
  FOREIGN KEY (incident_id, stream_id, media_type)
    REFERENCES media_streams (incident_id, id, media_type) ON DELETE CASCADE
);
-- Over all rows, so that it also finds everything of an incident: listing, deletion, both cascades.
CREATE UNIQUE INDEX chunks_streamed ON chunks (incident_id, stream_id, chunk_index);
-- Above, rows without a stream all differ (NULL equals nothing); here they do not.
CREATE UNIQUE INDEX chunks_unstreamed ON chunks (incident_id, media_type, chunk_index) WHERE stream_id IS NULL;
-- Counts them and knows the latest without reading a row: viewers ask again and again.
CREATE INDEX chunks_unstreamed_latest ON chunks (incident_id, media_type, id) WHERE stream_id IS NULL;

-- Found by its key, and goes with its chunk. No index by id or incident: nothing looks for them, and every upload would pay.
CREATE TABLE upload_operations (
  -- SHA-256 over the account id and the key: one account's keys never meet another's.
  idempotency_key_hash TEXT COLLATE "C" PRIMARY KEY CHECK (length(idempotency_key_hash) = 64 AND idempotency_key_hash !~ '[^0-9a-f]'),
  id TEXT COLLATE "C" NOT NULL,
  operation_type TEXT NOT NULL CHECK (operation_type IN ('complete_chunk')),
  state TEXT NOT NULL CHECK (state IN ('completed')),
  -- The incident of the chunk, which is what keeps it true.
  incident_id TEXT COLLATE "C" NOT NULL,
  chunk_id TEXT COLLATE "C" NOT NULL REFERENCES chunks (id) ON DELETE CASCADE,
  -- SHA-256 over the canonical fingerprint of the request.
  fingerprint TEXT COLLATE "C" NOT NULL CHECK (length(fingerprint) = 64 AND fingerprint !~ '[^0-9a-f]'),
  created_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX upload_operations_chunk ON upload_operations (chunk_id);

CREATE TABLE checkins (
  id TEXT COLLATE "C" PRIMARY KEY,
  incident_id TEXT COLLATE "C" NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
  created_at TIMESTAMPTZ NOT NULL,
  device_battery_percent INTEGER,
  device_network TEXT,
  latitude DOUBLE PRECISION,
  longitude DOUBLE PRECISION,
  accuracy_meters DOUBLE PRECISION
);
CREATE INDEX checkins_incident ON checkins (incident_id, id);

CREATE TABLE incident_tokens (
  id TEXT COLLATE "C" PRIMARY KEY,
  incident_id TEXT COLLATE "C" NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
  token_hash TEXT COLLATE "C" NOT NULL UNIQUE CHECK (length(token_hash) = 64 AND token_hash !~ '[^0-9a-f]'),
  label TEXT,
  created_at TIMESTAMPTZ NOT NULL,
  expires_at TIMESTAMPTZ,
  revoked_at TIMESTAMPTZ
);
CREATE INDEX incident_tokens_incident ON incident_tokens (incident_id);

CREATE TABLE incident_deletion_decisions (
  id TEXT COLLATE "C" PRIMARY KEY,
  incident_id TEXT COLLATE "C" NOT NULL UNIQUE REFERENCES incidents (id),
  source TEXT NOT NULL CHECK (source IN ('account_request', 'admin_request', 'retention_policy')),
  reason_code TEXT,
  actor_account_id TEXT COLLATE "C",
  -- 0 or 1, as in the rows of the other database.
  allow_open SMALLINT NOT NULL CHECK (allow_open IN (0, 1)),
  state TEXT COLLATE "C" NOT NULL CHECK (state IN ('deletion_pending', 'deleting', 'deletion_failed', 'deleted')),
  item_count BIGINT NOT NULL CHECK (item_count >= 0),
  error_code TEXT,
  requested_at TIMESTAMPTZ NOT NULL,
  updated_at TIMESTAMPTZ NOT NULL,
  deleted_at TIMESTAMPTZ
);
CREATE INDEX incident_deletion_decisions_state ON incident_deletion_decisions (state, updated_at);

CREATE TABLE incident_deletion_items (
  id TEXT COLLATE "C" PRIMARY KEY,
  decision_id TEXT COLLATE "C" NOT NULL REFERENCES incident_deletion_decisions (id) ON DELETE CASCADE,
  stored_path TEXT COLLATE "C" NOT NULL,
  byte_size BIGINT NOT NULL CHECK (byte_size >= 0),
  state TEXT COLLATE "C" NOT NULL CHECK (state IN ('pending', 'removed')),
  attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  updated_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX incident_deletion_items_decision ON incident_deletion_items (decision_id, state, id);

CREATE TABLE admin_audit (
  id TEXT COLLATE "C" PRIMARY KEY,
  at TIMESTAMPTZ NOT NULL,
  actor_account_id TEXT COLLATE "C",
  -- Who acted where no account did: the command line on the machine itself, the set-up form, or the server.
  actor TEXT NOT NULL CHECK (actor IN ('account', 'command_line', 'setup', 'server')),
  action TEXT NOT NULL,
  subject_type TEXT NOT NULL,
  subject_id TEXT COLLATE "C",
  outcome TEXT NOT NULL CHECK (outcome IN ('done', 'refused')),
  detail TEXT
);
