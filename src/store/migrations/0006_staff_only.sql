-- Documents that only staff is answered from, never visitors. Class, retention, export and erasure are those of the document.
ALTER TABLE documents ADD COLUMN staff_only INTEGER NOT NULL DEFAULT 0 CHECK (staff_only IN (0, 1));
