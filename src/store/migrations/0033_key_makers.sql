-- Who made a key, so that it is seen when they no longer manage what it opens. The id alone: it stays when the person is erased.
-- Nobody knows who made the keys of before.
ALTER TABLE api_keys ADD COLUMN made_by TEXT;
CREATE INDEX api_keys_made_by ON api_keys (made_by) WHERE made_by IS NOT NULL;
