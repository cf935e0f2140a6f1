-- Voice messages of CRMs that were written out. The sound itself is not kept.
CREATE TABLE crm_transcripts (
    account     TEXT    NOT NULL REFERENCES crm_accounts (id) ON DELETE CASCADE,
    -- The CRM's own id of the message.
    message     TEXT    NOT NULL,
    workspace   TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    lead        TEXT    NOT NULL,
    who         TEXT    NOT NULL CHECK (who IN ('customer', 'staff', 'bot')),
    -- When the message was sent.
    at          INTEGER NOT NULL,
    state       TEXT    NOT NULL CHECK (state IN ('done', 'silent', 'failed')),
    text        TEXT    NOT NULL,
    -- ISO 639-1; empty if nobody speaks.
    language    TEXT    NOT NULL,
    duration_ms INTEGER NOT NULL,
    -- Why it failed, as a code.
    code        TEXT,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (account, message)
) STRICT;
CREATE INDEX crm_transcripts_lead ON crm_transcripts (account, lead, at);
CREATE INDEX crm_transcripts_workspace ON crm_transcripts (workspace);

-- Next steps that were made tasks over there: one for each analysis. Without a task the CRM was asked and its answer never came,
-- so it may be there.
CREATE TABLE crm_tasks (
    account    TEXT    NOT NULL REFERENCES crm_accounts (id) ON DELETE CASCADE,
    lead       TEXT    NOT NULL,
    analysis   TEXT    NOT NULL,
    workspace  TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    task       TEXT,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (account, lead, analysis)
) STRICT;
CREATE INDEX crm_tasks_workspace ON crm_tasks (workspace);
