-- A search within a channel looks at closed conversations too; `inbox_channel` has only those that are not closed.
CREATE INDEX inbox_channel_ever ON conversations (workspace, channel, last_at DESC, id DESC)
    WHERE due_at IS NULL AND spam = 0;
