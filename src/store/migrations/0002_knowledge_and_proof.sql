-- Questions with approved answers, business facts, web sources, golden questions and their runs,
-- ratings and gaps, the egress ledger; and what the search needs of each passage.

-- How a document came to be: uploaded, written as a snippet in the console, or fetched from a
-- web source. `language` is ISO 639-1, from the text. `gone_at` marks a web page that its site
-- no longer has.
ALTER TABLE documents ADD COLUMN origin TEXT NOT NULL DEFAULT 'upload'
    CHECK (origin IN ('upload', 'snippet', 'web'));
ALTER TABLE documents ADD COLUMN source TEXT REFERENCES sources (id) ON DELETE CASCADE;
ALTER TABLE documents ADD COLUMN url TEXT;
-- The date that the document gives itself (or its file does), Unix ms: of two that contradict
-- each other, the newer one counts.
ALTER TABLE documents ADD COLUMN dated_at INTEGER;
CREATE INDEX documents_source ON documents (source) WHERE source IS NOT NULL;

ALTER TABLE document_versions ADD COLUMN language TEXT;
-- Why the version is not searched: 'held' waits at the gate, 'rolled_back' was taken back.
ALTER TABLE document_versions ADD COLUMN hold TEXT CHECK (hold IN ('held', 'rolled_back'));

ALTER TABLE chunks ADD COLUMN language TEXT;

CREATE TABLE sources (
    id          TEXT    NOT NULL PRIMARY KEY,
    workspace   TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    kind        TEXT    NOT NULL CHECK (kind IN ('page', 'sitemap', 'crawl')),
    url         TEXT    NOT NULL,
    options     TEXT    NOT NULL DEFAULT '{}' CHECK (json_valid(options)),
    state       TEXT    NOT NULL CHECK (state IN ('queued', 'syncing', 'ready', 'failed', 'paused')),
    error       TEXT,
    every_ms    INTEGER,
    next_at     INTEGER,
    synced_at   INTEGER,
    last_report TEXT    NOT NULL DEFAULT '{}' CHECK (json_valid(last_report)),
    created_at  INTEGER NOT NULL,
    UNIQUE (workspace, url)
) STRICT;
CREATE INDEX sources_due ON sources (next_at) WHERE next_at IS NOT NULL;

-- What is known of each address of a source, so that a sync fetches only what changed.
CREATE TABLE source_pages (
    source        TEXT    NOT NULL REFERENCES sources (id) ON DELETE CASCADE,
    url           TEXT    NOT NULL,
    document      TEXT    REFERENCES documents (id) ON DELETE SET NULL,
    etag          TEXT,
    last_modified TEXT,
    sha256        TEXT,
    status        INTEGER,
    error         TEXT,
    seen_at       INTEGER NOT NULL,
    changed_at    INTEGER,
    PRIMARY KEY (source, url)
) STRICT, WITHOUT ROWID;

CREATE TABLE faqs (
    id          TEXT    NOT NULL PRIMARY KEY,
    workspace   TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    answer      TEXT    NOT NULL,
    state       TEXT    NOT NULL CHECK (state IN ('draft', 'approved')),
    owner       TEXT    NOT NULL DEFAULT '',
    language    TEXT,
    source      TEXT    NOT NULL DEFAULT '',
    expires_at  INTEGER,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    approved_at INTEGER
) STRICT;
CREATE INDEX faqs_workspace ON faqs (workspace);

CREATE TABLE faq_phrasings (
    id        INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    faq       TEXT    NOT NULL REFERENCES faqs (id) ON DELETE CASCADE,
    question  TEXT    NOT NULL,
    embedding BLOB,
    embedder  TEXT,
    UNIQUE (faq, question),
    CHECK ((embedding IS NULL) = (embedder IS NULL))
) STRICT;

CREATE TABLE facts (
    id         TEXT    NOT NULL PRIMARY KEY,
    workspace  TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    kind       TEXT    NOT NULL,
    data       TEXT    NOT NULL CHECK (json_valid(data)),
    state      TEXT    NOT NULL CHECK (state IN ('proposed', 'confirmed', 'dismissed')),
    document   TEXT    REFERENCES documents (id) ON DELETE SET NULL,
    version    TEXT,
    quote      TEXT    NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX facts_workspace ON facts (workspace, kind);

CREATE TABLE golden_questions (
    id           TEXT    NOT NULL PRIMARY KEY,
    workspace    TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    question     TEXT    NOT NULL,
    expectation  TEXT    NOT NULL CHECK (json_valid(expectation)),
    receipt      TEXT    REFERENCES receipts (id) ON DELETE SET NULL,
    created_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX golden_workspace ON golden_questions (workspace);

CREATE TABLE eval_runs (
    id         TEXT    NOT NULL PRIMARY KEY,
    workspace  TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    name       TEXT    NOT NULL,
    kind       TEXT    NOT NULL CHECK (kind IN ('manual', 'gate', 'calibrate')),
    state      TEXT    NOT NULL CHECK (state IN ('running', 'done', 'failed')),
    summary    TEXT    NOT NULL CHECK (json_valid(summary)),
    results    TEXT    NOT NULL CHECK (json_valid(results)),
    created_at INTEGER NOT NULL,
    ended_at   INTEGER
) STRICT;
CREATE INDEX eval_runs_workspace ON eval_runs (workspace, created_at DESC);

-- Changes of the prompt or the model that wait at the gate, as JSON.
CREATE TABLE proposals (
    id         TEXT    NOT NULL PRIMARY KEY,
    workspace  TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    kind       TEXT    NOT NULL,
    change     TEXT    NOT NULL CHECK (json_valid(change)),
    state      TEXT    NOT NULL CHECK (state IN ('open', 'published', 'withdrawn')),
    run        TEXT    REFERENCES eval_runs (id) ON DELETE SET NULL,
    created_at INTEGER NOT NULL,
    decided_at INTEGER
) STRICT;
CREATE INDEX proposals_workspace ON proposals (workspace, state);

CREATE TABLE ratings (
    receipt    TEXT    NOT NULL PRIMARY KEY REFERENCES receipts (id) ON DELETE CASCADE,
    workspace  TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    value      INTEGER NOT NULL CHECK (value IN (-1, 1)),
    comment    TEXT    NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX ratings_workspace ON ratings (workspace);

-- Questions that got no good answer, each with its vector so that like ones are found together.
CREATE TABLE gaps (
    receipt    TEXT    NOT NULL PRIMARY KEY REFERENCES receipts (id) ON DELETE CASCADE,
    workspace  TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    question   TEXT    NOT NULL,
    reason     TEXT    NOT NULL CHECK (reason IN ('refused', 'rated')),
    embedding  BLOB,
    embedder   TEXT,
    state      TEXT    NOT NULL CHECK (state IN ('open', 'answered', 'dismissed')),
    faq        TEXT    REFERENCES faqs (id) ON DELETE SET NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX gaps_workspace ON gaps (workspace, state);

-- Every request that left this machine, and what it carried.
CREATE TABLE egress (
    id             INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    workspace      TEXT    REFERENCES workspaces (id) ON DELETE CASCADE,
    purpose        TEXT    NOT NULL,
    method         TEXT    NOT NULL,
    host           TEXT    NOT NULL,
    url            TEXT    NOT NULL,
    address        TEXT,
    bytes_sent     INTEGER NOT NULL,
    bytes_received INTEGER NOT NULL,
    status         INTEGER,
    error          TEXT,
    at             INTEGER NOT NULL
) STRICT;
CREATE INDEX egress_recent ON egress (at);
CREATE INDEX egress_workspace ON egress (workspace, id);
