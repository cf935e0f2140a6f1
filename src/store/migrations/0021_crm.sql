-- Accounts of customer relationship systems (CRMs), what they told, and what is to be done for them.

-- An app that the owner registered at a CRM, and that accounts are connected through.
CREATE TABLE crm_integrations (
    workspace     TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    -- The CRM's id of it. A widget's install names nothing else, so it is in one workspace only.
    client_id     TEXT    NOT NULL PRIMARY KEY,
    client_secret TEXT    NOT NULL,
    -- As it is registered, to the letter.
    redirect_uri  TEXT    NOT NULL,
    created_at    INTEGER NOT NULL,
    changed_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX crm_integrations_workspace ON crm_integrations (workspace);

CREATE TABLE crm_accounts (
    id            TEXT    NOT NULL PRIMARY KEY,
    workspace     TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    kind          TEXT    NOT NULL CHECK (kind IN ('kommo', 'generic')),
    -- The CRM's own number of the account.
    remote_id     TEXT    NOT NULL,
    -- The app that it is connected through; empty for a token that the owner pasted.
    client_id     TEXT    NOT NULL,
    -- Who let us in over there.
    user_id       TEXT,
    name          TEXT    NOT NULL,
    host          TEXT    NOT NULL,
    state         TEXT    NOT NULL CHECK (state IN ('active', 'revoked', 'unpaid', 'off')),
    -- Why it is not active.
    reason        TEXT,
    settings      TEXT    NOT NULL CHECK (json_valid(settings)),
    -- Secrets. They leave the machine for the CRM only.
    access_token  TEXT,
    refresh_token TEXT,
    expires_at    INTEGER,
    -- Part of the address that the CRM's hooks come to; they are not signed.
    hook_secret   TEXT    NOT NULL,
    hook_hash     BLOB    NOT NULL UNIQUE CHECK (length(hook_hash) = 32),
    created_at    INTEGER NOT NULL,
    changed_at    INTEGER NOT NULL,
    UNIQUE (kind, remote_id, client_id)
) STRICT;
CREATE INDEX crm_accounts_workspace ON crm_accounts (workspace);

-- The `state` of an OAuth round trip, for one use.
CREATE TABLE crm_oauth_states (
    hash       BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    workspace  TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    -- Not known yet where the CRM makes the app and sends its secret first.
    client_id  TEXT,
    -- Where the CRM sends people back to.
    redirect_uri TEXT  NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX crm_oauth_states_workspace ON crm_oauth_states (workspace);
CREATE INDEX crm_oauth_states_expiry ON crm_oauth_states (expires_at);

-- What a CRM sent, as it came. The body is emptied once it was worked on; the digest stays for a while against repeats.
CREATE TABLE crm_hooks (
    id          INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    workspace   TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    account     TEXT    NOT NULL REFERENCES crm_accounts (id) ON DELETE CASCADE,
    digest      BLOB    NOT NULL CHECK (length(digest) = 32),
    body        BLOB    NOT NULL,
    state       TEXT    NOT NULL CHECK (state IN ('waiting', 'done', 'failed')),
    attempts    INTEGER NOT NULL DEFAULT 0,
    next_at     INTEGER NOT NULL,
    error       TEXT,
    received_at INTEGER NOT NULL,
    UNIQUE (account, digest)
) STRICT;
CREATE INDEX crm_hooks_due ON crm_hooks (next_at) WHERE state = 'waiting';
CREATE INDEX crm_hooks_received ON crm_hooks (received_at);
CREATE INDEX crm_hooks_workspace ON crm_hooks (workspace);

CREATE TABLE crm_messages (
    account     TEXT    NOT NULL REFERENCES crm_accounts (id) ON DELETE CASCADE,
    -- The CRM's own id of the message.
    id          TEXT    NOT NULL,
    workspace   TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    talk        TEXT,
    lead        TEXT,
    contact     TEXT,
    who         TEXT    NOT NULL CHECK (who IN ('customer', 'staff', 'bot')),
    author      TEXT,
    kind        TEXT    NOT NULL,
    text        TEXT    NOT NULL,
    voice_link  TEXT,
    voice_name  TEXT,
    at          INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (account, id)
) STRICT;
CREATE INDEX crm_messages_lead ON crm_messages (account, lead, at);
CREATE INDEX crm_messages_talk ON crm_messages (account, talk);
CREATE INDEX crm_messages_contact ON crm_messages (account, contact);
CREATE INDEX crm_messages_received ON crm_messages (received_at);
CREATE INDEX crm_messages_workspace ON crm_messages (workspace);

CREATE TABLE crm_leads (
    account     TEXT    NOT NULL REFERENCES crm_accounts (id) ON DELETE CASCADE,
    id          TEXT    NOT NULL,
    workspace   TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    name        TEXT    NOT NULL DEFAULT '',
    contact     TEXT,
    -- What is known of it where the CRM cannot be asked.
    facts       TEXT    NOT NULL DEFAULT '{}' CHECK (json_valid(facts)),
    -- The last analysis, when it was made, and what it said in figures.
    analysis    TEXT,
    analysed_at INTEGER,
    score       INTEGER,
    band        TEXT,
    -- Messages that came since.
    stale       INTEGER NOT NULL DEFAULT 0,
    note        TEXT,
    changed_at  INTEGER NOT NULL,
    PRIMARY KEY (account, id)
) STRICT;
CREATE INDEX crm_leads_workspace ON crm_leads (workspace);

-- Notes that we wrote, so that a hook about one is not taken for news.
CREATE TABLE crm_notes (
    account    TEXT    NOT NULL REFERENCES crm_accounts (id) ON DELETE CASCADE,
    id         TEXT    NOT NULL,
    workspace  TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    lead       TEXT    NOT NULL,
    -- The message that it transcribes.
    message    TEXT,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (account, id)
) STRICT;
CREATE INDEX crm_notes_lead ON crm_notes (account, lead);
CREATE INDEX crm_notes_workspace ON crm_notes (workspace);

CREATE TABLE crm_jobs (
    id         TEXT    NOT NULL PRIMARY KEY,
    workspace  TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    account    TEXT    NOT NULL REFERENCES crm_accounts (id) ON DELETE CASCADE,
    kind       TEXT    NOT NULL CHECK (kind IN ('analyse', 'backfill')),
    -- What it is about; empty for all leads.
    lead       TEXT    NOT NULL DEFAULT '',
    state      TEXT    NOT NULL CHECK (state IN ('queued', 'running', 'paused', 'done', 'failed')),
    attempts   INTEGER NOT NULL DEFAULT 0,
    next_at    INTEGER NOT NULL,
    -- How far it is.
    progress   TEXT    NOT NULL DEFAULT '{}' CHECK (json_valid(progress)),
    error      TEXT,
    created_at INTEGER NOT NULL,
    ended_at   INTEGER
) STRICT;
-- The same work is not queued twice.
CREATE UNIQUE INDEX crm_jobs_once ON crm_jobs (account, kind, lead) WHERE state IN ('queued', 'paused');
CREATE INDEX crm_jobs_due ON crm_jobs (next_at) WHERE state = 'queued';
CREATE INDEX crm_jobs_workspace ON crm_jobs (workspace);
CREATE INDEX crm_jobs_account ON crm_jobs (account);
