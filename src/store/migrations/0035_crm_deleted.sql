-- Leads that were deleted in their CRM, so that what comes late, out of order or again does not bring them back. The newest word
-- counts: one that was restored keeps its row.
CREATE TABLE crm_deleted (
    account   TEXT    NOT NULL REFERENCES crm_accounts (id) ON DELETE CASCADE,
    lead      TEXT    NOT NULL,
    workspace TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    gone      INTEGER NOT NULL CHECK (gone IN (0, 1)),
    -- When that happened over there, if the CRM says it.
    at        INTEGER,
    noted_at  INTEGER NOT NULL,
    PRIMARY KEY (account, lead)
) STRICT, WITHOUT ROWID;
CREATE INDEX crm_deleted_workspace ON crm_deleted (workspace);
-- So that what an owner wants to keep of such a lead is shown as what it is.
ALTER TABLE crm_leads ADD COLUMN gone INTEGER NOT NULL DEFAULT 0 CHECK (gone IN (0, 1));
