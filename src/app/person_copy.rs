//! Everything kept about a person as one file for them: as JSON, as a page to read, and recordings.

use std::io::{Cursor, Write};
use std::sync::Arc;

use askama::Template;
use serde_json::{Value, json};
use zip::write::SimpleFileOptions;

use super::privacy::{self, ErasureError};
use crate::access::Member;
use crate::reason::Reason;
use crate::store::erasure::{self, Subject};
use crate::store::{CallId, Store, StoreError, UnixMs, WorkspaceId, providers, recordings};

/// Bytes of a recording read at a time.
const PIECE: u64 = 1 << 20;

/// The page in the file.
#[derive(Template)]
#[template(path = "person_copy.html")]
struct Page {
    /// For the owner of the workspace instead of the person.
    for_owner: bool,
    /// Who else may have got parts of it.
    recipients: Vec<String>,
    /// Hosts of the CRMs that the copies come from.
    crms: Vec<String>,
    made: String,
    conversations: Vec<Conversation>,
    others: Vec<CopyLine>,
    /// What the business noted: contacts, consents and tasks.
    noted: Vec<CopyLine>,
}

struct Conversation {
    heading: String,
    lines: Vec<CopyLine>,
    recordings: Vec<String>,
    files: Vec<Attached>,
}

struct Attached {
    href: String,
    name: String,
}

struct CopyLine {
    at: String,
    who: String,
    text: String,
}

/// Makes a ZIP of everything found about somebody; `None` if nothing is.
pub async fn copy(
    store: &Store,
    by: &Member,
    who: String,
) -> Result<Option<Vec<u8>>, ErasureError> {
    let (workspace, found) = (by.workspace(), privacy::find(store, by, who).await?);
    let subjects: Vec<Subject> = found
        .matches
        .iter()
        .map(|found| found.subject.clone())
        .collect();
    if subjects.is_empty() {
        return Ok(None);
    }
    let (copied, recipients) = store
        .read(move |conn| {
            let copied = erasure::copy(conn, workspace, &subjects)?;
            Ok((copied, providers::list(conn, workspace)?))
        })
        .await?;
    let recipients = recipients.into_iter().filter(|provider| provider.active);
    let recipients: Vec<String> = recipients
        .map(|provider| format!("{} ({})", provider.name, provider.url))
        .collect();
    let mut sounds = Vec::new();
    for call in &copied.recorded {
        if let Some(sound) = sound(store, workspace, *call).await? {
            sounds.push((*call, sound));
        }
    }
    let mut files = Vec::new();
    for id in copied.attached {
        let read = store.read(move |conn| erasure::read_attachment(conn, workspace, id));
        files.push((file_of_attachment(&id.to_string()), read.await?));
    }
    let made_at = jiff::Timestamp::now().as_millisecond();
    let task = tokio::task::spawn_blocking(move || {
        zipped(
            &copied.finds,
            found.more,
            recipients,
            sounds,
            files,
            made_at,
        )
    });
    let made = task.await.map_err(|_| StoreError::Busy)?;
    let made = made.map_err(|error| {
        let told = format!("the file could not be made: {error}");
        StoreError::Conflict(Reason::told(told, error))
    })?;
    Ok(Some(made))
}

async fn sound(
    store: &Store,
    workspace: WorkspaceId,
    call: CallId,
) -> Result<Option<Vec<u8>>, StoreError> {
    let find = store.read(move |conn| recordings::find_even_due(conn, workspace, call));
    let Some(recording) = find.await? else {
        return Ok(None);
    };
    let recording = Arc::new(recording);
    let mut sound = Vec::new();
    let mut from = 0;
    while from < recording.bytes {
        let (piece, to) = (Arc::clone(&recording), from + PIECE);
        let read = store.read(move |conn| recordings::read(conn, &piece, from, to));
        sound.extend(read.await?);
        from = to;
    }
    Ok(Some(sound))
}

fn zipped(
    finds: &[Value],
    more: bool,
    recipients: Vec<String>,
    sounds: Vec<(CallId, Vec<u8>)>,
    files: Vec<(String, Vec<u8>)>,
    made_at: UnixMs,
) -> zip::result::ZipResult<Vec<u8>> {
    let whole = json!({
        "made_at": made_at,
        "complete": !more,
        "purpose": "answering questions to the business, and showing what its answers are based on",
        "recipients": recipients,
        "also_in": hosts(finds),
        "kept": finds,
    });
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file("person.json", SimpleFileOptions::default())?;
    archive.write_all(&serde_json::to_vec_pretty(&whole).unwrap_or_default())?;
    archive.start_file("person.html", SimpleFileOptions::default())?;
    let read = Page {
        recipients,
        ..page(finds, made_at)
    };
    let read = read.render().map_err(std::io::Error::other)?;
    archive.write_all(read.as_bytes())?;
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (call, sound) in sounds {
        archive.start_file(file_of(&call.to_string()), stored)?;
        archive.write_all(&sound)?;
    }
    for (name, content) in files {
        archive.start_file(name, SimpleFileOptions::default())?;
        archive.write_all(&content)?;
    }
    Ok(archive.finish()?.into_inner())
}

/// Renders the page for the owner of a workspace.
pub(super) fn html(finds: &[Value], made_at: UnixMs) -> std::io::Result<String> {
    let page = Page {
        for_owner: true,
        ..page(finds, made_at)
    };
    page.render().map_err(std::io::Error::other)
}

/// File name of a recording beside the page.
pub(super) fn file_of(call: &str) -> String {
    format!("call-{call}.ogg")
}

/// File name of an attachment beside the page: its id, because its own name may be anything.
pub(super) fn file_of_attachment(id: &str) -> String {
    format!("file-{id}")
}

fn page(finds: &[Value], made_at: UnixMs) -> Page {
    let mut conversations = Vec::new();
    let mut others = Vec::new();
    let mut noted = Vec::new();
    for find in finds {
        if let Some(account) = rows(find, "crm_accounts").first() {
            conversations.push(of_crm(find, account));
            continue;
        }
        noted.extend(lines_of_contact(find));
        let spoken = rows(find, "call_lines").iter().map(|line| CopyLine {
            at: String::new(),
            who: text(line, "speaker"),
            text: text(line, "text"),
        });
        let written = rows(find, "messages").iter().map(|message| CopyLine {
            at: moment(message, "created_at"),
            who: text(message, "role"),
            text: text(message, "text"),
        });
        let noted = rows(find, "notes").iter().map(|note| CopyLine {
            at: moment(note, "created_at"),
            who: "note".to_owned(),
            text: text(note, "text"),
        });
        let begun = rows(find, "conversations")
            .first()
            .or(rows(find, "calls").first());
        match begun {
            Some(begun) => conversations.push(Conversation {
                heading: format!(
                    "{} · {}",
                    moment(begun, "started_at"),
                    text(begun, "channel")
                ),
                lines: written.chain(spoken).chain(noted).collect(),
                recordings: rows(find, "recordings")
                    .iter()
                    .map(|recording| file_of(&text(recording, "call")))
                    .collect(),
                files: rows(find, "attachments")
                    .iter()
                    .map(|file| Attached {
                        href: file_of_attachment(&text(file, "id")),
                        name: text(file, "name"),
                    })
                    .collect(),
            }),
            None => {
                let asked = ["receipts", "golden_questions"].into_iter();
                others.extend(
                    asked
                        .flat_map(|table| rows(find, table))
                        .map(|row| CopyLine {
                            at: moment(row, "created_at"),
                            who: text(row, "answer"),
                            text: text(row, "question"),
                        }),
                );
            }
        }
    }
    Page {
        for_owner: false,
        recipients: Vec::new(),
        crms: hosts(finds),
        made: shown(made_at),
        conversations,
        others,
        noted,
    }
}

/// What a CRM told, in the order in which it was said, and what was found in it.
fn of_crm(find: &Value, account: &Value) -> Conversation {
    let lead = rows(find, "crm_leads").first();
    let name = lead.map(|lead| text(lead, "name")).unwrap_or_default();
    let number = lead.map(|lead| text(lead, "id")).unwrap_or_default();
    let heading = [text(account, "name"), number, name];
    let heading: Vec<String> = heading
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect();
    let said = rows(find, "crm_messages").iter();
    let heard = rows(find, "crm_transcripts").iter();
    let mut all: Vec<&Value> = said.chain(heard).collect();
    all.sort_by_key(|row| row.get("at").and_then(Value::as_i64));
    let mut lines: Vec<CopyLine> = all
        .into_iter()
        .map(|row| CopyLine {
            at: moment(row, "at"),
            who: match text(row, "author") {
                author if author.is_empty() => text(row, "who"),
                author => author,
            },
            text: text(row, "text"),
        })
        .collect();
    let found = rows(find, "analyses").iter().map(|row| CopyLine {
        at: moment(row, "created_at"),
        who: "analysis".to_owned(),
        text: format!("{} (score: {})", summary(row), number_of(row, "score")),
    });
    lines.extend(found);
    let written = [("crm_notes", "notes"), ("crm_tasks", "tasks")];
    lines.extend(written.into_iter().filter_map(|(table, what)| {
        let count = rows(find, table).len();
        (count > 0).then(|| CopyLine {
            at: String::new(),
            who: "written into the CRM".to_owned(),
            text: format!("{what}: {count}"),
        })
    }));
    Conversation {
        heading: heading.join(" · "),
        lines,
        recordings: Vec::new(),
        files: Vec::new(),
    }
}

fn summary(analysis: &Value) -> String {
    let summary = analysis.pointer("/body/summary/medium");
    let summary = summary.and_then(Value::as_str).unwrap_or_default();
    summary.to_owned()
}

fn number_of(row: &Value, field: &str) -> i64 {
    row.get(field).and_then(Value::as_i64).unwrap_or(0)
}

/// The hosts of the CRMs that something comes from, each once.
fn hosts(finds: &[Value]) -> Vec<String> {
    let accounts = finds.iter().flat_map(|find| rows(find, "crm_accounts"));
    let mut hosts: Vec<String> = accounts
        .map(|account| match text(account, "host") {
            host if host.is_empty() => text(account, "name"),
            host => host,
        })
        .collect();
    hosts.sort();
    hosts.dedup();
    hosts
}

fn lines_of_contact(find: &Value) -> Vec<CopyLine> {
    let line = |row: &Value, at: &str, who: String, text: String| CopyLine {
        at: moment(row, at),
        who,
        text,
    };
    let mut lines = Vec::new();
    for row in rows(find, "contacts") {
        let fields = row.get("fields").and_then(Value::as_object);
        let fields = fields.into_iter().flatten();
        let fields = fields.map(|(name, value)| match value.as_str() {
            Some(text) => format!("{name}: {text}"),
            None => format!("{name}: {value}"),
        });
        let all: Vec<String> = std::iter::once(text(row, "name")).chain(fields).collect();
        lines.push(line(row, "created_at", "contact".into(), all.join("; ")));
    }
    for row in rows(find, "contact_points") {
        lines.push(line(
            row,
            "created_at",
            text(row, "kind"),
            text(row, "value"),
        ));
    }
    for row in rows(find, "consents") {
        let given = row.get("given").and_then(Value::as_i64) == Some(1);
        let who = if given {
            "agreed to"
        } else {
            "did not agree to"
        };
        lines.push(line(row, "created_at", who.into(), text(row, "text")));
    }
    // A conversation's copy has the tasks of its contact too.
    let alone = rows(find, "conversations").is_empty();
    let is_shown = |row: &&Value| alone || row.get("contact").is_none_or(Value::is_null);
    for row in rows(find, "tasks").iter().filter(is_shown) {
        lines.push(line(
            row,
            "created_at",
            text(row, "kind"),
            text(row, "wish"),
        ));
    }
    lines
}

fn rows<'a>(find: &'a Value, table: &str) -> &'a [Value] {
    let rows = find.get(table).and_then(Value::as_array);
    rows.map(Vec::as_slice).unwrap_or_default()
}

fn text(row: &Value, field: &str) -> String {
    let text = row.get(field).and_then(Value::as_str);
    text.unwrap_or_default().to_owned()
}

fn moment(row: &Value, field: &str) -> String {
    shown(row.get(field).and_then(Value::as_i64).unwrap_or(0))
}

/// "2026-11-22 16:47 UTC"
pub(super) fn shown(at: UnixMs) -> String {
    let at = jiff::Timestamp::from_millisecond(at).unwrap_or_default();
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
