-- What workspaces may use in a month, as the owner of the machine offers it.
CREATE TABLE plans (
    id         TEXT    NOT NULL PRIMARY KEY,
    name       TEXT    NOT NULL UNIQUE COLLATE NOCASE,
    -- The most of each measure in a month, by its name; a measure that is missing has no limit.
    limits     TEXT    NOT NULL CHECK (json_valid(limits)),
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT;

CREATE TABLE workspace_plans (
    workspace TEXT    NOT NULL PRIMARY KEY REFERENCES workspaces (id) ON DELETE CASCADE,
    plan      TEXT    NOT NULL REFERENCES plans (id),
    since     INTEGER NOT NULL
) STRICT;
CREATE INDEX workspace_plans_plan ON workspace_plans (plan);

CREATE TABLE quota_used (
    workspace TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    -- In UTC, such as `2026-12`.
    month     TEXT    NOT NULL,
    measure   TEXT    NOT NULL,
    used      INTEGER NOT NULL CHECK (used >= 0),
    PRIMARY KEY (workspace, month, measure)
) STRICT, WITHOUT ROWID;
