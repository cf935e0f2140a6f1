-- Workspaces that are closed and wait to be erased, and what stays of those that were: this row. Without a reference to its
-- workspace, which it outlives. Class: record. Kept 400 days after the erasure; exported as the certificate on the page
-- Workspaces; nothing to erase: an id, the short name and figures.
CREATE TABLE closures (
    workspace TEXT    NOT NULL PRIMARY KEY,
    name      TEXT    NOT NULL,
    -- Whether the customer's whole account is closed with it.
    account   INTEGER NOT NULL CHECK (account IN (0, 1)),
    closed_at INTEGER NOT NULL,
    erase_at  INTEGER NOT NULL,
    -- None until it was erased.
    erased_at INTEGER,
    -- How much that was, as JSON of figures.
    erased    TEXT    CHECK (erased IS NULL OR json_valid(erased))
) STRICT;
