//! What the files beside the database hold about people.

use super::kept::{Class, Kept, kept};

/// Files beside the database.
pub const FILES: &[Kept] = &[
    kept(
        "backups/",
        Class::Said,
        "backup.days (21)",
        "download on the page Backups",
        "when it is too old; restoring one repeats erasures",
    ),
    kept(
        "copies of backups elsewhere",
        Class::Said,
        "backup.days (21)",
        "`backup list --target`, `backup restore --target`",
        "when they are too old; restoring one repeats erasures",
    ),
    kept(
        "backup-fetched/",
        Class::Said,
        "while one is tried or restored",
        "none",
        "automatically",
    ),
    kept(
        "receipts.head",
        Class::Record,
        "until the next answer",
        "none: digests",
        "none: digests",
    ),
    kept(
        "erased.jsonl",
        Class::Record,
        "as long as backups may come back",
        "none: ids",
        "none: ids",
    ),
    kept(
        "backup-scratch/",
        Class::Said,
        "while a backup is made or tried",
        "none",
        "automatically",
    ),
    kept(
        "frontdesk.db.before-…",
        Class::Said,
        "14 days",
        "none",
        "`person erase` removes it",
    ),
];
