-- What programs had kept through the API that clients of OpenAI speak: responses and chat completions. Conversations of people
-- are elsewhere: these have no visitor, no state and no inbox.
CREATE TABLE api_answers (
    seq        INTEGER NOT NULL PRIMARY KEY,
    -- As the client knows it: `resp_…`, `chatcmpl-…`.
    id         TEXT    NOT NULL UNIQUE,
    workspace  TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    kind       TEXT    NOT NULL CHECK (kind IN ('response', 'completion')),
    -- The API key that asked; NULL for people and commands.
    key        TEXT,
    model      TEXT    NOT NULL,
    -- What this request itself sent: items or messages.
    input      TEXT    NOT NULL CHECK (json_valid(input)),
    -- The answer as the client got it.
    body       TEXT    NOT NULL CHECK (json_valid(body)),
    -- The response that this one goes on from.
    previous   TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX api_answers_workspace ON api_answers (workspace, kind, seq);
CREATE INDEX api_answers_expires_at ON api_answers (expires_at);

-- OpenAI's conversations: a list of items that responses go on from and add to.
CREATE TABLE api_threads (
    -- `conv_…`.
    id         TEXT    NOT NULL PRIMARY KEY,
    workspace  TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    key        TEXT,
    metadata   TEXT    NOT NULL CHECK (json_valid(metadata)),
    created_at INTEGER NOT NULL,
    -- Later with every use.
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX api_threads_workspace ON api_threads (workspace);
CREATE INDEX api_threads_expires_at ON api_threads (expires_at);

CREATE TABLE api_thread_items (
    seq        INTEGER NOT NULL PRIMARY KEY,
    thread     TEXT    NOT NULL REFERENCES api_threads (id) ON DELETE CASCADE,
    id         TEXT    NOT NULL,
    item       TEXT    NOT NULL CHECK (json_valid(item)),
    created_at INTEGER NOT NULL,
    UNIQUE (thread, id)
) STRICT;
CREATE INDEX api_thread_items_thread ON api_thread_items (thread, seq);
