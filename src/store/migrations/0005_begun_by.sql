-- The API key that began a conversation: a key that may not read what visitors say sees only its own.
ALTER TABLE conversations ADD COLUMN begun_by TEXT;
CREATE INDEX conversations_begun_by ON conversations (workspace, begun_by, last_at DESC) WHERE begun_by IS NOT NULL;
