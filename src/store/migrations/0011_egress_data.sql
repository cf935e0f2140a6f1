-- What kinds of data a request or stream carried ("metadata, encrypted"). What went out before were requests for web
-- pages: an address and nothing else.
ALTER TABLE egress ADD COLUMN data TEXT NOT NULL DEFAULT 'metadata';
