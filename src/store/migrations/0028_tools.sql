-- What an assistant may do elsewhere: endpoints of other programs, calendars. None is there until the owner sets one up.
CREATE TABLE tools (
    id         TEXT    NOT NULL PRIMARY KEY,
    workspace  TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    kind       TEXT    NOT NULL CHECK (kind IN ('http', 'calendar')),
    -- As assistants and workflows call it, such as `order_status`.
    name       TEXT    NOT NULL,
    title      TEXT    NOT NULL,
    -- What it does, in the owner's words.
    about      TEXT    NOT NULL,
    -- JSON Schema of its arguments.
    arguments  TEXT    NOT NULL CHECK (json_valid(arguments)),
    -- Address, places of the arguments, what is read of an answer; of a calendar its address and rules.
    settings   TEXT    NOT NULL CHECK (json_valid(settings)),
    -- It never leaves this machine but for the tool's server, and is not shown again; NULL for one that wants none.
    secret     TEXT,
    has_secret INTEGER NOT NULL,
    -- Who has to agree before it runs.
    approval   TEXT    NOT NULL CHECK (approval IN ('free', 'visitor', 'staff', 'never')),
    -- How long a call may take in all, in ms.
    timeout_ms INTEGER NOT NULL CHECK (timeout_ms > 0),
    -- How much of an answer is read, in bytes.
    most_bytes INTEGER NOT NULL CHECK (most_bytes > 0),
    active     INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    UNIQUE (workspace, name)
) STRICT;

-- Every call: who asked for it, who allowed it, and what came of it. It is written before anything goes out.
CREATE TABLE tool_calls (
    id           TEXT    NOT NULL PRIMARY KEY,
    workspace    TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    -- NULL once the tool was deleted.
    tool         TEXT    REFERENCES tools (id) ON DELETE SET NULL,
    -- The tool's name at that time.
    name         TEXT    NOT NULL,
    -- NULL for a trial and what other programs asked for.
    conversation TEXT    REFERENCES conversations (id) ON DELETE CASCADE,
    -- The caller's own key: the same one never acts twice.
    key          TEXT    NOT NULL,
    asked_by     TEXT    NOT NULL CHECK (asked_by IN ('workflow', 'chat', 'trial', 'program')),
    arguments    TEXT    NOT NULL CHECK (json_valid(arguments)),
    -- `visitor` and `staff` wait for that yes; `unknown`: it began, and nobody knows whether it arrived.
    state        TEXT    NOT NULL CHECK (state IN
                     ('visitor', 'staff', 'allowed', 'running', 'done', 'failed', 'unknown', 'declined', 'expired')),
    -- Who allowed or declined it: `rule`, `visitor`, or a name.
    decided_by   TEXT,
    -- HTTP status.
    status       INTEGER,
    -- What was read of the answer, as JSON.
    answer       TEXT    CHECK (answer IS NULL OR json_valid(answer)),
    -- Why it failed, as a sentence.
    error        TEXT,
    created_at   INTEGER NOT NULL,
    -- Until when somebody may allow it.
    expires_at   INTEGER,
    decided_at   INTEGER,
    started_at   INTEGER,
    ended_at     INTEGER,
    UNIQUE (workspace, key)
) STRICT;
CREATE INDEX tool_calls_recent ON tool_calls (workspace, id DESC);
CREATE INDEX tool_calls_conversation ON tool_calls (conversation) WHERE conversation IS NOT NULL;
CREATE INDEX tool_calls_tool ON tool_calls (tool) WHERE tool IS NOT NULL;
CREATE INDEX tool_calls_waiting ON tool_calls (workspace, state) WHERE state IN ('visitor', 'staff', 'allowed', 'running');
CREATE INDEX tool_calls_age ON tool_calls (created_at);
