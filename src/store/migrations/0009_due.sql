-- Retention in two steps: what is over its time is hidden, and deleted at `due_at`, Unix ms, some days later. NULL while it is
-- kept. A receipt of a conversation has the conversation's. Class, retention, export and erasure are those of the row.
ALTER TABLE conversations ADD COLUMN due_at INTEGER;
ALTER TABLE receipts ADD COLUMN due_at INTEGER;
ALTER TABLE calls ADD COLUMN due_at INTEGER;
ALTER TABLE recordings ADD COLUMN due_at INTEGER;
CREATE INDEX conversations_due ON conversations (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX receipts_due ON receipts (id, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX calls_due ON calls (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX recordings_due ON recordings (due_at) WHERE due_at IS NOT NULL;
