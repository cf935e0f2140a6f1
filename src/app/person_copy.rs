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
use crate::store::{CallId, Store, StoreError, UnixMs, WorkspaceId, recordings};

/// Bytes of a recording read at a time.
const PIECE: u64 = 1 << 20;

/// The page in the file.
#[derive(Template)]
#[template(path = "person_copy.html")]
struct Page {
    /// For the owner of the workspace instead of the person.
    for_owner: bool,
    made: String,
    conversations: Vec<Conversation>,
    others: Vec<CopyLine>,
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
    let subjects: Vec<Subject> = found.matches.iter().map(|found| found.subject).collect();
    if subjects.is_empty() {
        return Ok(None);
    }
    let copied = store
        .read(move |conn| erasure::copy(conn, workspace, &subjects))
        .await?;
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
        zipped(&copied.finds, found.more, sounds, files, made_at)
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
    sounds: Vec<(CallId, Vec<u8>)>,
    files: Vec<(String, Vec<u8>)>,
    made_at: UnixMs,
) -> zip::result::ZipResult<Vec<u8>> {
    let whole = json!({
        "made_at": made_at,
        "complete": !more,
        "purpose": "answering questions to the business, and showing what its answers are based on",
        "recipients": [],
        "kept": finds,
    });
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file("person.json", SimpleFileOptions::default())?;
    archive.write_all(&serde_json::to_vec_pretty(&whole).unwrap_or_default())?;
    archive.start_file("person.html", SimpleFileOptions::default())?;
    archive.write_all(html(finds, made_at, false)?.as_bytes())?;
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

/// Renders the page, for a person or for the owner of a workspace.
pub(super) fn html(finds: &[Value], made_at: UnixMs, for_owner: bool) -> std::io::Result<String> {
    let page = Page {
        for_owner,
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
    for find in finds {
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
        made: shown(made_at),
        conversations,
        others,
    }
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
