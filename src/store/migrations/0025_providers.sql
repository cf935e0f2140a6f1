-- Services of others (or servers of the owner's own) that a workspace may use: language models, speech to text and text to
-- speech. None is there until the owner sets one up.
CREATE TABLE providers (
    id         TEXT    NOT NULL PRIMARY KEY,
    workspace  TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    kind       TEXT    NOT NULL CHECK (kind IN ('openai', 'anthropic', 'gemini', 'deepgram')),
    name       TEXT    NOT NULL COLLATE NOCASE,
    -- Base address, such as `https://api.openai.com/v1`.
    url        TEXT    NOT NULL,
    -- It never leaves this machine but for the provider, and is not shown again; NULL for a server that wants none.
    key        TEXT,
    has_key    INTEGER NOT NULL,
    -- Whether it is a machine of the owner's own.
    own        INTEGER NOT NULL,
    -- Where it computes, in the owner's words; for the list of sub-processors.
    region     TEXT    NOT NULL,
    -- Its models, by purpose.
    models     TEXT    NOT NULL CHECK (json_valid(models)),
    -- Kinds of data that it may get, by their names in the ledger.
    classes    TEXT    NOT NULL CHECK (json_valid(classes)),
    -- What is replaced before anything is sent.
    redaction  TEXT    NOT NULL CHECK (json_valid(redaction)),
    -- The most in a month, in tokens and in millionths of the currency.
    budget     TEXT    NOT NULL CHECK (json_valid(budget)),
    -- What it costs, as the owner entered it, in millionths of the currency.
    prices     TEXT    NOT NULL CHECK (json_valid(prices)),
    active     INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    UNIQUE (workspace, name)
) STRICT;

-- When a workspace uses which provider. A purpose without a row stays on this machine.
CREATE TABLE provider_uses (
    workspace  TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    purpose    TEXT    NOT NULL CHECK (purpose IN ('chat', 'transcribe', 'speak')),
    mode       TEXT    NOT NULL CHECK (mode IN ('local', 'overflow', 'provider')),
    -- For `overflow`: how long work may wait for the local engine, in ms.
    wait_ms    INTEGER NOT NULL CHECK (wait_ms >= 0),
    provider   TEXT    NOT NULL REFERENCES providers (id) ON DELETE CASCADE,
    -- Whether people are told that a provider was used.
    tell       INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (workspace, purpose)
) STRICT, WITHOUT ROWID;
CREATE INDEX provider_uses_provider ON provider_uses (provider);

-- What was used in a month. It outlives the provider, so that deleting one gives no new budget.
CREATE TABLE provider_spend (
    workspace TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    -- In UTC, such as `2026-12`.
    month     TEXT    NOT NULL,
    -- The provider's name, in lower case.
    provider  TEXT    NOT NULL,
    requests  INTEGER NOT NULL CHECK (requests >= 0),
    tokens    INTEGER NOT NULL CHECK (tokens >= 0),
    -- Millionths of the currency.
    micro     INTEGER NOT NULL CHECK (micro >= 0),
    PRIMARY KEY (workspace, month, provider)
) STRICT, WITHOUT ROWID;

-- The ledger names the provider that something went to.
ALTER TABLE egress ADD COLUMN provider TEXT;
