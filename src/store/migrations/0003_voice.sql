-- Voice: calls with what was said, what happened and how long it took; recordings; how words are
-- pronounced; visitors of the public pages; short-lived keys for browsers of the Realtime API.

-- A person on a public page or in the widget. The token is kept as SHA-256 of 256 random bits and
-- lives in the visitor's tab; no cookie is set.
CREATE TABLE visitors (
    id           TEXT    NOT NULL PRIMARY KEY,
    workspace    TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    token_hash   BLOB    NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    -- The page that the widget is on, as scheme and host.
    origin       TEXT,
    created_at   INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX visitors_workspace ON visitors (workspace);
CREATE INDEX visitors_expiry ON visitors (expires_at);

-- A short-lived key that a server hands to a browser (POST /v1/realtime/client_secrets).
CREATE TABLE client_secrets (
    token_hash BLOB    NOT NULL PRIMARY KEY CHECK (length(token_hash) = 32),
    workspace  TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    -- The session that it opens, as JSON.
    session    TEXT    NOT NULL CHECK (json_valid(session)),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX client_secrets_expiry ON client_secrets (expires_at);

CREATE TABLE calls (
    id           TEXT    NOT NULL PRIMARY KEY,
    workspace    TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    assistant    TEXT    REFERENCES assistants (id) ON DELETE SET NULL,
    conversation TEXT    REFERENCES conversations (id) ON DELETE SET NULL,
    channel      TEXT    NOT NULL CHECK (channel IN ('browser', 'kiosk', 'realtime', 'phone')),
    -- Who is on the other side, as the channel knows them: a visitor's id, a number, a device.
    caller       TEXT,
    status       TEXT    NOT NULL CHECK (status IN ('initiated', 'ringing', 'in-progress', 'completed',
                     'busy', 'no-answer', 'failed', 'canceled')),
    ended_reason TEXT,
    started_at   INTEGER NOT NULL,
    answered_at  INTEGER,
    ended_at     INTEGER,
    -- Whether it is recorded: off, asked (waits for consent), declined, on.
    recording    TEXT    NOT NULL DEFAULT 'off' CHECK (recording IN ('off', 'asked', 'declined', 'on')),
    consent_at   INTEGER,
    -- What it cost: tokens, ms of recognition and synthesis, as JSON.
    cost         TEXT    NOT NULL DEFAULT '{}' CHECK (json_valid(cost))
) STRICT;
CREATE INDEX calls_recent ON calls (workspace, started_at DESC);
CREATE INDEX calls_conversation ON calls (conversation) WHERE conversation IS NOT NULL;
CREATE INDEX calls_open ON calls (ended_at) WHERE ended_at IS NULL;

-- What was said, times in ms from the start of the call. An interrupted line holds what was heard.
CREATE TABLE call_lines (
    seq      INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    call     TEXT    NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
    speaker  TEXT    NOT NULL CHECK (speaker IN ('caller', 'agent')),
    text     TEXT    NOT NULL,
    start_ms INTEGER NOT NULL,
    end_ms   INTEGER NOT NULL,
    state    TEXT    NOT NULL CHECK (state IN ('complete', 'interrupted')),
    receipt  TEXT    REFERENCES receipts (id) ON DELETE SET NULL
) STRICT;
CREATE INDEX call_lines_call ON call_lines (call, seq);
CREATE INDEX call_lines_receipt ON call_lines (receipt) WHERE receipt IS NOT NULL;

-- How long each turn took, as JSON of milliseconds.
CREATE TABLE call_turns (
    call    TEXT    NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
    number  INTEGER NOT NULL,
    at_ms   INTEGER NOT NULL,
    rung    TEXT,
    timings TEXT    NOT NULL CHECK (json_valid(timings)),
    PRIMARY KEY (call, number)
) STRICT, WITHOUT ROWID;

-- The flow log: every decision.
CREATE TABLE call_events (
    seq    INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    call   TEXT    NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
    at_ms  INTEGER NOT NULL,
    kind   TEXT    NOT NULL,
    detail TEXT    NOT NULL CHECK (json_valid(detail))
) STRICT;
CREATE INDEX call_events_call ON call_events (call, seq);

-- A recording, written in pieces while the call lasts, so that a crash loses seconds. Left channel
-- the caller, right channel the front desk. Kept no longer than purge_at.
CREATE TABLE recordings (
    call        TEXT    NOT NULL PRIMARY KEY REFERENCES calls (id) ON DELETE CASCADE,
    format      TEXT    NOT NULL,
    sample_rate INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL DEFAULT 0,
    created_at  INTEGER NOT NULL,
    purge_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX recordings_purge ON recordings (purge_at);
CREATE TABLE recording_parts (
    call   TEXT    NOT NULL REFERENCES recordings (call) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    data   BLOB    NOT NULL,
    PRIMARY KEY (call, number)
) STRICT;

-- How a word is spoken: `say` is other words, or phonemes between slashes.
CREATE TABLE pronunciations (
    workspace  TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    word       TEXT    NOT NULL COLLATE NOCASE,
    say        TEXT    NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (workspace, word)
) STRICT, WITHOUT ROWID;
