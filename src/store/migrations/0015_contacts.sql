-- People as the business knows them, across channels and visits, and what is to be done for them.
CREATE TABLE contacts (
    id          TEXT    NOT NULL PRIMARY KEY,
    workspace   TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    name        TEXT    NOT NULL DEFAULT '',
    -- ISO 639-1.
    language    TEXT,
    -- Fields that the owner defined, by name.
    fields      TEXT    NOT NULL DEFAULT '{}' CHECK (json_valid(fields)),
    -- Kept until the owner deletes it, whatever its age.
    pinned      INTEGER NOT NULL DEFAULT 0 CHECK (pinned IN (0, 1)),
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    -- When a hidden contact is deleted, Unix ms.
    due_at      INTEGER
) STRICT;
CREATE INDEX contacts_recent ON contacts (workspace, updated_at DESC);
CREATE INDEX contacts_due ON contacts (due_at) WHERE due_at IS NOT NULL;

-- How somebody is reached or recognised.
CREATE TABLE contact_points (
    contact    TEXT    NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
    workspace  TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    -- `external` is the id that the business's own site gave a signed-in visitor.
    kind       TEXT    NOT NULL CHECK (kind IN ('email', 'phone', 'external')),
    -- E-mail in lower case, telephone as E.164.
    value      TEXT    NOT NULL,
    -- Whether the person proved it: a signed identity, an answered e-mail.
    verified   INTEGER NOT NULL DEFAULT 0 CHECK (verified IN (0, 1)),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (contact, kind, value)
) STRICT;
CREATE INDEX contact_points_value ON contact_points (workspace, kind, value);

-- What somebody agreed to, or took back, word for word.
CREATE TABLE consents (
    id         TEXT    NOT NULL PRIMARY KEY,
    contact    TEXT    NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
    workspace  TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    purpose    TEXT    NOT NULL,
    given      INTEGER NOT NULL CHECK (given IN (0, 1)),
    -- The text that they saw.
    text       TEXT    NOT NULL,
    page       TEXT,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX consents_contact ON consents (contact, created_at);
CREATE INDEX consents_workspace ON consents (workspace);

-- What is to be done for somebody: a lead to look after, a call to make.
CREATE TABLE tasks (
    id           TEXT    NOT NULL PRIMARY KEY,
    workspace    TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    kind         TEXT    NOT NULL CHECK (kind IN ('lead', 'callback', 'todo')),
    state        TEXT    NOT NULL CHECK (state IN ('open', 'done', 'dropped')),
    contact      TEXT    REFERENCES contacts (id) ON DELETE CASCADE,
    conversation TEXT    REFERENCES conversations (id) ON DELETE CASCADE,
    -- The name that was given with it; the contact may have another.
    name         TEXT    NOT NULL DEFAULT '',
    -- What the person wishes, in their words.
    wish         TEXT    NOT NULL,
    page         TEXT,
    due_at       INTEGER NOT NULL,
    -- The time that the visitor chose for a call, Unix ms.
    call_from    INTEGER,
    call_until   INTEGER,
    assigned_to  TEXT    REFERENCES users (id) ON DELETE SET NULL,
    created_at   INTEGER NOT NULL,
    ended_at     INTEGER
) STRICT;
CREATE INDEX tasks_open ON tasks (workspace, state, due_at);
CREATE INDEX tasks_recent ON tasks (workspace, created_at DESC);
CREATE INDEX tasks_contact ON tasks (contact);
CREATE INDEX tasks_conversation ON tasks (conversation);
