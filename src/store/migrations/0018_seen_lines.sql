-- What text recognition saw on the pages of a version that are pictures, so that its text can be made again without
-- looking again.
CREATE TABLE seen_pages (
    version TEXT    NOT NULL REFERENCES document_versions (id) ON DELETE CASCADE,
    -- From 1.
    page    INTEGER NOT NULL,
    -- JSON in the reader's own format.
    seen    TEXT    NOT NULL CHECK (json_valid(seen)),
    PRIMARY KEY (version, page)
) STRICT;

-- What it was not sure of, and what the owner said to it.
CREATE TABLE seen_lines (
    id         TEXT    NOT NULL PRIMARY KEY,
    version    TEXT    NOT NULL REFERENCES document_versions (id) ON DELETE CASCADE,
    -- From 1.
    page       INTEGER NOT NULL,
    -- Position on the page in reading order, from 0.
    line       INTEGER NOT NULL,
    text       TEXT    NOT NULL,
    confidence REAL    NOT NULL,
    -- Corners on the page as fractions of its width and height: left, top, right, bottom.
    place      TEXT    NOT NULL CHECK (json_valid(place)),
    state      TEXT    NOT NULL CHECK (state IN ('doubtful', 'confirmed', 'corrected', 'left_out')),
    -- The owner's words for a corrected line.
    corrected  TEXT    CHECK ((corrected IS NOT NULL) = (state = 'corrected')),
    decided_at INTEGER CHECK ((decided_at IS NULL) = (state = 'doubtful')),
    UNIQUE (version, page, line)
) STRICT;
