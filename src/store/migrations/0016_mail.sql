-- E-mail that waits to be sent, and what became of it.
CREATE TABLE mail_outbox (
    id         TEXT    NOT NULL PRIMARY KEY,
    workspace  TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    -- What it is for: `notice`, `transcript`, `test`.
    kind       TEXT    NOT NULL,
    -- Id of what it is about, such as a conversation or a task.
    about      TEXT,
    recipient  TEXT    NOT NULL,
    title      TEXT    NOT NULL,
    text       TEXT    NOT NULL,
    -- Address that an answer goes to, with its single-use token.
    reply_to   TEXT,
    state      TEXT    NOT NULL CHECK (state IN ('queued', 'sent', 'failed')),
    attempts   INTEGER NOT NULL DEFAULT 0,
    next_at    INTEGER NOT NULL,
    error      TEXT,
    created_at INTEGER NOT NULL,
    ended_at   INTEGER
) STRICT;
CREATE INDEX mail_outbox_due ON mail_outbox (state, next_at);
CREATE INDEX mail_outbox_recent ON mail_outbox (workspace, created_at DESC);
CREATE INDEX mail_outbox_about ON mail_outbox (about) WHERE about IS NOT NULL;

-- An address that one answer by e-mail is taken from: what it goes into, and as whom.
CREATE TABLE mail_replies (
    token_hash   BLOB    NOT NULL PRIMARY KEY CHECK (length(token_hash) = 32),
    workspace    TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    conversation TEXT    NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    user         TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    used_at      INTEGER
) STRICT;
CREATE INDEX mail_replies_expiry ON mail_replies (expires_at);
