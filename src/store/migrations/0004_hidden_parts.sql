-- Office files hide sheets, columns, comments. Class, retention, export and erasure are those of the version.
ALTER TABLE document_versions ADD COLUMN read_hidden INTEGER NOT NULL DEFAULT 0 CHECK (read_hidden IN (0, 1));
ALTER TABLE document_versions ADD COLUMN has_hidden INTEGER NOT NULL DEFAULT 0 CHECK (has_hidden IN (0, 1));
