-- People at the desk: who has a conversation, since when somebody waits, and what staff note about it.

-- SQLite cannot change a CHECK, so the table is made anew; ids stay. New states: in `human` a person has the conversation.
CREATE TABLE conversations_new (
    id            TEXT    NOT NULL PRIMARY KEY,
    workspace     TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    assistant     TEXT    REFERENCES assistants (id) ON DELETE SET NULL,
    channel       TEXT    NOT NULL CHECK (channel IN ('chat', 'api', 'cli', 'voice')),
    visitor       TEXT,
    state         TEXT    NOT NULL CHECK (state IN ('open', 'waiting', 'human', 'closed')),
    started_at    INTEGER NOT NULL,
    last_at       INTEGER NOT NULL,
    title         TEXT    NOT NULL,
    begun_by      TEXT,
    due_at        INTEGER,
    -- Counts changes of state and of whom it is assigned to, so that of two people who act at once one learns it.
    revision      INTEGER NOT NULL DEFAULT 0,
    assigned_to   TEXT    REFERENCES users (id) ON DELETE SET NULL,
    team          TEXT    REFERENCES teams (id) ON DELETE SET NULL,
    -- Since when the visitor waits for a person's word, Unix ms; NULL if nobody waits.
    waiting_since INTEGER,
    -- When the browser of the person who has it was last heard of, Unix ms.
    agent_seen_at INTEGER,
    snoozed_until INTEGER,
    spam          INTEGER NOT NULL DEFAULT 0 CHECK (spam IN (0, 1)),
    merged_into   TEXT    REFERENCES conversations (id) ON DELETE SET NULL,
    contact       TEXT    REFERENCES contacts (id) ON DELETE SET NULL,
    -- The page that the visitor wrote from, without its query.
    page          TEXT,
    -- ISO 639-1.
    language      TEXT
) STRICT;
INSERT INTO conversations_new (id, workspace, assistant, channel, visitor, state, started_at, last_at, title, begun_by, due_at)
    SELECT id, workspace, assistant, channel, visitor, CASE state WHEN 'waiting' THEN 'open' ELSE state END,
           started_at, last_at, title, begun_by, due_at FROM conversations;
-- Up to now `waiting` meant that a caller had left a number. Nobody waits there any more; a tag keeps them findable.
CREATE TEMP TABLE called_back AS SELECT id, workspace FROM conversations WHERE state = 'waiting';
DROP TABLE conversations;
ALTER TABLE conversations_new RENAME TO conversations;
CREATE INDEX conversations_recent ON conversations (workspace, last_at DESC);
CREATE INDEX conversations_assistant ON conversations (assistant);
CREATE INDEX conversations_age ON conversations (last_at);
CREATE INDEX conversations_begun_by ON conversations (workspace, begun_by, last_at DESC) WHERE begun_by IS NOT NULL;
CREATE INDEX conversations_due ON conversations (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX conversations_waiting ON conversations (workspace, waiting_since) WHERE waiting_since IS NOT NULL;
CREATE INDEX conversations_state ON conversations (workspace, state, last_at DESC);
-- What the clock of the desk looks at.
CREATE INDEX conversations_queue ON conversations (waiting_since) WHERE state = 'waiting';
CREATE INDEX conversations_held ON conversations (agent_seen_at) WHERE state = 'human';
CREATE INDEX conversations_snoozed ON conversations (snoozed_until) WHERE snoozed_until IS NOT NULL;
CREATE INDEX conversations_assigned ON conversations (assigned_to, last_at DESC) WHERE assigned_to IS NOT NULL;
CREATE INDEX conversations_contact ON conversations (contact) WHERE contact IS NOT NULL;
CREATE INDEX conversations_visitor ON conversations (workspace, visitor, last_at DESC) WHERE visitor IS NOT NULL;

-- The member of staff who wrote a message.
ALTER TABLE messages ADD COLUMN author TEXT REFERENCES users (id) ON DELETE SET NULL;

-- Words of messages, for the inbox's search. The index is in the database, so it is encrypted like the messages.
CREATE VIRTUAL TABLE messages_fts USING fts5 (
    text, content = 'messages', content_rowid = 'seq', tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3'
);
-- What is deleted leaves no trace in the index.
INSERT INTO messages_fts (messages_fts, rank) VALUES ('secure-delete', 1);
INSERT INTO messages_fts (messages_fts) VALUES ('rebuild');
CREATE TRIGGER messages_said AFTER INSERT ON messages BEGIN
    INSERT INTO messages_fts (rowid, text) VALUES (new.seq, new.text);
END;
CREATE TRIGGER messages_unsaid AFTER DELETE ON messages BEGIN
    INSERT INTO messages_fts (messages_fts, rowid, text) VALUES ('delete', old.seq, old.text);
END;
CREATE TRIGGER messages_changed AFTER UPDATE OF text ON messages BEGIN
    INSERT INTO messages_fts (messages_fts, rowid, text) VALUES ('delete', old.seq, old.text);
    INSERT INTO messages_fts (rowid, text) VALUES (new.seq, new.text);
END;

-- The way of a conversation is read from its events.
CREATE INDEX events_subject ON events (subject, id);

CREATE TABLE teams (
    id         TEXT    NOT NULL PRIMARY KEY,
    workspace  TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    name       TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (workspace, name)
) STRICT;

CREATE TABLE team_members (
    team TEXT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    user TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (team, user)
) STRICT;
CREATE INDEX team_members_user ON team_members (user);

CREATE TABLE conversation_tags (
    conversation TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    workspace    TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    tag          TEXT NOT NULL,
    PRIMARY KEY (conversation, tag)
) STRICT;
CREATE INDEX conversation_tags_tag ON conversation_tags (workspace, tag);
INSERT INTO conversation_tags (conversation, workspace, tag) SELECT id, workspace, 'call-back' FROM called_back;
DROP TABLE called_back;

-- What staff write to each other beside a conversation. No visitor, assistant or model sees it.
CREATE TABLE notes (
    id           TEXT    NOT NULL PRIMARY KEY,
    conversation TEXT    NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    workspace    TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    author       TEXT    REFERENCES users (id) ON DELETE SET NULL,
    text         TEXT    NOT NULL,
    created_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX notes_conversation ON notes (conversation, created_at);
CREATE INDEX notes_workspace ON notes (workspace);

CREATE TABLE mentions (
    note    TEXT    NOT NULL REFERENCES notes (id) ON DELETE CASCADE,
    user    TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    seen_at INTEGER,
    PRIMARY KEY (note, user)
) STRICT;
CREATE INDEX mentions_unseen ON mentions (user) WHERE seen_at IS NULL;

-- Texts that staff write often.
CREATE TABLE canned_replies (
    id         TEXT    NOT NULL PRIMARY KEY,
    workspace  TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    -- Typed after a slash.
    shortcut   TEXT    NOT NULL,
    text       TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (workspace, shortcut)
) STRICT;

-- The last message that a member of staff has seen.
CREATE TABLE conversation_reads (
    user         TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    conversation TEXT    NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    seq          INTEGER NOT NULL,
    PRIMARY KEY (user, conversation)
) STRICT;
CREATE INDEX conversation_reads_conversation ON conversation_reads (conversation);

-- Files that visitors and staff send each other.
CREATE TABLE attachments (
    id           TEXT    NOT NULL PRIMARY KEY,
    conversation TEXT    NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    workspace    TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    message      TEXT    NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    name         TEXT    NOT NULL,
    -- Found by looking at the bytes, not as the sender said.
    media_type   TEXT    NOT NULL,
    bytes        INTEGER NOT NULL,
    content      BLOB    NOT NULL
) STRICT;
CREATE INDEX attachments_conversation ON attachments (conversation);
CREATE INDEX attachments_workspace ON attachments (workspace);
CREATE INDEX attachments_message ON attachments (message);

-- How content a visitor was with a conversation, from 1 to 5.
CREATE TABLE satisfaction (
    conversation TEXT    NOT NULL PRIMARY KEY REFERENCES conversations (id) ON DELETE CASCADE,
    workspace    TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    score        INTEGER NOT NULL CHECK (score BETWEEN 1 AND 5),
    comment      TEXT    NOT NULL DEFAULT '',
    created_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX satisfaction_workspace ON satisfaction (workspace, created_at);
