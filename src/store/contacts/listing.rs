//! Searching contacts, one page at a time.

use rusqlite::{Connection, ToSql};

use super::{COLUMNS, Contact};
use crate::store::listing::{Conditions, ListFilter};
use crate::store::{ContactId, StoreError, UnixMs, WorkspaceId};

/// Which contacts to list; the default is all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContactFilter {
    /// Part of a name, an e-mail address or a telephone number; ignores the case of A to Z only.
    pub text: Option<String>,
    /// The last contact of the page before.
    pub before: Option<(UnixMs, ContactId)>,
}

/// A contact in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    pub contact: Contact,
    /// In the order in which they were added.
    pub emails: Vec<String>,
    pub phones: Vec<String>,
    pub conversations: u32,
    pub open_tasks: u32,
}

/// A telephone number is searched by this many digits at least, and by this many at most from its end: the digits before
/// have many spellings.
const DIGITS: std::ops::RangeInclusive<usize> = 4..=9;

impl ListFilter for ContactFilter {
    type Row = Listed;

    fn list(
        &self,
        conn: &Connection,
        workspace: WorkspaceId,
        limit: u32,
    ) -> Result<Vec<Listed>, StoreError> {
        list(conn, workspace, self, limit)
    }

    fn after(&self, page: &[Listed]) -> Self {
        let last = page.last();
        Self {
            before: last.map_or(self.before, |last| {
                Some((last.contact.updated_at, last.contact.id))
            }),
            ..self.clone()
        }
    }
}

/// The digits by which a telephone number is found; `None` for a text that is not one.
fn digits_of(text: &str) -> Option<String> {
    let of_number = |c: char| c.is_ascii_digit() || " +-()/.".contains(c);
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if !text.chars().all(of_number) || digits.len() < *DIGITS.start() {
        return None;
    }
    let from = digits.len().saturating_sub(*DIGITS.end());
    let telling = digits.get(from..)?.trim_start_matches('0');
    (!telling.is_empty()).then(|| telling.to_owned())
}

/// Neither addresses nor numbers have spaces.
fn split(joined: Option<String>) -> Vec<String> {
    let joined = joined.unwrap_or_default();
    joined.split_whitespace().map(str::to_owned).collect()
}

fn list(
    conn: &Connection,
    workspace: WorkspaceId,
    filter: &ContactFilter,
    limit: u32,
) -> Result<Vec<Listed>, StoreError> {
    // SQLite's `lower` knows A to Z only, so text in other letters is also searched as it was typed.
    let lower = filter.text.as_ref().map(|text| text.to_lowercase());
    let digits = filter.text.as_deref().and_then(digits_of);
    let mut wanted = Conditions::default();
    wanted.add("c.workspace = ? AND c.due_at IS NULL", &workspace);
    if let Some(digits) = &digits {
        wanted.add(
            "EXISTS (SELECT 1 FROM contact_points p WHERE p.contact = c.id AND p.kind = 'phone'
             AND instr(p.value, ?))",
            digits,
        );
    } else if let Some((lower, typed)) = lower.as_ref().zip(filter.text.as_ref()) {
        wanted.add_with(
            "(instr(lower(c.name), ?) OR instr(c.name, ?)
              OR EXISTS (SELECT 1 FROM contact_points p WHERE p.contact = c.id AND instr(lower(p.value), ?)))",
            [lower as &dyn ToSql, typed, lower],
        );
    }
    if let Some((at, id)) = &filter.before {
        wanted.add_with(
            "(c.updated_at, c.id) < (?, ?)",
            [at as &dyn ToSql, id as &dyn ToSql],
        );
    }
    let (conditions, values) = wanted.limited(&limit);
    let all = |kind: &str| {
        format!(
            "(SELECT group_concat(value, ' ') FROM (SELECT p.value FROM contact_points p WHERE p.contact = c.id
              AND p.kind = '{kind}' ORDER BY p.created_at, p.rowid)) AS {kind}s"
        )
    };
    let (emails, phones) = (all("email"), all("phone"));
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS}, {emails}, {phones},
                (SELECT count(*) FROM conversations o WHERE o.contact = c.id AND o.due_at IS NULL) AS conversations,
                (SELECT count(*) FROM tasks t WHERE t.contact = c.id AND t.state = 'open') AS open_tasks
         FROM contacts c WHERE {conditions} ORDER BY c.updated_at DESC, c.id DESC LIMIT ?"
    ))?;
    let rows = statement.query_map(values.as_slice(), |row| {
        Ok(Listed {
            contact: Contact::from_row(row)?,
            emails: split(row.get("emails")?),
            phones: split(row.get("phones")?),
            conversations: row.get("conversations")?,
            open_tasks: row.get("open_tasks")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
