-- Visitors whom the business's own website vouches for.
CREATE TABLE identity_keys (
    workspace  TEXT    NOT NULL PRIMARY KEY REFERENCES workspaces (id) ON DELETE CASCADE,
    -- What the website's server signs with. Shown once.
    secret     TEXT    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

ALTER TABLE visitors ADD COLUMN contact TEXT REFERENCES contacts (id) ON DELETE SET NULL;
-- The id by which the website vouches for the visitor.
ALTER TABLE visitors ADD COLUMN identity TEXT;
-- What the page says of them and nobody vouches for.
ALTER TABLE visitors ADD COLUMN claimed TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(claimed));
CREATE INDEX visitors_contact ON visitors (contact) WHERE contact IS NOT NULL;
CREATE INDEX visitors_identity ON visitors (workspace, identity) WHERE identity IS NOT NULL;

-- Whose conversation it is by the website's word. A contact is not enough for that: somebody may have claimed an address.
ALTER TABLE conversations ADD COLUMN identity TEXT;
CREATE INDEX conversations_identity ON conversations (workspace, identity, last_at DESC) WHERE identity IS NOT NULL;
