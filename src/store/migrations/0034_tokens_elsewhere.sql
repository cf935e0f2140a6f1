-- Tokens of providers count against the quota like those of this machine. These say how many of `used` were theirs, and how many
-- of those are an estimate, because the provider did not tell.
ALTER TABLE quota_used ADD COLUMN elsewhere INTEGER NOT NULL DEFAULT 0 CHECK (elsewhere >= 0);
ALTER TABLE quota_used ADD COLUMN estimated INTEGER NOT NULL DEFAULT 0 CHECK (estimated >= 0);
