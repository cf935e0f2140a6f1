-- Figures of conversations, so that statistics read one narrow row for each and not its messages and receipts. A row follows
-- from its conversation alone and can be made again at any time (store/analytics/refresh.rs). Conversations that are spam, were
-- merged into another or wait for deletion have none.
CREATE TABLE conversation_figures (
    workspace    TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    started_at   INTEGER NOT NULL,
    conversation TEXT    NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    last_at      INTEGER NOT NULL,
    channel      TEXT    NOT NULL,
    -- Tried by staff on the pages or with a command.
    is_test      INTEGER NOT NULL CHECK (is_test IN (0, 1)),
    closed       INTEGER NOT NULL CHECK (closed IN (0, 1)),
    -- How it ended, if it has ended: an `Outcome` (store/analytics/mod.rs).
    outcome      TEXT    NOT NULL,
    assistant    TEXT,
    -- Of the assistant, at its first answer.
    version      INTEGER,
    questions    INTEGER NOT NULL,
    -- Answers by the rung that gave them.
    faq          INTEGER NOT NULL,
    fact         INTEGER NOT NULL,
    read         INTEGER NOT NULL,
    model        INTEGER NOT NULL,
    related      INTEGER NOT NULL,
    refusal      INTEGER NOT NULL,
    talk         INTEGER NOT NULL,
    other        INTEGER NOT NULL,
    -- Ratings of answers, and the bad ones of answers that claimed to be one.
    up           INTEGER NOT NULL,
    down         INTEGER NOT NULL,
    reported     INTEGER NOT NULL,
    csat         INTEGER,
    gaps         INTEGER NOT NULL,
    leads        INTEGER NOT NULL,
    -- Calls for a person: how many, how many were taken, how many nobody took; `waits` for one that nobody has taken yet.
    asked        INTEGER NOT NULL,
    taken        INTEGER NOT NULL,
    missed       INTEGER NOT NULL,
    waits        INTEGER NOT NULL CHECK (waits IN (0, 1)),
    -- How often staff came uncalled.
    stepped_in   INTEGER NOT NULL,
    -- From the first call to the person, ms.
    take_ms      INTEGER,
    -- How long each answer took, ms: 4 bytes each, little endian.
    times        BLOB    NOT NULL,
    PRIMARY KEY (workspace, started_at, conversation)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX conversation_figures_conversation ON conversation_figures (conversation);

-- Conversations whose figures are to be made again.
CREATE TABLE figures_due (
    conversation TEXT NOT NULL PRIMARY KEY REFERENCES conversations (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
INSERT INTO figures_due SELECT id FROM conversations;

CREATE TRIGGER figures_of_conversation AFTER INSERT ON conversations BEGIN
    INSERT INTO figures_due VALUES (new.id) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER figures_of_change AFTER UPDATE OF assistant, channel, state, started_at, last_at, due_at, spam, merged_into,
        begun_by, visitor ON conversations BEGIN
    INSERT INTO figures_due VALUES (new.id) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER figures_of_message AFTER INSERT ON messages BEGIN
    INSERT INTO figures_due VALUES (new.conversation) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER figures_of_receipt AFTER INSERT ON receipts WHEN new.conversation IS NOT NULL BEGIN
    INSERT INTO figures_due VALUES (new.conversation) ON CONFLICT DO NOTHING;
END;
-- What follows may go with its conversation, which is gone then.
CREATE TRIGGER figures_of_rating AFTER INSERT ON ratings BEGIN
    INSERT INTO figures_due SELECT conversation FROM receipts WHERE id = new.receipt AND conversation IS NOT NULL
        ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER figures_of_new_rating AFTER UPDATE OF value ON ratings BEGIN
    INSERT INTO figures_due SELECT conversation FROM receipts WHERE id = new.receipt AND conversation IS NOT NULL
        ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER figures_of_no_rating AFTER DELETE ON ratings BEGIN
    INSERT INTO figures_due SELECT c.id FROM receipts r JOIN conversations c ON c.id = r.conversation WHERE r.id = old.receipt
        ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER figures_of_satisfaction AFTER INSERT ON satisfaction BEGIN
    INSERT INTO figures_due VALUES (new.conversation) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER figures_of_new_satisfaction AFTER UPDATE OF score ON satisfaction BEGIN
    INSERT INTO figures_due VALUES (new.conversation) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER figures_of_gap AFTER INSERT ON gaps BEGIN
    INSERT INTO figures_due SELECT conversation FROM receipts WHERE id = new.receipt AND conversation IS NOT NULL
        ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER figures_of_no_gap AFTER DELETE ON gaps BEGIN
    INSERT INTO figures_due SELECT c.id FROM receipts r JOIN conversations c ON c.id = r.conversation WHERE r.id = old.receipt
        ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER figures_of_task AFTER INSERT ON tasks WHEN new.conversation IS NOT NULL BEGIN
    INSERT INTO figures_due VALUES (new.conversation) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER figures_of_no_task AFTER DELETE ON tasks WHEN old.conversation IS NOT NULL BEGIN
    INSERT INTO figures_due SELECT id FROM conversations WHERE id = old.conversation ON CONFLICT DO NOTHING;
END;

-- Questions outside of conversations: by programs, commands, staff.
CREATE INDEX receipts_alone ON receipts (workspace, created_at, rung) WHERE conversation IS NULL AND due_at IS NULL;

-- What visitors asked, as vectors, and the topics that these form. It has no words: those are in the receipt, and a row goes
-- with it.
CREATE TABLE question_topics (
    receipt   TEXT    NOT NULL PRIMARY KEY REFERENCES receipts (id) ON DELETE CASCADE,
    workspace TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    asked_at  INTEGER NOT NULL,
    -- Name of the model that made the embedding.
    embedder  TEXT    NOT NULL,
    embedding BLOB    NOT NULL,
    -- NULL for a question that is like few others.
    topic     INTEGER,
    -- Cosine to the centre of its topic.
    closeness REAL,
    CHECK ((topic IS NULL) = (closeness IS NULL))
) STRICT;
CREATE INDEX question_topics_asked ON question_topics (workspace, asked_at);
CREATE INDEX question_topics_topic ON question_topics (workspace, topic, closeness DESC) WHERE topic IS NOT NULL;
