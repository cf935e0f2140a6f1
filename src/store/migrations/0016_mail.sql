-- A workspace's mail servers, and how it goes with them.
CREATE TABLE mail_settings (
    workspace        TEXT    NOT NULL PRIMARY KEY REFERENCES workspaces (id) ON DELETE CASCADE,
    -- As the owner entered them, without the passwords.
    settings         TEXT    NOT NULL CHECK (json_valid(settings)),
    password         TEXT    NOT NULL,
    mailbox_password TEXT    NOT NULL,
    changed_at       INTEGER NOT NULL,
    -- When the server for sending last took a message or let us in, and when and why it last did not.
    out_ok_at        INTEGER,
    out_failed_at    INTEGER,
    out_error        TEXT,
    -- The same for the mailbox that answers come to.
    in_ok_at         INTEGER,
    in_failed_at     INTEGER,
    in_error         TEXT,
    -- Up to which message the mailbox was looked through: its UIDVALIDITY and a UID (RFC 3501).
    uid_validity     INTEGER,
    uid_seen         INTEGER
) STRICT;

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
    -- Address that an answer goes to, with its single-use token. Gone once the message was sent.
    reply_to   TEXT,
    state      TEXT    NOT NULL CHECK (state IN ('queued', 'sent', 'failed')),
    attempts   INTEGER NOT NULL DEFAULT 0,
    next_at    INTEGER NOT NULL,
    -- What came of the last attempt: the server's sentence, or why there was none.
    answer     TEXT,
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
CREATE INDEX mail_replies_workspace ON mail_replies (workspace);
CREATE INDEX mail_replies_conversation ON mail_replies (conversation);
CREATE INDEX mail_replies_user ON mail_replies (user);

-- What became of each message that came to a reply address; no words of it.
CREATE TABLE mail_received (
    id           INTEGER NOT NULL PRIMARY KEY,
    workspace    TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    -- As the message says; nobody proved it.
    sender       TEXT    NOT NULL,
    conversation TEXT    REFERENCES conversations (id) ON DELETE CASCADE,
    -- `ignored` are automatic answers.
    outcome      TEXT    NOT NULL CHECK (outcome IN ('taken', 'refused', 'ignored')),
    -- Why it was not taken.
    reason       TEXT,
    at           INTEGER NOT NULL
) STRICT;
CREATE INDEX mail_received_recent ON mail_received (workspace, at DESC);
CREATE INDEX mail_received_conversation ON mail_received (conversation);

-- What is about a conversation or a task goes with it, however that is deleted.
CREATE TRIGGER mail_of_conversation AFTER DELETE ON conversations BEGIN
    DELETE FROM mail_outbox WHERE about = old.id;
END;
CREATE TRIGGER mail_of_task AFTER DELETE ON tasks BEGIN
    DELETE FROM mail_outbox WHERE about = old.id;
END;
