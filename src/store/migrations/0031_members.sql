-- People work in workspaces, with a role in each. Whoever owns the installation stands above all of them. Until now everybody had
-- one role in the whole installation, so everybody keeps it in every workspace that is there.
ALTER TABLE users ADD COLUMN owns INTEGER NOT NULL DEFAULT 0 CHECK (owns IN (0, 1));
UPDATE users SET owns = 1 WHERE role = 'owner';

CREATE TABLE members (
    workspace TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    user      TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role      TEXT    NOT NULL CHECK (role IN ('owner', 'admin', 'agent', 'viewer')),
    -- Whether people decided on it, or the rules of single sign-on, which may take it back.
    origin    TEXT    NOT NULL CHECK (origin IN ('staff', 'sign_on')),
    added_at  INTEGER NOT NULL,
    PRIMARY KEY (workspace, user)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_user ON members (user);
INSERT INTO members (workspace, user, role, origin, added_at)
    SELECT w.id, u.id, u.role, 'staff', u.created_at FROM users u JOIN workspaces w WHERE u.role <> 'owner';
ALTER TABLE users DROP COLUMN role;

-- The workspace that a browser is in, and what tells one browser from another.
ALTER TABLE sessions ADD COLUMN workspace TEXT REFERENCES workspaces (id) ON DELETE SET NULL;
ALTER TABLE sessions ADD COLUMN via TEXT NOT NULL DEFAULT 'password'
    CHECK (via IN ('password', 'code', 'passkey', 'sign_on', 'link'));
ALTER TABLE sessions ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN browser TEXT NOT NULL DEFAULT '';

-- Links that let somebody into a workspace, once. Only hashes of them are kept.
CREATE TABLE invitations (
    id         TEXT    NOT NULL PRIMARY KEY,
    token_hash BLOB    NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    workspace  TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    email      TEXT    NOT NULL COLLATE NOCASE,
    role       TEXT    NOT NULL CHECK (role IN ('owner', 'admin', 'agent', 'viewer')),
    invited_by TEXT    REFERENCES users (id) ON DELETE SET NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER,
    revoked_at INTEGER
) STRICT;
CREATE INDEX invitations_workspace ON invitations (workspace);
CREATE INDEX invitations_invited_by ON invitations (invited_by);

-- Keys in phones, computers and security keys (WebAuthn). The server keeps the public half.
CREATE TABLE passkeys (
    id           TEXT    NOT NULL PRIMARY KEY,
    user         TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name         TEXT    NOT NULL,
    credential   BLOB    NOT NULL UNIQUE,
    -- A number of IANA's registry of COSE algorithms.
    algorithm    INTEGER NOT NULL,
    public_key   BLOB    NOT NULL,
    -- How often it signed, if it counts; a smaller number than before means a copy.
    counter      INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER
) STRICT;
CREATE INDEX passkeys_user ON passkeys (user);

-- Companies' own sign-in servers (OpenID Connect). None is there until the owner of the installation sets one up.
CREATE TABLE sign_on_providers (
    id         TEXT    NOT NULL PRIMARY KEY,
    name       TEXT    NOT NULL UNIQUE COLLATE NOCASE,
    issuer     TEXT    NOT NULL,
    client_id  TEXT    NOT NULL,
    -- It goes to the issuer only, and is not shown again.
    secret     TEXT    NOT NULL,
    -- Domains of e-mail addresses that it may vouch for.
    domains    TEXT    NOT NULL CHECK (json_valid(domains)),
    -- Which group or domain gets which role in which workspace.
    rules      TEXT    NOT NULL CHECK (json_valid(rules)),
    active     INTEGER NOT NULL CHECK (active IN (0, 1)),
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT;

-- Who is who at a provider.
CREATE TABLE sign_on_links (
    provider   TEXT    NOT NULL REFERENCES sign_on_providers (id) ON DELETE CASCADE,
    -- The issuer's own id of the person, which never changes, unlike an address.
    subject    TEXT    NOT NULL,
    user       TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (provider, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_on_links_user ON sign_on_links (user);

-- Who changed what, and who read what visitors said. Each row carries a digest of itself and of the row before it in the same
-- workspace, so that a changed or removed one shows.
CREATE TABLE audit (
    seq       INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at        INTEGER NOT NULL,
    -- NULL for what concerns the whole installation.
    workspace TEXT    REFERENCES workspaces (id) ON DELETE CASCADE,
    -- `person`, `key`, `installation`, or `nobody` who failed to sign in.
    kind      TEXT    NOT NULL CHECK (kind IN ('person', 'key', 'installation', 'nobody')),
    -- Id of the person or key; empty for the others.
    who       TEXT    NOT NULL,
    -- As they were called then.
    name      TEXT    NOT NULL,
    what      TEXT    NOT NULL,
    -- The ids in the address.
    subject   TEXT    NOT NULL,
    address   TEXT    NOT NULL,
    -- The status of the answer.
    outcome   INTEGER NOT NULL,
    before    BLOB    NOT NULL CHECK (length(before) = 32),
    digest    BLOB    NOT NULL CHECK (length(digest) = 32)
) STRICT;
CREATE INDEX audit_workspace ON audit (workspace, seq);
CREATE INDEX audit_age ON audit (at);
