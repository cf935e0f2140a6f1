//! Everything in a workspace as one file for its owner: every table as JSON, conversations as pages, original documents
//! and recordings. It is streamed, so it may be larger than memory; nothing is written to a disk here.

use std::io::{self, Write};

use askama::Template;
use bytes::Bytes;
use serde_json::json;
use tokio::sync::mpsc;
use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, StreamWriter, ZipWriter};

use super::person_copy;
use crate::store::erasure::{self, Subject};
use crate::store::holdings::{self, HELD, Original};
use crate::store::workspaces::Workspace;
use crate::store::{CallId, Store, StoreError, UnixMs, facts, faqs, recordings, versions};

/// Rows read at a time.
const PAGE: u32 = 100;
/// Bytes of a recording read at a time, and bytes of the file sent at a time.
const PIECE: usize = 1 << 18;
/// Pieces that may wait for the reader.
const WAITING: usize = 4;

/// Why the file is incomplete.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file could not be written, or the reader has gone.
    #[error("the file could not be written: {0}")]
    Io(#[from] io::Error),
}

impl From<zip::result::ZipError> for CopyError {
    fn from(error: zip::result::ZipError) -> Self {
        Self::Io(error.into())
    }
}

/// The first page of the file.
#[derive(Template)]
#[template(path = "workspace_copy.html")]
struct Start {
    title: String,
    made: String,
    documents: Vec<Link>,
    answers: Vec<Answer>,
    facts: Vec<String>,
    conversations: Vec<Link>,
    calls: Vec<Link>,
    questions: usize,
}

struct Link {
    href: String,
    text: String,
}

struct Answer {
    questions: String,
    answer: String,
    approved: bool,
}

/// Streams the file in pieces; an error ends the stream. Call it inside a tokio runtime.
pub fn stream(store: &Store, workspace: Workspace) -> mpsc::Receiver<io::Result<Bytes>> {
    let (pieces, taken) = mpsc::channel(WAITING);
    let store = store.clone();
    tokio::task::spawn_blocking(move || {
        let sink = Sink {
            pieces: pieces.clone(),
            piece: Vec::with_capacity(PIECE),
        };
        if let Err(error) = write(&store, &workspace, sink) {
            tracing::warn!(%error, "the export of a workspace was interrupted");
            // Without this the file would look complete.
            let _ = pieces.blocking_send(Err(io::Error::other("the export was interrupted")));
        }
    });
    taken
}

/// A writer that sends the file in pieces.
struct Sink {
    pieces: mpsc::Sender<io::Result<Bytes>>,
    piece: Vec<u8>,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let piece = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE));
        if piece.is_empty() {
            return Ok(());
        }
        let sent = self.pieces.blocking_send(Ok(piece.into()));
        sent.map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))
    }
}

/// Writes the file, as fast as the reader takes it; call it off the async threads.
///
/// # Errors
/// When the store fails or the file cannot be written.
pub fn write(store: &Store, workspace: &Workspace, to: impl Write) -> Result<(), CopyError> {
    let made_at = jiff::Timestamp::now().as_millisecond();
    let mut copy = Copy {
        store,
        workspace,
        made_at,
        archive: ZipWriter::new_stream(to),
    };
    copy.tables()?;
    let documents = copy.originals()?;
    let (conversations, calls, questions) = copy.write_conversations()?;
    copy.start(documents, conversations, calls, questions)?;
    copy.archive.finish()?.flush()?;
    Ok(())
}

struct Copy<'a, W: Write> {
    store: &'a Store,
    workspace: &'a Workspace,
    made_at: UnixMs,
    archive: ZipWriter<StreamWriter<W>>,
}

impl<W: Write> Copy<'_, W> {
    fn file(&mut self, name: &str) -> Result<(), CopyError> {
        Ok(self
            .archive
            .start_file(name, SimpleFileOptions::default())?)
    }

    /// Begins an uncompressed entry, for media, which do not compress and may be large.
    fn media(&mut self, name: &str) -> Result<(), CopyError> {
        let stored = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .large_file(true);
        Ok(self.archive.start_file(name, stored)?)
    }

    /// `data/<table>.json` for each table.
    fn tables(&mut self) -> Result<(), CopyError> {
        let id = self.workspace.id;
        for held in HELD {
            let mut from = None;
            loop {
                let part = self
                    .store
                    .read_blocking(|conn| holdings::export(conn, id, held, PAGE, from))?;
                let Some(part) = part else { break };
                let is_first = from.is_none();
                if is_first {
                    self.file(&format!("data/{}.json", held.table))?;
                    self.archive.write_all(b"[")?;
                }
                for (n, row) in part.rows.iter().enumerate() {
                    let comma: &[u8] = if is_first && n == 0 { b"\n" } else { b",\n" };
                    self.archive.write_all(comma)?;
                    let row = serde_json::to_vec(row).map_err(io::Error::other)?;
                    self.archive.write_all(&row)?;
                }
                from = part.next;
                if from.is_none() {
                    self.archive.write_all(b"\n]\n")?;
                    break;
                }
            }
        }
        Ok(())
    }

    /// Writes the originals of all document versions.
    fn originals(&mut self) -> Result<Vec<Link>, CopyError> {
        let id = self.workspace.id;
        let found = self
            .store
            .read_blocking(|conn| holdings::originals(conn, id))?;
        let mut links = Vec::new();
        for Original {
            version,
            number,
            name,
        } in found
        {
            let read = self
                .store
                .read_blocking(|conn| versions::original(conn, id, version));
            let original = match read {
                Ok(original) => original,
                // Deleted meanwhile.
                Err(StoreError::NotFound(_)) => continue,
                Err(error) => return Err(error.into()),
            };
            let href = format!("documents/{version}-{}", plain(&name));
            self.media(&href)?;
            self.archive.write_all(&original)?;
            let text = format!("{name} · version {number}");
            links.push(Link { href, text });
        }
        Ok(links)
    }

    /// Writes a page for each conversation, for each call outside one, and one for all other questions.
    fn write_conversations(&mut self) -> Result<(Vec<Link>, Vec<Link>, usize), CopyError> {
        let id = self.workspace.id;
        let spoken = self
            .store
            .read_blocking(|conn| holdings::spoken(conn, id))?;
        let mut links = Vec::new();
        for conversation in spoken.conversations {
            let name = conversation.to_string();
            links.extend(self.page(
                "conversations",
                &name,
                &[Subject::Conversation(conversation)],
            )?);
        }
        let mut alone = Vec::new();
        for call in spoken.calls {
            alone.extend(self.page("calls", &call.to_string(), &[Subject::Call(call)])?);
        }
        let count = spoken.receipts.len();
        let questions: Vec<Subject> = spoken.receipts.into_iter().map(Subject::Receipt).collect();
        if !questions.is_empty() {
            self.page("questions", "questions", &questions)?;
        }
        Ok((links, alone, count))
    }

    /// Writes a page of what was said, with recordings beside it; `None` if it was erased meanwhile.
    fn page(
        &mut self,
        folder: &str,
        name: &str,
        subjects: &[Subject],
    ) -> Result<Option<Link>, CopyError> {
        let id = self.workspace.id;
        let copied = match self
            .store
            .read_blocking(|conn| erasure::copy(conn, id, subjects))
        {
            Ok(copied) => copied,
            Err(StoreError::NotFound(_)) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let href = format!("{folder}/{name}.html");
        let page = person_copy::html(&copied.finds, self.made_at)?;
        self.file(&href)?;
        self.archive.write_all(page.as_bytes())?;
        for call in copied.recorded {
            self.recording(folder, call)?;
        }
        for file in copied.attached {
            let read = self
                .store
                .read_blocking(|conn| erasure::read_attachment(conn, id, file));
            let content = match read {
                Ok(content) => content,
                Err(StoreError::NotFound(_)) => continue,
                Err(error) => return Err(error.into()),
            };
            let name = person_copy::file_of_attachment(&file.to_string());
            self.media(&format!("{folder}/{name}"))?;
            self.archive.write_all(&content)?;
        }
        let begun = ["conversations", "calls"].iter().find_map(|table| {
            let row = copied.finds.first()?.get(table)?.get(0)?;
            row.get("started_at")?.as_i64()
        });
        let text = person_copy::shown(begun.unwrap_or(self.made_at));
        Ok(Some(Link { href, text }))
    }

    fn recording(&mut self, folder: &str, call: CallId) -> Result<(), CopyError> {
        let id = self.workspace.id;
        let find = |conn: &_| recordings::find_even_due(conn, id, call);
        let Some(recording) = self.store.read_blocking(find)? else {
            return Ok(());
        };
        self.media(&format!(
            "{folder}/{}",
            person_copy::file_of(&call.to_string())
        ))?;
        let mut from = 0;
        while from < recording.bytes {
            let to = from + PIECE as u64;
            let piece = self
                .store
                .read_blocking(|conn| recordings::read(conn, &recording, from, to))?;
            self.archive.write_all(&piece)?;
            from = to;
        }
        Ok(())
    }

    fn start(
        &mut self,
        documents: Vec<Link>,
        conversations: Vec<Link>,
        calls: Vec<Link>,
        questions: usize,
    ) -> Result<(), CopyError> {
        let id = self.workspace.id;
        let (answers, facts) = self
            .store
            .read_blocking(|conn| Ok((faqs::list(conn, id)?, facts::list(conn, id)?)))?;
        let answers = answers.into_iter().map(|faq| Answer {
            questions: faq
                .phrasings
                .iter()
                .map(|p| p.question.as_str())
                .collect::<Vec<_>>()
                .join(" · "),
            approved: faq.approved_at.is_some(),
            answer: faq.answer,
        });
        let facts = facts.iter().map(|fact| {
            let data = json!({ (fact.kind.clone()): fact.data });
            format!("{data} ({})", fact.state)
        });
        let page = Start {
            title: self.workspace.title.clone(),
            made: person_copy::shown(self.made_at),
            documents,
            answers: answers.collect(),
            facts: facts.collect(),
            conversations,
            calls,
            questions,
        };
        let page = page.render().map_err(io::Error::other)?;
        self.file("index.html")?;
        Ok(self.archive.write_all(page.as_bytes())?)
    }
}

/// A file name that works on every system.
fn plain(name: &str) -> String {
    let fits = |c: char| c.is_alphanumeric() || "-_. ".contains(c);
    let name: String = name
        .chars()
        .map(|c| if fits(c) { c } else { '_' })
        .collect();
    name.trim_matches(['.', ' ']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_to_no_other_folder() {
        assert_eq!(plain("../../etc/passwd"), "_.._etc_passwd");
        assert_eq!(plain("forms.zip/a:b.pdf"), "forms.zip_a_b.pdf");
        assert_eq!(plain("Preisliste Ä 2026.xlsx"), "Preisliste Ä 2026.xlsx");
    }
}
