-- What clients of a relay hold for minutes: to upload to one stream, or to read along (docs/decisions/0020).
CREATE TABLE relay_capabilities (
  id TEXT COLLATE "C" PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('upload', 'fanout')),
  incident_id TEXT COLLATE "C" NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
  stream_id TEXT COLLATE "C" NOT NULL REFERENCES media_streams (id) ON DELETE CASCADE,
  -- Its chunks are this account's, as if it had uploaded them itself.
  account_id TEXT COLLATE "C" NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  token_hash TEXT COLLATE "C" NOT NULL UNIQUE CHECK (length(token_hash) = 64 AND token_hash !~ '[^0-9a-f]'),
  created_at TIMESTAMPTZ NOT NULL,
  expires_at TIMESTAMPTZ NOT NULL,
  revoked_at TIMESTAMPTZ
);
CREATE INDEX relay_capabilities_incident ON relay_capabilities (incident_id, id);
CREATE INDEX relay_capabilities_stream ON relay_capabilities (stream_id);
CREATE INDEX relay_capabilities_account ON relay_capabilities (account_id);
CREATE INDEX relay_capabilities_expires ON relay_capabilities (expires_at);
