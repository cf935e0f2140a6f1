//! Everything that is kept of what was found, for the person whom it is about: what erasing would erase.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Params};
use serde_json::{Map, Value, json};

use super::super::{CallId, StoreError, WorkspaceId, calls, conversations, golden, receipts};
use super::Subject;

/// What is kept, by table, as it is kept; of bytes only that they are there.
#[derive(Debug, Clone, Default)]
pub struct Copied {
    /// An object for each find, with a list of rows for each table.
    pub finds: Vec<Value>,
    /// Calls that were recorded.
    pub recorded: Vec<CallId>,
}

/// The calls of a conversation or of one id.
const CALL_TABLES: [(&str, &str); 4] = [
    (
        "call_lines",
        "SELECT * FROM call_lines WHERE call IN (SELECT id FROM calls WHERE {}) ORDER BY seq",
    ),
    (
        "call_turns",
        "SELECT * FROM call_turns WHERE call IN (SELECT id FROM calls WHERE {}) ORDER BY call, number",
    ),
    (
        "call_events",
        "SELECT * FROM call_events WHERE call IN (SELECT id FROM calls WHERE {}) ORDER BY seq",
    ),
    (
        "recordings",
        "SELECT * FROM recordings WHERE call IN (SELECT id FROM calls WHERE {})",
    ),
];
/// What hangs on receipts.
const RECEIPT_TABLES: [(&str, &str); 3] = [
    (
        "ratings",
        "SELECT * FROM ratings WHERE receipt IN (SELECT id FROM receipts WHERE {})",
    ),
    (
        "gaps",
        "SELECT * FROM gaps WHERE receipt IN (SELECT id FROM receipts WHERE {})",
    ),
    (
        "golden_questions",
        "SELECT * FROM golden_questions WHERE receipt IN (SELECT id FROM receipts WHERE {})",
    ),
];

/// Copies what was found.
///
/// # Errors
/// `NotFound` when something does not exist in the workspace.
pub fn copy(
    conn: &Connection,
    workspace: WorkspaceId,
    subjects: &[Subject],
) -> Result<Copied, StoreError> {
    let mut copied = Copied::default();
    for subject in subjects {
        let mut tables = Map::new();
        match *subject {
            Subject::Conversation(id) => {
                conversations::get_even_due(conn, workspace, id)?;
                let mut add = |name: &str, sql: &str| -> Result<(), StoreError> {
                    tables.insert(name.to_owned(), table(conn, sql, [id])?);
                    Ok(())
                };
                add("conversations", "SELECT * FROM conversations WHERE id = ?")?;
                let visitors = "SELECT * FROM visitors WHERE id IN (SELECT visitor FROM conversations WHERE id = ?)";
                add("visitors", visitors)?;
                let messages = "SELECT * FROM messages WHERE conversation = ? ORDER BY seq";
                add("messages", messages)?;
                let receipts = "SELECT * FROM receipts WHERE conversation = ? ORDER BY seq";
                add("receipts", receipts)?;
                for (name, sql) in RECEIPT_TABLES {
                    add(name, &sql.replace("{}", "conversation = ?"))?;
                }
                add("calls", "SELECT * FROM calls WHERE conversation = ?")?;
                for (name, sql) in CALL_TABLES {
                    add(name, &sql.replace("{}", "conversation = ?"))?;
                }
                let recorded = "SELECT r.call FROM recordings r JOIN calls c ON c.id = r.call WHERE c.conversation = ?";
                copied
                    .recorded
                    .extend(super::ids::<CallId>(conn, recorded, [id])?);
            }
            Subject::Call(id) => {
                calls::get_even_due(conn, workspace, id)?;
                let sql = "SELECT * FROM calls WHERE id = ?";
                tables.insert("calls".into(), table(conn, sql, [id])?);
                for (name, sql) in CALL_TABLES {
                    tables.insert(
                        name.into(),
                        table(conn, &sql.replace("{}", "id = ?"), [id])?,
                    );
                }
                let recorded = "SELECT call FROM recordings WHERE call = ?";
                copied
                    .recorded
                    .extend(super::ids::<CallId>(conn, recorded, [id])?);
            }
            Subject::Receipt(id) => {
                receipts::get_even_due(conn, workspace, id)?;
                let sql = "SELECT * FROM receipts WHERE id = ?";
                tables.insert("receipts".into(), table(conn, sql, [id])?);
                for (name, sql) in RECEIPT_TABLES {
                    tables.insert(
                        name.into(),
                        table(conn, &sql.replace("{}", "id = ?"), [id])?,
                    );
                }
            }
            Subject::Golden(id) => {
                golden::get(conn, workspace, id)?;
                let sql = "SELECT * FROM golden_questions WHERE id = ?";
                tables.insert("golden_questions".into(), table(conn, sql, [id])?);
            }
        }
        copied.finds.push(Value::Object(tables));
    }
    Ok(copied)
}

fn table(conn: &Connection, sql: &str, of: impl Params) -> Result<Value, StoreError> {
    rows(conn, sql, of).map(Value::Array)
}

/// Rows as objects. What is JSON in the store is JSON here; bytes are told by their number only.
pub(crate) fn rows(
    conn: &Connection,
    sql: &str,
    of: impl Params,
) -> Result<Vec<Value>, StoreError> {
    let mut statement = conn.prepare_cached(sql)?;
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let rows = statement.query_map(of, |row| {
        let mut object = Map::new();
        for (at, name) in names.iter().enumerate() {
            object.insert(name.clone(), value(row.get_ref(at)?));
        }
        Ok(Value::Object(object))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn value(kept: ValueRef<'_>) -> Value {
    match kept {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => json!(number),
        ValueRef::Real(number) => json!(number),
        ValueRef::Blob(bytes) => json!({ "bytes": bytes.len() }),
        ValueRef::Text(bytes) => {
            let text = String::from_utf8_lossy(bytes);
            let nested = text
                .starts_with(['{', '['])
                .then(|| serde_json::from_str(&text).ok());
            nested.flatten().unwrap_or_else(|| json!(text))
        }
    }
}
