-- What stays of a receipt that is deleted by age or with its conversation: its place in the chain and no words.
-- Without a reference to its workspace, since it is written while that may be on its way out.
-- Class: record. Kept as long as its workspace; exported with receipts; nothing to erase.
CREATE TABLE receipt_marks (
    workspace TEXT    NOT NULL,
    seq       INTEGER NOT NULL,
    digest    TEXT    NOT NULL,
    PRIMARY KEY (workspace, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX receipt_marks_digest ON receipt_marks (workspace, digest);

-- Those that were deleted before there were marks: what a receipt names and does not stand before it.
INSERT INTO receipt_marks (workspace, seq, digest)
SELECT r.workspace, -r.seq, json_extract(r.checks, '$.previous') FROM receipts r
WHERE json_extract(r.checks, '$.previous') IS NOT NULL
  AND json_extract(r.checks, '$.previous') IS NOT
      (SELECT json_extract(p.checks, '$.digest') FROM receipts p
       WHERE p.workspace = r.workspace AND p.seq < r.seq ORDER BY p.seq DESC LIMIT 1);

CREATE TRIGGER receipts_marked AFTER DELETE ON receipts
WHEN json_extract(old.checks, '$.digest') IS NOT NULL
BEGIN
    INSERT OR REPLACE INTO receipt_marks (workspace, seq, digest)
    VALUES (old.workspace, old.seq, json_extract(old.checks, '$.digest'));
END;
