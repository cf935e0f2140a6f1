//! A copy of everything stored about a person, for that person: exactly what erasing would erase.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Params};
use serde_json::{Map, Value, json};

use super::Subject;
use crate::store::{
    AttachmentId, CallId, StoreError, WorkspaceId, analyses, calls, contacts, conversations,
    golden, receipts, tasks,
};

/// Stored rows by table. Blobs are replaced by their size.
#[derive(Debug, Clone, Default)]
pub struct Copied {
    /// For each search result an object with a list of rows for each table.
    pub finds: Vec<Value>,
    /// The calls that have a recording.
    pub recorded: Vec<CallId>,
    /// The files of the conversations.
    pub attached: Vec<AttachmentId>,
}

/// `{}` takes a condition on `calls`: the calls of a conversation, or one call by id.
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
/// What lies beside the messages of a conversation.
const CONVERSATION_TABLES: [(&str, &str); 8] = [
    ("analyses", "SELECT * FROM analyses WHERE conversation = ?"),
    (
        "conversation_tags",
        "SELECT * FROM conversation_tags WHERE conversation = ? ORDER BY tag",
    ),
    (
        "notes",
        "SELECT * FROM notes WHERE conversation = ? ORDER BY created_at",
    ),
    (
        "attachments",
        "SELECT * FROM attachments WHERE conversation = ?",
    ),
    (
        "satisfaction",
        "SELECT * FROM satisfaction WHERE conversation = ?",
    ),
    (
        "tool_calls",
        "SELECT * FROM tool_calls WHERE conversation = ? ORDER BY created_at",
    ),
    (
        "workflow_runs",
        "SELECT * FROM workflow_runs WHERE conversation = ? ORDER BY started_at",
    ),
    (
        "workflow_acts",
        "SELECT * FROM workflow_acts WHERE conversation = ? ORDER BY created_at",
    ),
];
/// What other programs were told about a conversation and its tasks.
const TOLD: &str = "SELECT d.* FROM webhook_deliveries d JOIN conversations c ON c.id = ?1 AND c.workspace = d.workspace
     WHERE d.about = c.id OR d.about IN (SELECT id FROM tasks WHERE conversation = c.id) ORDER BY d.id";
/// `{}` takes a condition on `receipts`.
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

const OF_CONTACT: [(&str, &str); 5] = [
    ("contacts", "SELECT * FROM contacts WHERE id = ?"),
    (
        "contact_points",
        "SELECT * FROM contact_points WHERE contact = ? ORDER BY created_at",
    ),
    (
        "consents",
        "SELECT * FROM consents WHERE contact = ? ORDER BY created_at",
    ),
    (
        "tasks",
        "SELECT * FROM tasks WHERE contact = ? ORDER BY created_at",
    ),
    (
        "visitors",
        "SELECT * FROM visitors WHERE contact = ? ORDER BY created_at",
    ),
];

/// `NotFound` when something does not exist in the workspace.
pub fn copy(
    conn: &Connection,
    workspace: WorkspaceId,
    subjects: &[Subject],
) -> Result<Copied, StoreError> {
    let mut copied = Copied::default();
    for subject in subjects {
        let mut tables = Map::new();
        match subject.clone() {
            Subject::Conversation(id) => {
                // The queries below go by id alone, so check the workspace first; the same holds for the other kinds.
                conversations::get_even_due(conn, workspace, id)?;
                let mut add = |name: &str, sql: &str| -> Result<(), StoreError> {
                    tables.insert(name.to_owned(), read_table(conn, sql, [id])?);
                    Ok(())
                };
                add("conversations", "SELECT * FROM conversations WHERE id = ?")?;
                let visitors = "SELECT * FROM visitors WHERE id IN (SELECT visitor FROM conversations WHERE id = ?)";
                add("visitors", visitors)?;
                let messages = "SELECT * FROM messages WHERE conversation = ? ORDER BY seq";
                add("messages", messages)?;
                for (name, sql) in CONVERSATION_TABLES {
                    add(name, sql)?;
                }
                let receipts = "SELECT * FROM receipts WHERE conversation = ? ORDER BY seq";
                add("receipts", receipts)?;
                for (name, sql) in RECEIPT_TABLES {
                    add(name, &sql.replace("{}", "conversation = ?"))?;
                }
                add("webhook_deliveries", TOLD)?;
                add("calls", "SELECT * FROM calls WHERE conversation = ?")?;
                for (name, sql) in CALL_TABLES {
                    add(name, &sql.replace("{}", "conversation = ?"))?;
                }
                let mail = "SELECT id, kind, recipient, title, text, state, created_at, ended_at FROM mail_outbox
                            WHERE about = ?1 OR about IN (SELECT id FROM tasks WHERE conversation = ?1)";
                add("mail_outbox", mail)?;
                add(
                    "tasks",
                    "SELECT * FROM tasks WHERE conversation = ? ORDER BY created_at",
                )?;
                let recorded = "SELECT r.call FROM recordings r JOIN calls c ON c.id = r.call WHERE c.conversation = ?";
                copied
                    .recorded
                    .extend(super::ids::<CallId>(conn, recorded, [id])?);
                let files = "SELECT id FROM attachments WHERE conversation = ?";
                copied
                    .attached
                    .extend(super::ids::<AttachmentId>(conn, files, [id])?);
            }
            Subject::Call(id) => {
                calls::get_even_due(conn, workspace, id)?;
                let sql = "SELECT * FROM calls WHERE id = ?";
                tables.insert("calls".into(), read_table(conn, sql, [id])?);
                for (name, sql) in CALL_TABLES {
                    tables.insert(
                        name.into(),
                        read_table(conn, &sql.replace("{}", "id = ?"), [id])?,
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
                tables.insert("receipts".into(), read_table(conn, sql, [id])?);
                for (name, sql) in RECEIPT_TABLES {
                    tables.insert(
                        name.into(),
                        read_table(conn, &sql.replace("{}", "id = ?"), [id])?,
                    );
                }
            }
            Subject::Golden(id) => {
                golden::get(conn, workspace, id)?;
                let sql = "SELECT * FROM golden_questions WHERE id = ?";
                tables.insert("golden_questions".into(), read_table(conn, sql, [id])?);
            }
            Subject::Contact(id) => {
                contacts::get_even_due(conn, workspace, id)?;
                for (name, sql) in OF_CONTACT {
                    tables.insert(name.into(), read_table(conn, sql, [id])?);
                }
            }
            Subject::Task(id) => {
                tasks::get(conn, workspace, id)?;
                let sql = "SELECT * FROM tasks WHERE id = ?";
                tables.insert("tasks".into(), read_table(conn, sql, [id])?);
            }
            Subject::Analysis(id) => {
                analyses::get(conn, workspace, id)?;
                let sql = "SELECT * FROM analyses WHERE id = ?";
                tables.insert("analyses".into(), read_table(conn, sql, [id])?);
            }
            Subject::Crm(remote) => {
                super::remote::copy_remote(conn, workspace, &remote, &mut tables)?;
            }
        }
        copied.finds.push(Value::Object(tables));
    }
    Ok(copied)
}

/// The content of a file in a conversation.
pub fn read_attachment(
    conn: &Connection,
    workspace: WorkspaceId,
    id: AttachmentId,
) -> Result<Vec<u8>, StoreError> {
    conn.prepare_cached("SELECT content FROM attachments WHERE workspace = ? AND id = ?")?
        .query_row((workspace, id), |row| row.get(0))
        .optional()?
        .ok_or(StoreError::NotFound("the file"))
}

fn read_table(conn: &Connection, sql: &str, of: impl Params) -> Result<Value, StoreError> {
    rows(conn, sql, of).map(Value::Array)
}

/// Rows as objects. JSON columns become JSON; a blob becomes its number of bytes.
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
            object.insert(name.clone(), to_json(row.get_ref(at)?));
        }
        Ok(Value::Object(object))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn to_json(kept: ValueRef<'_>) -> Value {
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
