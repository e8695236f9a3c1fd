-- Documents: the whole schema at once, so that later steps add features and no columns.

-- One row an account, made with its first document or limit.
CREATE TABLE quotas (
  account_id TEXT PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
  -- NULL: the server's default applies. 0: no limit.
  bytes_limit INTEGER CHECK (bytes_limit IS NULL OR bytes_limit >= 0),
  documents_limit INTEGER CHECK (documents_limit IS NULL OR documents_limit >= 0),
  -- Running totals over versions that are not purged yet, kept in the transactions that add and purge them.
  bytes_used INTEGER NOT NULL DEFAULT 0 CHECK (bytes_used >= 0),
  documents_used INTEGER NOT NULL DEFAULT 0 CHECK (documents_used >= 0)
) STRICT;

-- The accounts are the users. Administration of groups comes later; shares name them already.
CREATE TABLE groups (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE CHECK (length(name) > 0),
  created_at TEXT NOT NULL
) STRICT;
CREATE TABLE group_members (
  group_id TEXT NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
  account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  created_at TEXT NOT NULL,
  PRIMARY KEY (group_id, account_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX group_members_account ON group_members (account_id, group_id);

CREATE TABLE folders (
  id TEXT PRIMARY KEY,
  owner_account_id TEXT NOT NULL REFERENCES accounts (id),
  -- The same owner's; whoever puts it here holds that one. No foreign key: copies of the table come in the order of ids.
  parent_id TEXT,
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 255),
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  trashed_at TEXT,
  -- The folder whose way into the trash took it along; what went by itself has none.
  trashed_with TEXT,
  UNIQUE (owner_account_id, id),
  CHECK (parent_id IS NULL OR parent_id <> id)
) STRICT;
-- One name once in a folder, as long as it is not in the trash; the root is the folder without a name.
CREATE UNIQUE INDEX folders_name ON folders (owner_account_id, coalesce(parent_id, ''), name) WHERE trashed_at IS NULL;
CREATE INDEX folders_parent ON folders (parent_id, id);

CREATE TABLE documents (
  id TEXT PRIMARY KEY,
  owner_account_id TEXT NOT NULL REFERENCES accounts (id),
  folder_id TEXT,
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 255),
  -- Of the current version, whose number it is.
  version INTEGER NOT NULL CHECK (version > 0),
  media_type TEXT NOT NULL,
  byte_size INTEGER NOT NULL CHECK (byte_size >= 0),
  sha256_hex TEXT NOT NULL CHECK (length(sha256_hex) = 64 AND sha256_hex NOT GLOB '*[^0-9a-f]*'),
  status TEXT NOT NULL CHECK (status IN ('processing', 'ready', 'failed')),
  deletion_state TEXT NOT NULL DEFAULT 'active' CHECK (deletion_state IN ('active', 'deleting')),
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  trashed_at TEXT,
  trashed_with TEXT,
  UNIQUE (owner_account_id, id),
  FOREIGN KEY (owner_account_id, folder_id) REFERENCES folders (owner_account_id, id)
) STRICT;
CREATE UNIQUE INDEX documents_name ON documents (owner_account_id, coalesce(folder_id, ''), name) WHERE trashed_at IS NULL;
CREATE INDEX documents_owner ON documents (owner_account_id, id);
CREATE INDEX documents_folder ON documents (folder_id, id);
CREATE INDEX documents_place ON documents (owner_account_id, folder_id, id) WHERE trashed_at IS NULL;
-- The trash of an owner, and what has been in any for long.
CREATE INDEX documents_trash ON documents (owner_account_id, id) WHERE trashed_at IS NOT NULL;
CREATE INDEX documents_expiry ON documents (trashed_at) WHERE trashed_at IS NOT NULL;
CREATE INDEX folders_expiry ON folders (trashed_at) WHERE trashed_at IS NOT NULL;
CREATE INDEX documents_trashed_with ON documents (trashed_with) WHERE trashed_with IS NOT NULL;
CREATE INDEX folders_trashed_with ON folders (trashed_with) WHERE trashed_with IS NOT NULL;
CREATE INDEX documents_deleting ON documents (id) WHERE deletion_state <> 'active';

-- Never changed; goes with its document alone.
CREATE TABLE document_versions (
  document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
  version INTEGER NOT NULL CHECK (version > 0),
  stored_path TEXT NOT NULL UNIQUE,
  byte_size INTEGER NOT NULL CHECK (byte_size >= 0),
  sha256_hex TEXT NOT NULL CHECK (length(sha256_hex) = 64 AND sha256_hex NOT GLOB '*[^0-9a-f]*'),
  -- As its bytes say, not as its sender did.
  media_type TEXT NOT NULL,
  created_by_account_id TEXT,
  created_at TEXT NOT NULL,
  PRIMARY KEY (document_id, version)
) STRICT, WITHOUT ROWID;

-- Made by a job, and made again if lost. Each attempt has a name of its own.
CREATE TABLE document_thumbnails (
  document_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  stored_path TEXT NOT NULL UNIQUE,
  media_type TEXT NOT NULL,
  byte_size INTEGER NOT NULL CHECK (byte_size >= 0),
  sha256_hex TEXT NOT NULL CHECK (length(sha256_hex) = 64 AND sha256_hex NOT GLOB '*[^0-9a-f]*'),
  created_at TEXT NOT NULL,
  PRIMARY KEY (document_id, version),
  FOREIGN KEY (document_id, version) REFERENCES document_versions (document_id, version) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- A request to add a version, under a key of its sender: repeated, it is answered from here.
CREATE TABLE document_operations (
  -- SHA-256 over the account id and the key.
  idempotency_key_hash TEXT PRIMARY KEY CHECK (length(idempotency_key_hash) = 64 AND idempotency_key_hash NOT GLOB '*[^0-9a-f]*'),
  document_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  fingerprint TEXT NOT NULL CHECK (length(fingerprint) = 64 AND fingerprint NOT GLOB '*[^0-9a-f]*'),
  created_at TEXT NOT NULL,
  FOREIGN KEY (document_id, version) REFERENCES document_versions (document_id, version) ON DELETE CASCADE
) STRICT;
CREATE INDEX document_operations_document ON document_operations (document_id, version);

CREATE TABLE topics (
  id TEXT PRIMARY KEY,
  owner_account_id TEXT NOT NULL REFERENCES accounts (id),
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  created_at TEXT NOT NULL,
  UNIQUE (owner_account_id, name),
  UNIQUE (owner_account_id, id)
) STRICT;
CREATE TABLE document_topics (
  document_id TEXT NOT NULL,
  topic_id TEXT NOT NULL,
  owner_account_id TEXT NOT NULL,
  -- Suggested by the worker until a person says so.
  state TEXT NOT NULL CHECK (state IN ('suggested', 'confirmed')),
  created_at TEXT NOT NULL,
  PRIMARY KEY (document_id, topic_id),
  FOREIGN KEY (owner_account_id, document_id) REFERENCES documents (owner_account_id, id) ON DELETE CASCADE,
  FOREIGN KEY (owner_account_id, topic_id) REFERENCES topics (owner_account_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX document_topics_topic ON document_topics (topic_id, document_id);

CREATE TABLE shares (
  id TEXT PRIMARY KEY,
  owner_account_id TEXT NOT NULL REFERENCES accounts (id),
  document_id TEXT,
  folder_id TEXT,
  kind TEXT NOT NULL CHECK (kind IN ('account', 'group', 'link')),
  account_id TEXT REFERENCES accounts (id) ON DELETE CASCADE,
  group_id TEXT REFERENCES groups (id) ON DELETE CASCADE,
  token_hash TEXT UNIQUE CHECK (token_hash IS NULL OR (length(token_hash) = 64 AND token_hash NOT GLOB '*[^0-9a-f]*')),
  password_hash TEXT,
  -- Random, and never shown: what a link gives its visitors to come back with is signed with it.
  link_key TEXT,
  access TEXT NOT NULL CHECK (access IN ('view', 'edit')),
  max_downloads INTEGER CHECK (max_downloads IS NULL OR max_downloads > 0),
  downloads INTEGER NOT NULL DEFAULT 0 CHECK (downloads >= 0),
  created_at TEXT NOT NULL,
  expires_at TEXT,
  revoked_at TEXT,
  CHECK ((document_id IS NULL) <> (folder_id IS NULL)),
  CHECK ((kind = 'account') = (account_id IS NOT NULL)),
  CHECK ((kind = 'group') = (group_id IS NOT NULL)),
  CHECK ((kind = 'link') = (token_hash IS NOT NULL)),
  CHECK ((kind = 'link') = (link_key IS NOT NULL)),
  -- A link reads, and nothing else.
  CHECK (kind = 'link' OR (password_hash IS NULL AND max_downloads IS NULL)),
  CHECK (kind <> 'link' OR access = 'view'),
  FOREIGN KEY (owner_account_id, document_id) REFERENCES documents (owner_account_id, id) ON DELETE CASCADE,
  FOREIGN KEY (owner_account_id, folder_id) REFERENCES folders (owner_account_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX shares_owner ON shares (owner_account_id, id);
CREATE INDEX shares_document ON shares (document_id, id) WHERE document_id IS NOT NULL;
CREATE INDEX shares_folder ON shares (folder_id, id) WHERE folder_id IS NOT NULL;
CREATE INDEX shares_account ON shares (account_id, id) WHERE account_id IS NOT NULL;
CREATE INDEX shares_group ON shares (group_id, id) WHERE group_id IS NOT NULL;

-- Browsers have sessions of their own kind, short, and each of them belongs to a family that is refreshed. Nothing refers to this table.
CREATE TABLE auth_sessions_2 (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  token_hash TEXT NOT NULL UNIQUE CHECK (length(token_hash) = 64 AND token_hash NOT GLOB '*[^0-9a-f]*'),
  kind TEXT NOT NULL DEFAULT 'api' CHECK (kind IN ('api', 'admin_page', 'browser')),
  family_id TEXT CHECK ((kind = 'browser') = (family_id IS NOT NULL)),
  created_at TEXT NOT NULL,
  expires_at TEXT NOT NULL,
  revoked_at TEXT
) STRICT;
INSERT INTO auth_sessions_2 SELECT id, account_id, token_hash, kind, NULL, created_at, expires_at, revoked_at FROM auth_sessions;
DROP TABLE auth_sessions;
ALTER TABLE auth_sessions_2 RENAME TO auth_sessions;
CREATE INDEX auth_sessions_account ON auth_sessions (account_id);
CREATE INDEX auth_sessions_expiry ON auth_sessions (expires_at);
CREATE INDEX auth_sessions_family ON auth_sessions (family_id) WHERE family_id IS NOT NULL;

-- A family begins with a sign-in; a token that is used again when its successor has gone on ends all of it.
CREATE TABLE refresh_tokens (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  family_id TEXT NOT NULL,
  token_hash TEXT NOT NULL UNIQUE CHECK (length(token_hash) = 64 AND token_hash NOT GLOB '*[^0-9a-f]*'),
  created_at TEXT NOT NULL,
  expires_at TEXT NOT NULL,
  used_at TEXT,
  -- What took its place; the new token is made from it and from this one.
  successor_id TEXT,
  revoked_at TEXT,
  CHECK ((used_at IS NULL) = (successor_id IS NULL))
) STRICT;
CREATE INDEX refresh_tokens_account ON refresh_tokens (account_id);
CREATE INDEX refresh_tokens_family ON refresh_tokens (family_id);
CREATE INDEX refresh_tokens_expiry ON refresh_tokens (expires_at);

-- One log for everything. Each entry has the hash of the one before, so that one which was changed or taken out is missed.
CREATE TABLE audit_log (
  id TEXT PRIMARY KEY,
  -- From 1, without a gap. NULL: from before there was a chain.
  seq INTEGER UNIQUE CHECK (seq > 0),
  at TEXT NOT NULL,
  actor_account_id TEXT,
  -- Who acted where no account did: the command line on the machine itself, the set-up form, the server, whoever came by a link, or nobody known.
  actor TEXT NOT NULL CHECK (actor IN ('account', 'command_line', 'setup', 'server', 'link', 'unknown')),
  -- Whose matter it is: they may read it.
  owner_account_id TEXT,
  action TEXT NOT NULL,
  subject_type TEXT NOT NULL,
  subject_id TEXT,
  outcome TEXT NOT NULL CHECK (outcome IN ('done', 'refused')),
  detail TEXT,
  hash TEXT CHECK ((length(hash) = 64 AND hash NOT GLOB '*[^0-9a-f]*')),
  CHECK ((seq IS NULL) = (hash IS NULL))
) STRICT;
INSERT INTO audit_log SELECT id, NULL, at, actor_account_id, actor, NULL, action, subject_type, subject_id, outcome, detail, NULL FROM admin_audit;
DROP TABLE admin_audit;
CREATE INDEX audit_log_owner ON audit_log (owner_account_id, id);
CREATE INDEX audit_log_actor ON audit_log (actor_account_id, id);
CREATE INDEX audit_log_unchained ON audit_log (id) WHERE seq IS NULL;

-- Its one row is the end of the chain, there from the first entry on; whoever appends holds it.
CREATE TABLE audit_head (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  seq INTEGER NOT NULL CHECK (seq >= 0),
  hash TEXT NOT NULL CHECK (length(hash) = 64 AND hash NOT GLOB '*[^0-9a-f]*'),
  -- How many entries are older than the chain.
  unchained INTEGER NOT NULL
) STRICT;

CREATE TABLE cloud_connections (
  id TEXT PRIMARY KEY,
  owner_account_id TEXT NOT NULL REFERENCES accounts (id),
  kind TEXT NOT NULL CHECK (kind IN ('webdav', 's3')),
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  endpoint TEXT NOT NULL,
  -- Of S3.
  bucket TEXT CHECK ((kind = 's3') = (bucket IS NOT NULL)),
  region TEXT CHECK ((kind = 's3') = (region IS NOT NULL)),
  -- Below it lies all that the connection sees; empty for everything.
  root TEXT NOT NULL,
  -- AES-GCM under a key of the account; which SECRET_KEY it came from stands beside it.
  sealed_credentials TEXT NOT NULL,
  key_id TEXT NOT NULL,
  -- None: everything that the account has.
  mirror_folder_id TEXT,
  mirror_path TEXT NOT NULL,
  mirror_every_seconds INTEGER CHECK (mirror_every_seconds IS NULL OR mirror_every_seconds >= 300),
  mirror_due_at TEXT CHECK ((mirror_every_seconds IS NULL) = (mirror_due_at IS NULL)),
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  mirrored_at TEXT,
  checked_at TEXT,
  check_error TEXT,
  UNIQUE (owner_account_id, name)
) STRICT;

CREATE INDEX cloud_connections_due ON cloud_connections (mirror_due_at) WHERE mirror_due_at IS NOT NULL;

-- What an import has brought and a mirror has sent: where a connection's next turn goes on.
CREATE TABLE cloud_items (
  cloud_connection_id TEXT NOT NULL REFERENCES cloud_connections (id) ON DELETE CASCADE,
  direction TEXT NOT NULL CHECK (direction IN ('import', 'mirror')),
  remote_path TEXT NOT NULL,
  -- What the other side says of the state that was taken or left there.
  remote_tag TEXT,
  document_id TEXT REFERENCES documents (id) ON DELETE SET NULL,
  version INTEGER,
  done_at TEXT NOT NULL,
  PRIMARY KEY (cloud_connection_id, direction, remote_path)
) STRICT, WITHOUT ROWID;
CREATE INDEX cloud_items_document ON cloud_items (document_id) WHERE document_id IS NOT NULL;

-- Uploads that may take days and several nodes: what has arrived lies in write-once parts.
CREATE TABLE resumable_uploads (
  id TEXT PRIMARY KEY,
  owner_account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  -- What becomes of it, and the words of its sender, checked at the beginning, as JSON.
  target TEXT NOT NULL CHECK (target IN ('document', 'chunk')),
  wish TEXT NOT NULL,
  byte_size INTEGER NOT NULL CHECK (byte_size >= 0),
  -- Bytes in parts. Only what stands here counts; it is changed by whoever still finds the value that was read.
  received_bytes INTEGER NOT NULL DEFAULT 0 CHECK (received_bytes BETWEEN 0 AND byte_size),
  state TEXT NOT NULL CHECK (state IN ('open', 'done', 'failed', 'removing')),
  -- The code with which its end was last refused: for ever, when it has failed; else it may be tried again.
  refusal TEXT,
  -- What it became.
  result_id TEXT CHECK (state <> 'done' OR result_id IS NOT NULL),
  created_at TEXT NOT NULL,
  expires_at TEXT NOT NULL
) STRICT;
CREATE INDEX resumable_uploads_owner ON resumable_uploads (owner_account_id, id);
CREATE INDEX resumable_uploads_expiry ON resumable_uploads (expires_at);
-- What the worker looks for: full, decided, leaving.
CREATE INDEX resumable_uploads_state ON resumable_uploads (state, id);
CREATE TABLE resumable_parts (
  upload_id TEXT NOT NULL REFERENCES resumable_uploads (id) ON DELETE CASCADE,
  start_byte INTEGER NOT NULL CHECK (start_byte >= 0),
  byte_size INTEGER NOT NULL CHECK (byte_size > 0),
  stored_path TEXT NOT NULL UNIQUE,
  sha256_hex TEXT NOT NULL CHECK (length(sha256_hex) = 64 AND sha256_hex NOT GLOB '*[^0-9a-f]*'),
  PRIMARY KEY (upload_id, start_byte)
) STRICT, WITHOUT ROWID;

-- The truth about work: a queue that is lost loses none of it.
CREATE TABLE jobs (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('sniff', 'text', 'ocr', 'thumbnail', 'topics', 'import', 'mirror', 'purge')),
  owner_account_id TEXT REFERENCES accounts (id) ON DELETE CASCADE,
  document_id TEXT REFERENCES documents (id) ON DELETE CASCADE,
  document_version INTEGER,
  cloud_connection_id TEXT REFERENCES cloud_connections (id) ON DELETE CASCADE,
  input TEXT,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'parked')),
  attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  run_after TEXT NOT NULL,
  -- Whoever runs it, and until when nobody else does. A later holder has a higher fence.
  holder TEXT,
  leased_until TEXT,
  fence INTEGER NOT NULL DEFAULT 0,
  progress_done INTEGER NOT NULL DEFAULT 0,
  progress_total INTEGER,
  error_code TEXT,
  error_detail TEXT,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX jobs_next ON jobs (run_after, id) WHERE state IN ('waiting', 'running');
CREATE INDEX jobs_document ON jobs (document_id, id) WHERE document_id IS NOT NULL;
CREATE INDEX jobs_state ON jobs (state, id);
CREATE INDEX jobs_connection ON jobs (cloud_connection_id, id) WHERE cloud_connection_id IS NOT NULL;
CREATE INDEX jobs_owner ON jobs (owner_account_id, id);

-- What a document says, and what it is found by. Folded words are single, without accents and capitals, the same for both databases.
CREATE TABLE document_texts (
  rowid INTEGER PRIMARY KEY,
  document_id TEXT NOT NULL UNIQUE REFERENCES documents (id) ON DELETE CASCADE,
  -- That the text is of.
  version INTEGER NOT NULL,
  -- Folded.
  name TEXT NOT NULL,
  topics TEXT NOT NULL,
  words TEXT NOT NULL DEFAULT '',
  -- As it stands in the document, for snippets.
  body TEXT NOT NULL
) STRICT;
CREATE VIRTUAL TABLE document_search USING fts5 (
  name, topics, words, content = 'document_texts', content_rowid = 'rowid', tokenize = "unicode61 remove_diacritics 0"
);
CREATE TRIGGER document_texts_added AFTER INSERT ON document_texts BEGIN
  INSERT INTO document_search (rowid, name, topics, words) VALUES (new.rowid, new.name, new.topics, new.words);
END;
CREATE TRIGGER document_texts_removed AFTER DELETE ON document_texts BEGIN
  INSERT INTO document_search (document_search, rowid, name, topics, words) VALUES ('delete', old.rowid, old.name, old.topics, old.words);
END;
CREATE TRIGGER document_texts_changed AFTER UPDATE OF name, topics, words ON document_texts BEGIN
  INSERT INTO document_search (document_search, rowid, name, topics, words) VALUES ('delete', old.rowid, old.name, old.topics, old.words);
  INSERT INTO document_search (rowid, name, topics, words) VALUES (new.rowid, new.name, new.topics, new.words);
END;
