//! What belongs to a workspace: its rows in every table, for export and erasure.

use rusqlite::{Connection, Transaction};
use serde_json::Value;

use super::closures::Rows;
use super::values::Json;
use super::{
    CallId, ConversationId, DocumentId, ReceiptId, StoreError, VersionId, WorkspaceId, erasure,
};

/// A table with rows of workspaces.
#[derive(Debug, Clone, Copy)]
pub struct Held {
    pub table: &'static str,
    /// SQL condition: rows of the workspace ?1.
    of: &'static str,
    /// Columns to export; `None` for tables that are derived from others or useless elsewhere.
    columns: Option<&'static str>,
}

const fn held(table: &'static str, of: &'static str, columns: Option<&'static str>) -> Held {
    Held { table, of, columns }
}

const ALL: Option<&str> = Some("*");
const OWN: &str = "workspace = ?1";
const OF_VERSIONS: &str = "version IN (SELECT v.id FROM document_versions v \
     JOIN documents d ON d.id = v.document WHERE d.workspace = ?1)";
const OF_CALLS: &str = "call IN (SELECT id FROM calls WHERE workspace = ?1)";

/// Every table with rows of workspaces. Every other table is in [`INSTALLATION`].
pub const HELD: &[Held] = &[
    held("workspaces", "id = ?1", ALL),
    held("assistants", OWN, ALL),
    held("assistant_versions", OWN, ALL),
    held("documents", OWN, ALL),
    held(
        "document_versions",
        "document IN (SELECT id FROM documents WHERE workspace = ?1)",
        // The export has originals as files, and texts can be read from them again.
        Some(
            "id, document, number, sha256, bytes, media_type, notes, pages, created_at, extracted_at, language, hold",
        ),
    ),
    held("chunks", OWN, None),
    held("sources", OWN, ALL),
    held(
        "source_pages",
        "source IN (SELECT id FROM sources WHERE workspace = ?1)",
        ALL,
    ),
    held("faqs", OWN, ALL),
    held(
        "faq_phrasings",
        "faq IN (SELECT id FROM faqs WHERE workspace = ?1)",
        Some("id, faq, question"),
    ),
    held("facts", OWN, ALL),
    held("pronunciations", OWN, ALL),
    held("proposals", OWN, ALL),
    held("conversations", OWN, ALL),
    held("messages", OWN, ALL),
    held("receipts", OWN, ALL),
    held("receipt_marks", OWN, ALL),
    held("ratings", OWN, ALL),
    held(
        "gaps",
        OWN,
        Some("receipt, question, reason, state, faq, created_at"),
    ),
    held("golden_questions", OWN, ALL),
    held("eval_runs", OWN, ALL),
    held(
        "visitors",
        OWN,
        Some(
            "id, origin, created_at, last_seen_at, expires_at, contact, identity, claimed, assistant",
        ),
    ),
    held("identity_keys", OWN, Some("workspace, created_at")),
    held("calls", OWN, ALL),
    held("call_lines", OF_CALLS, ALL),
    held("call_turns", OF_CALLS, ALL),
    held("call_events", OF_CALLS, ALL),
    held("recordings", OF_CALLS, ALL),
    held("recording_parts", OF_CALLS, None),
    held(
        "api_keys",
        OWN,
        Some("id, name, prefix, scopes, created_at, last_used_at, revoked_at, made_by"),
    ),
    held("client_secrets", OWN, None),
    held("members", OWN, ALL),
    held(
        "invitations",
        OWN,
        Some("id, workspace, email, role, created_at, expires_at, used_at, revoked_at"),
    ),
    held(
        "audit",
        OWN,
        Some("at, workspace, kind, who, name, what, subject, address, outcome"),
    ),
    held("teams", OWN, ALL),
    held(
        "team_members",
        "team IN (SELECT id FROM teams WHERE workspace = ?1)",
        ALL,
    ),
    held("conversation_tags", OWN, ALL),
    held("notes", OWN, ALL),
    held(
        "mentions",
        "note IN (SELECT id FROM notes WHERE workspace = ?1)",
        None,
    ),
    held("canned_replies", OWN, ALL),
    held(
        "conversation_reads",
        "conversation IN (SELECT id FROM conversations WHERE workspace = ?1)",
        None,
    ),
    held(
        "attachments",
        OWN,
        Some("id, conversation, message, name, media_type, bytes"),
    ),
    held("satisfaction", OWN, ALL),
    held("contacts", OWN, ALL),
    held("contact_points", OWN, ALL),
    held("consents", OWN, ALL),
    held("tasks", OWN, ALL),
    held(
        "mail_settings",
        OWN,
        Some("workspace, settings, changed_at"),
    ),
    held(
        "mail_outbox",
        OWN,
        Some(
            "id, kind, about, recipient, title, text, state, attempts, answer, created_at, ended_at",
        ),
    ),
    held("mail_replies", OWN, None),
    held("mail_received", OWN, ALL),
    held(
        "webhooks",
        OWN,
        Some("id, url, events, state, reason, created_at"),
    ),
    held("webhook_deliveries", OWN, ALL),
    held("crm_transcripts", OWN, ALL),
    held("crm_tasks", OWN, None),
    held("workspace_plans", OWN, ALL),
    held("quota_used", OWN, ALL),
    held(
        "crm_integrations",
        OWN,
        Some("client_id, redirect_uri, created_at, changed_at"),
    ),
    held(
        "crm_accounts",
        OWN,
        Some(
            "id, kind, remote_id, client_id, user_id, name, host, state, reason, settings, created_at, changed_at",
        ),
    ),
    held("crm_oauth_states", OWN, None),
    held(
        "crm_hooks",
        OWN,
        Some("id, account, hex(body) AS body, state, attempts, error, received_at"),
    ),
    held("crm_messages", OWN, ALL),
    held("crm_leads", OWN, ALL),
    held("crm_notes", OWN, None),
    held("crm_jobs", OWN, None),
    held("crm_deleted", OWN, None),
    held("analyses", OWN, ALL),
    // Made from conversations and receipts.
    held("conversation_figures", OWN, None),
    held(
        "figures_due",
        "conversation IN (SELECT id FROM conversations WHERE workspace = ?1)",
        None,
    ),
    held("question_topics", OWN, None),
    held(
        "entitlements",
        OWN,
        Some(
            "kind, remote, workspace, state, product, variant, until, overdue, payment, paid_at, changed_at",
        ),
    ),
    held(
        "billing_events",
        OWN,
        Some("workspace, event, remote, outcome, received_at"),
    ),
    held(
        "providers",
        OWN,
        Some(
            "id, kind, name, url, own, region, models, classes, redaction, budget, prices, active, created_at, changed_at",
        ),
    ),
    held("provider_uses", OWN, ALL),
    held("provider_spend", OWN, ALL),
    held(
        "tools",
        OWN,
        Some(
            "id, kind, name, title, about, arguments, settings, approval, timeout_ms, most_bytes, active, created_at, changed_at",
        ),
    ),
    held("tool_calls", OWN, ALL),
    held("api_answers", OWN, ALL),
    held("api_threads", OWN, ALL),
    held(
        "api_thread_items",
        "thread IN (SELECT id FROM api_threads WHERE workspace = ?1)",
        ALL,
    ),
    held("workflows", OWN, ALL),
    held("workflow_versions", OWN, ALL),
    held("workflow_runs", OWN, ALL),
    held("workflow_acts", OWN, ALL),
    held("seen_lines", OF_VERSIONS, ALL),
    // Seen again when the original is read again.
    held("seen_pages", OF_VERSIONS, None),
    held("jobs", OWN, None),
    held("events", OWN, ALL),
    held("egress", OWN, ALL),
];

/// Tables about the installation and the people who sign in.
pub const INSTALLATION: &[&str] = &[
    "users",
    "sessions",
    "second_factors",
    "recovery_codes",
    "pending_sign_ins",
    "passkeys",
    "sign_on_providers",
    "sign_on_links",
    "setup_tokens",
    "settings",
    "plans",
    "billing_settings",
    "closures",
    // An index of messages, which leave it when they are deleted.
    "messages_fts",
    "messages_fts_data",
    "messages_fts_idx",
    "messages_fts_docsize",
    "messages_fts_config",
];

/// Rows of a workspace by table; skips tables without any.
pub fn rows(conn: &Connection, workspace: WorkspaceId) -> Result<Rows, StoreError> {
    let mut rows = Rows::new();
    for Held { table, of, .. } in HELD {
        let sql = format!("SELECT count(*) FROM {table} WHERE {of}");
        let n: i64 = conn.query_row(&sql, [workspace], |row| row.get(0))?;
        if n > 0 {
            rows.insert((*table).to_owned(), n.unsigned_abs());
        }
    }
    Ok(rows)
}

/// The documents of a workspace, including deleted ones that were not purged yet.
pub fn documents(conn: &Connection, workspace: WorkspaceId) -> Result<Vec<DocumentId>, StoreError> {
    erasure::ids(
        conn,
        "SELECT id FROM documents WHERE workspace = ?",
        [workspace],
    )
}

/// A document version's file as it was uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Original {
    pub version: VersionId,
    pub number: u32,
    /// The document's file name.
    pub name: String,
}

/// The files of all versions of a workspace's documents.
pub fn originals(conn: &Connection, workspace: WorkspaceId) -> Result<Vec<Original>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT v.id, v.number, d.name FROM document_versions v JOIN documents d ON d.id = v.document
         WHERE d.workspace = ? AND d.deleted_at IS NULL ORDER BY d.name, v.number",
    )?;
    let rows = statement.query_map([workspace], |row| {
        Ok(Original {
            version: row.get(0)?,
            number: row.get(1)?,
            name: row.get(2)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Everything said in a workspace, oldest first.
#[derive(Debug, Clone, Default)]
pub struct Spoken {
    pub conversations: Vec<ConversationId>,
    /// Only calls without a conversation.
    pub calls: Vec<CallId>,
    /// Only receipts of questions outside of conversations.
    pub receipts: Vec<ReceiptId>,
}

pub fn spoken(conn: &Connection, workspace: WorkspaceId) -> Result<Spoken, StoreError> {
    Ok(Spoken {
        conversations: erasure::ids(
            conn,
            "SELECT id FROM conversations WHERE workspace = ? ORDER BY started_at",
            [workspace],
        )?,
        calls: erasure::ids(
            conn,
            "SELECT id FROM calls WHERE workspace = ? AND conversation IS NULL ORDER BY started_at",
            [workspace],
        )?,
        receipts: erasure::ids(
            conn,
            "SELECT id FROM receipts WHERE workspace = ? AND conversation IS NULL ORDER BY seq",
            [workspace],
        )?,
    })
}

/// Removes installation data that is not about people: settings except `kept`, plans and billing, and ledger rows and jobs
/// without a workspace.
pub fn purge_installation(tx: &Transaction<'_>, kept: &[&str]) -> Result<(), StoreError> {
    tx.execute("DELETE FROM egress WHERE workspace IS NULL", ())?;
    tx.execute("DELETE FROM jobs WHERE workspace IS NULL", ())?;
    tx.execute_batch(
        "DELETE FROM billing_settings;
         DELETE FROM entitlements WHERE workspace IS NULL;
         DELETE FROM billing_events WHERE workspace IS NULL;
         DELETE FROM plans WHERE id NOT IN (SELECT plan FROM workspace_plans);",
    )?;
    let kept = Json(kept);
    tx.execute(
        "DELETE FROM settings WHERE key NOT IN (SELECT value FROM json_each(?))",
        [kept],
    )?;
    Ok(())
}

/// Some rows of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Exported {
    pub rows: Vec<Value>,
    /// Where the next ones begin; `None` after the last.
    pub next: Option<i64>,
}

/// The name of the column with a row's place in its table.
const PLACE: &str = "exported_place";

/// At most `limit` rows of a table as objects, from a place on; `None` for a table that is not exported.
///
/// It walks the table itself and goes on where it was, so the whole of it is read once, however large it is. Tables without
/// row ids, which are small, are sorted and skipped through.
pub fn export(
    conn: &Connection,
    workspace: WorkspaceId,
    held: &Held,
    limit: u32,
    from: Option<i64>,
) -> Result<Option<Exported>, StoreError> {
    let Some(columns) = held.columns else {
        return Ok(None);
    };
    let Held { table, of, .. } = held;
    let is_walked = has_row_ids(conn, table)?;
    let sql = match is_walked {
        true => format!(
            "SELECT {columns}, rowid AS {PLACE} FROM {table} NOT INDEXED
             WHERE ({of}) AND rowid > ?3 ORDER BY rowid LIMIT ?2"
        ),
        false => format!("SELECT {columns} FROM {table} WHERE {of} ORDER BY 1 LIMIT ?2 OFFSET ?3"),
    };
    let from = from.unwrap_or(if is_walked { i64::MIN } else { 0 });
    let mut rows = erasure::rows(conn, &sql, (workspace, limit, from))?;
    let mut last = None;
    if is_walked {
        let places = rows.iter_mut().filter_map(Value::as_object_mut);
        last = places.filter_map(|row| row.remove(PLACE)?.as_i64()).last();
    } else if let Ok(read) = i64::try_from(rows.len()) {
        last = Some(from + read);
    }
    let is_full = u32::try_from(rows.len()).is_ok_and(|read| read == limit);
    let next = last.filter(|_| is_full);
    Ok(Some(Exported { rows, next }))
}

fn has_row_ids(conn: &Connection, table: &str) -> Result<bool, StoreError> {
    Ok(conn
        .prepare_cached("SELECT wr = 0 FROM pragma_table_list WHERE schema = 'main' AND name = ?")?
        .query_row([table], |row| row.get(0))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::kept::TABLES;

    #[test]
    fn every_table_belongs_to_workspaces_or_to_the_installation() {
        let held = HELD.iter().map(|held| held.table);
        let mut listed: Vec<&str> = held.chain(INSTALLATION.iter().copied()).collect();
        let mut declared: Vec<&str> = TABLES.iter().map(|kept| kept.table).collect();
        listed.sort_unstable();
        declared.sort_unstable();
        assert_eq!(listed, declared);
    }

    #[test]
    fn an_export_in_pieces_has_each_row_once_and_walks_the_table() {
        use crate::store::{pronunciations, workspaces};

        let store = crate::store::Store::open_in_memory().unwrap();
        let done = store.write_blocking(|tx| {
            let one = workspaces::get_or_create(tx, "one", "One", 1)?.id;
            let two = workspaces::get_or_create(tx, "two", "Two", 1)?.id;
            for n in 0..5 {
                for workspace in [one, two] {
                    let subject = format!("{n}");
                    crate::store::events::append(tx, workspace, "x", &subject, &Value::Null, n)?;
                    pronunciations::set(tx, workspace, &subject, "said", n)?;
                }
            }
            for (table, column) in [("events", "subject"), ("pronunciations", "word")] {
                let held = HELD.iter().find(|held| held.table == table).unwrap();
                let (mut found, mut from) = (Vec::new(), None);
                loop {
                    let part = export(tx, one, held, 2, from)?.unwrap();
                    for row in &part.rows {
                        assert!(row.get(PLACE).is_none());
                        found.push(row[column].as_str().unwrap().to_owned());
                    }
                    from = part.next;
                    if from.is_none() {
                        break;
                    }
                }
                assert_eq!(found, ["0", "1", "2", "3", "4"], "{table}");
            }
            // No sorting: with it, every piece would read all rows.
            let plan = "EXPLAIN QUERY PLAN SELECT *, rowid FROM events NOT INDEXED
                        WHERE (workspace = 'x') AND rowid > 5 ORDER BY rowid LIMIT 2";
            let plan: String = tx.query_row(plan, [], |row| row.get(3))?;
            assert_eq!(plan, "SEARCH events USING INTEGER PRIMARY KEY (rowid>?)");
            Ok(())
        });
        done.unwrap();
    }
}
