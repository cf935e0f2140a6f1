-- An assistant has versions: what visitors get is one of them, and its draft (number 0) is what staff work on. Numbers count
-- in the order in which versions went live, so a number is never used twice.
CREATE TABLE assistant_versions (
    assistant  TEXT    NOT NULL REFERENCES assistants (id) ON DELETE CASCADE,
    workspace  TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    number     INTEGER NOT NULL CHECK (number >= 0),
    -- Everything but the short name.
    body       TEXT    NOT NULL CHECK (json_valid(body)),
    -- What its author says about it.
    note       TEXT    NOT NULL,
    -- Who saved it, by name.
    author     TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (assistant, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX assistant_versions_workspace ON assistant_versions (workspace);

-- The version that is live.
ALTER TABLE assistants ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
-- Hidden since then, and removed 30 days later unless somebody brings it back. Meanwhile its short name is free.
ALTER TABLE assistants ADD COLUMN deleted_at INTEGER;
-- A key for web pages that name this assistant, as `workspaces.site_key` names the workspace; none until it is asked for.
ALTER TABLE assistants ADD COLUMN site_key TEXT;
CREATE UNIQUE INDEX assistants_site_key ON assistants (site_key) WHERE site_key IS NOT NULL;

-- Nothing read them so far.
UPDATE assistants SET settings = '{}';
INSERT INTO assistant_versions (assistant, workspace, number, body, note, author, created_at, changed_at)
    SELECT id, workspace, 1,
           json_object('title', title, 'instructions', instructions, 'greeting', greeting, 'model', model,
                       'settings', json('{}')),
           '', '', updated_at, updated_at
    FROM assistants;

-- The assistant that the key of the page names.
ALTER TABLE visitors ADD COLUMN assistant TEXT REFERENCES assistants (id) ON DELETE SET NULL;
CREATE INDEX visitors_assistant ON visitors (assistant) WHERE assistant IS NOT NULL;

-- The version of the assistant that answered last, or would have.
ALTER TABLE conversations ADD COLUMN assistant_version INTEGER;
UPDATE conversations SET assistant_version = 1 WHERE assistant IS NOT NULL;

-- By its tags an assistant chooses its knowledge. A page of a website has those of its source too.
ALTER TABLE documents ADD COLUMN tags TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(tags));
ALTER TABLE sources ADD COLUMN tags TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(tags));
ALTER TABLE faqs ADD COLUMN tags TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(tags));
