-- Addresses of other programs that are told what happens (Standard Webhooks).
CREATE TABLE webhooks (
    id            TEXT    NOT NULL PRIMARY KEY,
    workspace     TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    url           TEXT    NOT NULL,
    -- Sealed for the gateway.
    secret        TEXT    NOT NULL,
    -- Kinds of events, as a JSON array; `["*"]` for all.
    events        TEXT    NOT NULL CHECK (json_valid(events)),
    state         TEXT    NOT NULL CHECK (state IN ('active', 'paused', 'off')),
    failing_since INTEGER,
    created_at    INTEGER NOT NULL
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
    payload    TEXT    NOT NULL CHECK (json_valid(payload)),
    state      TEXT    NOT NULL CHECK (state IN ('queued', 'sent', 'failed')),
    attempts   INTEGER NOT NULL DEFAULT 0,
    next_at    INTEGER NOT NULL,
    -- HTTP status of the last answer.
    status     INTEGER,
    error      TEXT,
    created_at INTEGER NOT NULL,
    ended_at   INTEGER
) STRICT;
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (state, next_at);
CREATE INDEX webhook_deliveries_recent ON webhook_deliveries (webhook, created_at DESC);
CREATE INDEX webhook_deliveries_about ON webhook_deliveries (about) WHERE about IS NOT NULL;
