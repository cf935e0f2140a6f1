-- Addresses of other programs that are told what happens (Standard Webhooks).
CREATE TABLE webhooks (
    id               TEXT    NOT NULL PRIMARY KEY,
    workspace        TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    url              TEXT    NOT NULL,
    -- Signs what is sent: `whsec_` and base64. It never leaves this machine after it was shown once.
    secret           TEXT    NOT NULL,
    -- The secret before it, which signs as well until `old_secret_until` (Unix ms).
    old_secret       TEXT,
    old_secret_until INTEGER,
    -- Kinds of events, as a JSON array; `["*"]` for all.
    events           TEXT    NOT NULL CHECK (json_valid(events)),
    -- `off`: the other program answered that it wants no more.
    state            TEXT    NOT NULL CHECK (state IN ('active', 'paused', 'off')),
    -- Why it is not active, as a sentence; NULL if a person paused it.
    reason           TEXT,
    -- Since when no request has succeeded, Unix ms; NULL after one that did.
    failing_since    INTEGER,
    -- It asked not to be called before this time, Unix ms.
    rest_until       INTEGER,
    created_at       INTEGER NOT NULL
) STRICT;
CREATE INDEX webhooks_workspace ON webhooks (workspace);

CREATE TABLE webhook_deliveries (
    id         TEXT    NOT NULL PRIMARY KEY,
    workspace  TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    webhook    TEXT    NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    -- Kind of the event.
    event      TEXT    NOT NULL,
    -- Id of what it is about, such as a conversation or a task.
    about      TEXT,
    -- The body, sent byte for byte.
    payload    TEXT    NOT NULL CHECK (json_valid(payload)),
    state      TEXT    NOT NULL CHECK (state IN ('queued', 'sent', 'failed')),
    attempts   INTEGER NOT NULL DEFAULT 0,
    next_at    INTEGER NOT NULL,
    -- When it was last tried.
    tried_at   INTEGER,
    -- HTTP status of the last answer.
    status     INTEGER,
    -- Why the last attempt failed, as a sentence.
    error      TEXT,
    created_at INTEGER NOT NULL,
    ended_at   INTEGER
) STRICT;
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook, next_at) WHERE state = 'queued';
CREATE INDEX webhook_deliveries_recent ON webhook_deliveries (webhook, id DESC);
CREATE INDEX webhook_deliveries_workspace ON webhook_deliveries (workspace, id DESC);
CREATE INDEX webhook_deliveries_about ON webhook_deliveries (about) WHERE about IS NOT NULL;
CREATE INDEX webhook_deliveries_age ON webhook_deliveries (created_at);

-- What was told about a person goes with what it was about, however that is deleted: on request, by retention, or with
-- what it belongs to.
CREATE TRIGGER webhook_deliveries_of_conversation AFTER DELETE ON conversations BEGIN
    DELETE FROM webhook_deliveries WHERE about = old.id;
END;
CREATE TRIGGER webhook_deliveries_of_task AFTER DELETE ON tasks BEGIN
    DELETE FROM webhook_deliveries WHERE about = old.id;
END;
CREATE TRIGGER webhook_deliveries_of_contact AFTER DELETE ON contacts BEGIN
    DELETE FROM webhook_deliveries WHERE about = old.id;
END;
