-- What workspaces pay for at the shop of the owner of the machine (Lemon Squeezy).
CREATE TABLE billing_settings (
    -- One row.
    id         INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    -- As the owner entered them, without the secret.
    settings   TEXT    NOT NULL CHECK (json_valid(settings)),
    -- Signs what the shop sends; empty before it was set.
    secret     TEXT    NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT;

-- Subscriptions and licences, as the shop last told of them.
CREATE TABLE entitlements (
    -- `subscription` or `licence`.
    kind       TEXT    NOT NULL CHECK (kind IN ('subscription', 'licence')),
    -- The id of the subscription or of the licence's instance at the shop.
    remote     TEXT    NOT NULL,
    -- Without one nobody knows yet whose it is.
    workspace  TEXT    REFERENCES workspaces (id) ON DELETE CASCADE,
    -- As the shop names it.
    state      TEXT    NOT NULL,
    product    TEXT    NOT NULL,
    variant    TEXT    NOT NULL,
    -- Until when work is done for it; without one until the shop says otherwise.
    until      INTEGER,
    -- Whether a payment is overdue.
    overdue    INTEGER NOT NULL DEFAULT 0,
    -- What came of the last payment, such as `paid`, and when.
    payment    TEXT,
    paid_at    INTEGER,
    -- The licence key; empty for subscriptions.
    key        TEXT    NOT NULL DEFAULT '',
    -- When the shop changed it; what is older does not count.
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (kind, remote)
) STRICT, WITHOUT ROWID;
CREATE INDEX entitlements_workspace ON entitlements (workspace);

-- What the shop told, so that nothing is done twice.
CREATE TABLE billing_events (
    id          INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    -- SHA-256 of the body.
    digest      TEXT    NOT NULL UNIQUE,
    workspace   TEXT    REFERENCES workspaces (id) ON DELETE CASCADE,
    event       TEXT    NOT NULL,
    remote      TEXT    NOT NULL,
    -- What was done about it.
    outcome     TEXT    NOT NULL,
    received_at INTEGER NOT NULL
) STRICT;
CREATE INDEX billing_events_received ON billing_events (received_at);
