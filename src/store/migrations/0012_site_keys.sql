-- What a page names its front desk by: random, so that no workspace is found by trying names. A key that was renewed may
-- be taken for a while. Class, retention, export and erasure are those of the workspace.
ALTER TABLE workspaces ADD COLUMN site_key TEXT;
ALTER TABLE workspaces ADD COLUMN former_site_key TEXT;
ALTER TABLE workspaces ADD COLUMN former_site_key_until INTEGER;
-- Until when pages of before there were keys find it by its name; none for never.
ALTER TABLE workspaces ADD COLUMN found_by_name_until INTEGER;
UPDATE workspaces SET site_key = 'fd_site_' || lower(hex(randomblob(16)));
CREATE UNIQUE INDEX workspaces_site_key ON workspaces (site_key);
CREATE INDEX workspaces_former_site_key ON workspaces (former_site_key) WHERE former_site_key IS NOT NULL;

-- So far a workspace was open to visitors unless it was said otherwise, from now on it is closed: what was open stays so.
UPDATE workspaces SET
    found_by_name_until = 9223372036854775807,
    settings = json_set(settings, '$.widget', json_patch('{"enabled":true}', coalesce(json_extract(settings, '$.widget'), '{}')))
WHERE coalesce(json_extract(settings, '$.widget.enabled'), 1) = 1;
