-- The first schema. Ids are UUIDv7 text, times are Unix milliseconds, JSON is text that json_valid
-- accepts. Every row that belongs to a customer carries its workspace.

CREATE TABLE workspaces (
    id          TEXT    NOT NULL PRIMARY KEY,
    name        TEXT    NOT NULL UNIQUE,
    title       TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    settings    TEXT    NOT NULL DEFAULT '{}' CHECK (json_valid(settings))
) STRICT;

CREATE TABLE users (
    id            TEXT    NOT NULL PRIMARY KEY,
    email         TEXT    NOT NULL UNIQUE COLLATE NOCASE,
    name          TEXT    NOT NULL,
    password_hash TEXT,
    role          TEXT    NOT NULL CHECK (role IN ('owner', 'admin', 'agent')),
    created_at    INTEGER NOT NULL,
    suspended_at  INTEGER
) STRICT;

-- Tokens are kept only as SHA-256 of 256 random bits.
CREATE TABLE sessions (
    token_hash   BLOB    NOT NULL PRIMARY KEY CHECK (length(token_hash) = 32),
    user         TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at   INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_user ON sessions (user);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE setup_tokens (
    token_hash BLOB    NOT NULL PRIMARY KEY CHECK (length(token_hash) = 32),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER
) STRICT;

CREATE TABLE api_keys (
    id           TEXT    NOT NULL PRIMARY KEY,
    name         TEXT    NOT NULL,
    token_hash   BLOB    NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    prefix       TEXT    NOT NULL,
    scopes       TEXT    NOT NULL CHECK (json_valid(scopes)),
    workspace    TEXT    REFERENCES workspaces (id) ON DELETE CASCADE,
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER,
    revoked_at   INTEGER
) STRICT;
CREATE INDEX api_keys_workspace ON api_keys (workspace);

CREATE TABLE assistants (
    id           TEXT    NOT NULL PRIMARY KEY,
    workspace    TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    name         TEXT    NOT NULL,
    title        TEXT    NOT NULL,
    instructions TEXT    NOT NULL,
    greeting     TEXT    NOT NULL,
    model        TEXT,
    settings     TEXT    NOT NULL DEFAULT '{}' CHECK (json_valid(settings)),
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    UNIQUE (workspace, name)
) STRICT;

-- current_version names the version whose chunks are searched. It is no foreign key: the two tables
-- would refer to each other, and a version is only ever removed together with its document or
-- when it is not the current one.
CREATE TABLE documents (
    id              TEXT    NOT NULL PRIMARY KEY,
    workspace       TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    name            TEXT    NOT NULL,
    title           TEXT    NOT NULL,
    state           TEXT    NOT NULL CHECK (state IN ('queued', 'indexing', 'ready', 'failed')),
    error           TEXT,
    current_version TEXT,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    deleted_at      INTEGER
) STRICT;
CREATE UNIQUE INDEX documents_name ON documents (workspace, name) WHERE deleted_at IS NULL;
CREATE INDEX documents_deleted ON documents (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE document_versions (
    id           TEXT    NOT NULL PRIMARY KEY,
    document     TEXT    NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    number       INTEGER NOT NULL,
    sha256       TEXT    NOT NULL,
    bytes        INTEGER NOT NULL,
    media_type   TEXT    NOT NULL,
    original     BLOB    NOT NULL,
    text         TEXT,
    blocks       TEXT    CHECK (blocks IS NULL OR json_valid(blocks)),
    pages        INTEGER,
    notes        TEXT    NOT NULL DEFAULT '[]' CHECK (json_valid(notes)),
    created_at   INTEGER NOT NULL,
    extracted_at INTEGER,
    extractor    INTEGER,
    UNIQUE (document, number)
) STRICT;

-- AUTOINCREMENT: an id is never used twice, so a stale search index cannot point at another text.
CREATE TABLE chunks (
    id           INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    workspace    TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    document     TEXT    NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    version      TEXT    NOT NULL REFERENCES document_versions (id) ON DELETE CASCADE,
    ordinal      INTEGER NOT NULL,
    heading_path TEXT    NOT NULL CHECK (json_valid(heading_path)),
    page         INTEGER,
    start_byte   INTEGER NOT NULL,
    end_byte     INTEGER NOT NULL CHECK (end_byte >= start_byte),
    text         TEXT    NOT NULL,
    embedding    BLOB,
    embedder     TEXT,
    UNIQUE (version, ordinal),
    CHECK ((embedding IS NULL) = (embedder IS NULL))
) STRICT;
CREATE INDEX chunks_workspace ON chunks (workspace);
CREATE INDEX chunks_document ON chunks (document);
CREATE INDEX chunks_embedder ON chunks (embedder);

CREATE TABLE conversations (
    id         TEXT    NOT NULL PRIMARY KEY,
    workspace  TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    assistant  TEXT    REFERENCES assistants (id) ON DELETE SET NULL,
    channel    TEXT    NOT NULL CHECK (channel IN ('chat', 'api', 'cli', 'voice')),
    visitor    TEXT,
    state      TEXT    NOT NULL CHECK (state IN ('open', 'waiting', 'closed')),
    started_at INTEGER NOT NULL,
    last_at    INTEGER NOT NULL,
    title      TEXT    NOT NULL
) STRICT;
CREATE INDEX conversations_recent ON conversations (workspace, last_at DESC);
CREATE INDEX conversations_assistant ON conversations (assistant);
CREATE INDEX conversations_age ON conversations (last_at);

-- seq is the order within the whole table: two messages can share a millisecond.
CREATE TABLE messages (
    seq          INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id           TEXT    NOT NULL UNIQUE,
    conversation TEXT    NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    workspace    TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    role         TEXT    NOT NULL CHECK (role IN ('user', 'assistant', 'agent', 'system')),
    text         TEXT    NOT NULL,
    state        TEXT    NOT NULL CHECK (state IN ('complete', 'interrupted', 'failed')),
    created_at   INTEGER NOT NULL,
    receipt      TEXT    REFERENCES receipts (id) ON DELETE SET NULL,
    client_id    TEXT,
    UNIQUE (conversation, client_id)
) STRICT;
CREATE INDEX messages_conversation ON messages (conversation, seq);
CREATE INDEX messages_workspace ON messages (workspace);
CREATE INDEX messages_receipt ON messages (receipt) WHERE receipt IS NOT NULL;

CREATE TABLE receipts (
    seq          INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id           TEXT    NOT NULL UNIQUE,
    workspace    TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    conversation TEXT    REFERENCES conversations (id) ON DELETE CASCADE,
    message      TEXT    REFERENCES messages (id) ON DELETE CASCADE,
    question     TEXT    NOT NULL,
    rung         TEXT    NOT NULL,
    answer       TEXT    NOT NULL,
    passages     TEXT    NOT NULL CHECK (json_valid(passages)),
    model        TEXT,
    model_hash   TEXT,
    prompt_hash  TEXT,
    checks       TEXT    NOT NULL CHECK (json_valid(checks)),
    timings      TEXT    NOT NULL CHECK (json_valid(timings)),
    tokens       TEXT    NOT NULL CHECK (json_valid(tokens)),
    created_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX receipts_workspace ON receipts (workspace, seq DESC);
CREATE INDEX receipts_conversation ON receipts (conversation, seq);
CREATE INDEX receipts_message ON receipts (message) WHERE message IS NOT NULL;

CREATE TABLE jobs (
    id           TEXT    NOT NULL PRIMARY KEY,
    workspace    TEXT    REFERENCES workspaces (id) ON DELETE CASCADE,
    kind         TEXT    NOT NULL,
    payload      TEXT    NOT NULL CHECK (json_valid(payload)),
    state        TEXT    NOT NULL CHECK (state IN ('queued', 'leased', 'done', 'failed')),
    attempts     INTEGER NOT NULL DEFAULT 0,
    run_at       INTEGER NOT NULL,
    leased_until INTEGER,
    error        TEXT,
    created_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX jobs_due ON jobs (state, run_at, id);
CREATE INDEX jobs_workspace ON jobs (workspace);

CREATE TABLE events (
    id        INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    workspace TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    kind      TEXT    NOT NULL,
    subject   TEXT    NOT NULL,
    data      TEXT    NOT NULL CHECK (json_valid(data)),
    at        INTEGER NOT NULL
) STRICT;
CREATE INDEX events_workspace ON events (workspace, id);

CREATE TABLE settings (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL CHECK (json_valid(value))
) STRICT;
