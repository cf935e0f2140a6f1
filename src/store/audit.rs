//! Who changed what, and who read what visitors said: by whom, when, from where, with which outcome. No words of visitors.
//!
//! Each row carries the digest of the row before it in the same workspace and one of itself, so that a changed row, and one
//! that was taken out of the middle, show. Whoever can write the database can compute digests too; the seal shows quiet
//! changes, and the encryption of the file keeps strangers out.

use rusqlite::{Connection, OptionalExtension, Transaction};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::rows::{columns, insert};
use super::values::{Json, text_enum};
use super::{StoreError, UnixMs, UserId, WorkspaceId};

text_enum! {
    pub enum Kind {
        Person = "person",
        Key = "key",
        /// A command on the machine.
        Installation = "installation",
        /// Somebody who failed to sign in.
        Nobody = "nobody",
    }
}

text_enum! {
    /// What kind of act a row tells of.
    pub enum Sort {
        /// Somebody read what visitors said, or took a copy of it.
        Read = "read",
        Change = "change",
        /// Somebody signed in or out, or tried to.
        SignIn = "sign_in",
    }
}

/// Rows of [`Sort::Read`].
const READS: &str = "(what GLOB 'GET *' OR what GLOB 'MCP read*')";
/// Rows of [`Sort::SignIn`].
const SIGN_INS: &str =
    "(what GLOB 'signed in*' OR what GLOB 'failed to sign in*' OR what = 'POST /logout')";

/// Most people and programs in [`actors`].
const MOST_ACTORS: u32 = 500;

/// What is noted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    /// `None` for what concerns the whole installation.
    pub workspace: Option<WorkspaceId>,
    pub kind: Kind,
    /// Id of the person or key; empty for the others.
    pub who: String,
    /// As they were called then.
    pub name: String,
    /// Such as `POST /api/v1/keys`, or `signed in`.
    pub what: String,
    /// The ids in the address.
    pub subject: String,
    /// Network address.
    pub address: String,
    /// Status of the answer.
    pub outcome: u16,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub seq: i64,
    pub at: UnixMs,
    pub workspace: Option<WorkspaceId>,
    pub kind: Kind,
    pub who: String,
    pub name: String,
    pub what: String,
    pub subject: String,
    pub address: String,
    pub outcome: u16,
    /// Digest of the row before, in the same workspace.
    before: Vec<u8>,
    digest: Vec<u8>,
}

columns! { COLUMNS of Entry { seq, at, workspace, kind, who, name, what, subject, address, outcome, before, digest } }

/// How long a workspace keeps its audit log; the section "audit" of its settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AuditSettings {
    pub days: u32,
}

impl Default for AuditSettings {
    fn default() -> Self {
        Self { days: 400 }
    }
}

impl AuditSettings {
    /// The section's name in the workspace's settings.
    pub const SECTION: &'static str = "audit";
    /// Range that the owner can choose from.
    pub const DAYS: std::ops::RangeInclusive<u32> = 30..=3650;
}

/// When the seal was last checked; the section "audit_checked" of a workspace's settings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AuditChecked {
    /// 0 if it never was.
    pub at: UnixMs,
    /// The person who asked; `None` for a program or a command.
    pub by: Option<UserId>,
    /// The number of the first row that did not fit.
    pub broken_at: Option<i64>,
}

impl AuditChecked {
    /// The section's name in the workspace's settings.
    pub const SECTION: &'static str = "audit_checked";
}

/// Which rows are wanted.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Rows of this workspace; `None` for all and those of the installation.
    pub workspace: Option<WorkspaceId>,
    /// Only rows with a smaller number: the next page.
    pub before: Option<i64>,
    /// Part of a name, of what was done, of an id or of an address.
    pub words: Option<String>,
    /// What counts as if the words stood in it: acts that people know by other words.
    pub acts: Vec<String>,
    /// An id in [`Actor::who`]; for those without one, the text of their [`Kind`].
    pub who: Option<String>,
    pub sort: Option<Sort>,
}

/// Somebody who did something that was noted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    pub kind: Kind,
    /// Id of the person or key; empty for the others.
    pub who: String,
    /// As they were called the last time.
    pub name: String,
}

columns! { ACTOR of Actor { kind, who, name } }

/// What becomes of a log's seal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seal {
    Whole,
    /// The number of the first row that does not fit.
    Broken(i64),
}

fn digest(before: &[u8], new: &NewEntry, at: UnixMs) -> Vec<u8> {
    let mut hasher = Sha256::new();
    hasher.update(before);
    hasher.update(at.to_be_bytes());
    let workspace = new.workspace.map(|id| id.to_string()).unwrap_or_default();
    let fields = [
        workspace.as_str(),
        new.kind.as_str(),
        &new.who,
        &new.name,
        &new.what,
        &new.subject,
        &new.address,
    ];
    for field in fields {
        // With its length, so that no letter can move to the next field.
        hasher.update((field.len() as u64).to_be_bytes());
        hasher.update(field.as_bytes());
    }
    hasher.update(new.outcome.to_be_bytes());
    hasher.finalize().to_vec()
}

/// Adds a row.
pub fn append(tx: &Transaction<'_>, new: &NewEntry, at: UnixMs) -> Result<(), StoreError> {
    let before: Option<Vec<u8>> = tx
        .prepare_cached("SELECT digest FROM audit WHERE workspace IS ? ORDER BY seq DESC LIMIT 1")?
        .query_row([new.workspace], |row| row.get(0))
        .optional()?;
    let before = before.unwrap_or_else(|| vec![0; 32]);
    let digest = digest(&before, new, at);
    insert!(tx into audit {
        at, workspace: new.workspace, kind: new.kind, who: new.who, name: new.name, what: new.what,
        subject: new.subject, address: new.address, outcome: new.outcome, before, digest
    })?;
    Ok(())
}

/// The newest rows first. Across workspaces, a sign-in is told once, by the installation's row.
pub fn list(conn: &Connection, filter: &Filter, limit: u32) -> Result<Vec<Entry>, StoreError> {
    let sort = match filter.sort {
        None => String::new(),
        Some(Sort::Read) => format!("AND {READS}"),
        Some(Sort::SignIn) => format!("AND {SIGN_INS}"),
        Some(Sort::Change) => format!("AND NOT {READS} AND NOT {SIGN_INS}"),
    };
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM audit WHERE (?1 IS NULL OR workspace = ?1) AND (?2 IS NULL OR seq < ?2)
         AND (?3 IS NULL OR instr(lower(name || ' ' || what || ' ' || subject || ' ' || address), ?3) > 0
              OR what IN (SELECT value FROM json_each(?5)))
         AND (?6 IS NULL OR who = ?6 OR (who = '' AND kind = ?6))
         AND (?1 IS NOT NULL OR workspace IS NULL OR what NOT GLOB 'signed in*' AND what NOT GLOB 'failed to sign in*')
         {sort} ORDER BY seq DESC LIMIT ?4"
    ))?;
    let words = filter.words.as_ref().map(|words| words.to_lowercase());
    let rows = statement.query_map(
        (
            filter.workspace,
            filter.before,
            words,
            limit,
            Json(&filter.acts),
            &filter.who,
        ),
        Entry::from_row,
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Everybody whom the rows of a workspace name, by name; with `None`, those of all of them and of the installation.
pub fn actors(conn: &Connection, workspace: Option<WorkspaceId>) -> Result<Vec<Actor>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {ACTOR} FROM audit WHERE seq IN (
             SELECT max(seq) FROM audit WHERE ?1 IS NULL OR workspace = ?1 GROUP BY kind, who)
         ORDER BY lower(name), seq LIMIT ?2"
    ))?;
    let rows = statement.query_map((workspace, MOST_ACTORS), Actor::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Checks the seal of the rows of a workspace, or of the installation for `None`.
pub fn check(conn: &Connection, workspace: Option<WorkspaceId>) -> Result<Seal, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM audit WHERE workspace IS ? ORDER BY seq"
    ))?;
    let rows = statement.query_map([workspace], Entry::from_row)?;
    let mut last: Option<Vec<u8>> = None;
    for row in rows {
        let row = row?;
        // What came before the first row was deleted for its age.
        let follows = last.as_ref().is_none_or(|last| *last == row.before);
        if !follows || row.expected_digest() != row.digest {
            return Ok(Seal::Broken(row.seq));
        }
        last = Some(row.digest);
    }
    Ok(Seal::Whole)
}

impl Entry {
    fn expected_digest(&self) -> Vec<u8> {
        let new = NewEntry {
            workspace: self.workspace,
            kind: self.kind,
            who: self.who.clone(),
            name: self.name.clone(),
            what: self.what.clone(),
            subject: self.subject.clone(),
            address: self.address.clone(),
            outcome: self.outcome,
        };
        digest(&self.before, &new, self.at)
    }
}

/// Removes rows of a workspace, or of the installation for `None`, from at or before `before`; returns how many.
pub fn purge(
    tx: &Transaction<'_>,
    workspace: Option<WorkspaceId>,
    before: UnixMs,
) -> Result<usize, StoreError> {
    Ok(tx.execute(
        "DELETE FROM audit WHERE workspace IS ? AND at <= ?",
        (workspace, before),
    )?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Store, workspaces};

    fn new(workspace: Option<WorkspaceId>, what: &str) -> NewEntry {
        NewEntry {
            workspace,
            kind: Kind::Person,
            who: "1".into(),
            name: "Ann".into(),
            what: what.into(),
            subject: String::new(),
            address: "192.0.2.1".into(),
            outcome: 200,
        }
    }

    #[test]
    fn a_changed_or_removed_row_shows_and_age_does_not() {
        let store = Store::open_in_memory().unwrap();
        let done = store.write_blocking(|tx| {
            let shop = Some(workspaces::get_or_create(tx, "shop", "Shop", 1)?.id);
            let clinic = Some(workspaces::get_or_create(tx, "clinic", "Clinic", 1)?.id);
            for n in 0..5 {
                append(tx, &new(shop, &format!("act {n}")), n)?;
                append(tx, &new(clinic, "elsewhere"), n)?;
                append(tx, &new(None, "installation"), n)?;
            }
            for workspace in [shop, clinic, None] {
                assert_eq!(check(tx, workspace)?, Seal::Whole);
            }
            // The oldest may go.
            assert_eq!(purge(tx, shop, 1)?, 2);
            assert_eq!(check(tx, shop)?, Seal::Whole);
            tx.execute("UPDATE audit SET name = 'Eve' WHERE what = 'act 3'", [])?;
            assert!(matches!(check(tx, shop)?, Seal::Broken(_)));
            tx.execute("UPDATE audit SET name = 'Ann' WHERE what = 'act 3'", [])?;
            assert_eq!(check(tx, shop)?, Seal::Whole);
            tx.execute("DELETE FROM audit WHERE what = 'act 3'", [])?;
            assert!(matches!(check(tx, shop)?, Seal::Broken(_)));
            assert_eq!(check(tx, clinic)?, Seal::Whole);
            Ok(())
        });
        done.unwrap();
    }

    #[test]
    fn a_page_begins_where_the_last_one_ended_and_shows_one_workspace() {
        let store = Store::open_in_memory().unwrap();
        let done = store.write_blocking(|tx| {
            let shop = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
            for n in 0..3 {
                append(tx, &new(Some(shop), &format!("Act {n}")), n)?;
                append(tx, &new(None, "installation"), n)?;
            }
            let mut filter = Filter {
                workspace: Some(shop),
                ..Filter::default()
            };
            let first = list(tx, &filter, 2)?;
            let whats = |rows: &[Entry]| -> Vec<String> {
                rows.iter().map(|row| row.what.clone()).collect()
            };
            assert_eq!(whats(&first), ["Act 2", "Act 1"]);
            filter.before = first.last().map(|row| row.seq);
            assert_eq!(whats(&list(tx, &filter, 2)?), ["Act 0"]);
            filter.before = None;
            filter.words = Some("ACT 1".into());
            assert_eq!(whats(&list(tx, &filter, 9)?), ["Act 1"]);
            filter.acts = vec!["Act 0".into()];
            assert_eq!(whats(&list(tx, &filter, 9)?), ["Act 1", "Act 0"]);
            assert_eq!(list(tx, &Filter::default(), 9)?.len(), 6);
            Ok(())
        });
        done.unwrap();
    }

    #[test]
    fn rows_are_found_by_who_and_by_the_kind_of_act() {
        let store = Store::open_in_memory().unwrap();
        let done = store.write_blocking(|tx| {
            let shop = Some(workspaces::get_or_create(tx, "shop", "Shop", 1)?.id);
            let clinic = Some(workspaces::get_or_create(tx, "clinic", "Clinic", 1)?.id);
            for what in [
                "GET /inbox/{id}",
                "MCP read_conversation",
                "POST /keys",
                "signed in",
                "POST /logout",
            ] {
                append(tx, &new(shop, what), 1)?;
            }
            for place in [clinic, None] {
                append(tx, &new(place, "signed in"), 2)?;
            }
            let ben = NewEntry {
                who: "2".into(),
                name: "Ben".into(),
                ..new(shop, "POST /keys")
            };
            append(tx, &ben, 3)?;
            let command = NewEntry {
                kind: Kind::Installation,
                who: String::new(),
                ..new(clinic, "POST /keys")
            };
            append(tx, &command, 4)?;
            let whats = |workspace, sort: Option<Sort>, who: Option<&str>| {
                let filter = Filter {
                    workspace,
                    sort,
                    who: who.map(str::to_owned),
                    ..Filter::default()
                };
                let rows = list(tx, &filter, 99)?;
                Ok::<_, StoreError>(rows.into_iter().map(|row| row.what).collect::<Vec<_>>())
            };
            let reads = ["MCP read_conversation", "GET /inbox/{id}"];
            assert_eq!(whats(shop, Some(Sort::Read), None)?, reads);
            assert_eq!(whats(shop, Some(Sort::Change), None)?, ["POST /keys"; 2]);
            let signs = ["POST /logout", "signed in"];
            assert_eq!(whats(shop, Some(Sort::SignIn), None)?, signs);
            assert_eq!(whats(shop, None, Some("2"))?, ["POST /keys"]);
            assert_eq!(whats(clinic, None, Some("installation"))?, ["POST /keys"]);
            // Three logs have the sign-in, and together they tell of it once.
            let once = whats(None, Some(Sort::SignIn), None)?;
            assert_eq!(once, ["signed in", "POST /logout"]);
            let names = |workspace| {
                let found = actors(tx, workspace)?;
                Ok::<_, StoreError>(found.into_iter().map(|one| one.name).collect::<Vec<_>>())
            };
            assert_eq!(names(shop)?, ["Ann", "Ben"]);
            assert_eq!(names(clinic)?, ["Ann", "Ann"], "a person and a command");
            Ok(())
        });
        done.unwrap();
    }
}
