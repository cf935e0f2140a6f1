-- Workflows: short procedures in a conversation. A version is never changed; a run goes through the one that it began with.
CREATE TABLE workflows (
    workspace  TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    name       TEXT    NOT NULL,
    -- The version that new runs go through.
    version    INTEGER NOT NULL CHECK (version > 0),
    active     INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (workspace, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE workflow_versions (
    workspace  TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    version    INTEGER NOT NULL,
    -- As it was written, in TOML.
    text       TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (workspace, name, version),
    FOREIGN KEY (workspace, name) REFERENCES workflows (workspace, name) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- A run keeps its own copy of the definition's name and version, so that deleting a workflow ends it and loses nothing.
CREATE TABLE workflow_runs (
    id           TEXT    NOT NULL PRIMARY KEY,
    workspace    TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    conversation TEXT    NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    workflow     TEXT    NOT NULL,
    version      INTEGER NOT NULL,
    -- Counts changes, so that two turns at once cannot both go on from the same place.
    revision     INTEGER NOT NULL,
    body         TEXT    NOT NULL CHECK (json_valid(body)),
    state        TEXT    NOT NULL CHECK (state IN ('asking', 'done', 'cancelled', 'given_up')),
    started_at   INTEGER NOT NULL,
    changed_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX workflow_runs_workspace ON workflow_runs (workspace);
-- At most one in a conversation goes on.
CREATE UNIQUE INDEX workflow_runs_open ON workflow_runs (conversation) WHERE state = 'asking';
CREATE INDEX workflow_runs_conversation ON workflow_runs (conversation);

-- What runs ordered. It is written before anything is done, and again after.
CREATE TABLE workflow_acts (
    run          TEXT    NOT NULL REFERENCES workflow_runs (id) ON DELETE CASCADE,
    number       INTEGER NOT NULL,
    workspace    TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    conversation TEXT    NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    body         TEXT    NOT NULL CHECK (json_valid(body)),
    -- 'begun' after a crash means that nobody knows whether it was done.
    state        TEXT    NOT NULL CHECK (state IN ('waiting', 'begun', 'done', 'failed', 'unknown')),
    -- What came of it, in words.
    outcome      TEXT    NOT NULL DEFAULT '',
    created_at   INTEGER NOT NULL,
    changed_at   INTEGER NOT NULL,
    PRIMARY KEY (run, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX workflow_acts_open ON workflow_acts (state) WHERE state IN ('waiting', 'begun');
CREATE INDEX workflow_acts_conversation ON workflow_acts (conversation);
CREATE INDEX workflow_acts_workspace ON workflow_acts (workspace);
