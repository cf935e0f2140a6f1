-- What was found in conversations: summary, score, promises. A conversation has one analysis, the newest.
CREATE TABLE analyses (
    id             TEXT    NOT NULL PRIMARY KEY,
    workspace      TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    -- Of our own conversations; what came from elsewhere has none.
    conversation   TEXT    REFERENCES conversations (id) ON DELETE CASCADE,
    source         TEXT    NOT NULL CHECK (source IN ('conversation', 'turns', 'file', 'crm')),
    -- What it is called elsewhere: a file, the id of a lead.
    about          TEXT    NOT NULL DEFAULT '',
    title          TEXT    NOT NULL DEFAULT '',
    created_at     INTEGER NOT NULL,
    -- 0 to 100.
    score          INTEGER NOT NULL,
    -- Without the owner's rules, and what those add.
    own_score      INTEGER NOT NULL,
    rule_points    INTEGER NOT NULL,
    band           TEXT    NOT NULL DEFAULT '',
    language       TEXT,
    turns          INTEGER NOT NULL,
    prompt_version TEXT    NOT NULL,
    model          TEXT,
    weights_hash   TEXT,
    took_ms        INTEGER NOT NULL,
    tokens_read    INTEGER NOT NULL,
    tokens_written INTEGER NOT NULL,
    -- SHA-256 of everything that the result follows from.
    digest         TEXT    NOT NULL,
    body           TEXT    NOT NULL CHECK (json_valid(body)),
    -- The conversation itself, of what came from elsewhere, if the owner keeps it.
    said           TEXT    CHECK (said IS NULL OR json_valid(said))
) STRICT;
CREATE INDEX analyses_score ON analyses (workspace, score DESC, created_at DESC, id DESC);
CREATE INDEX analyses_conversation ON analyses (conversation);
CREATE INDEX analyses_digest ON analyses (workspace, digest);
