//! Finding what is kept of a person.

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use super::super::{
    CallId, ConversationId, GoldenId, ReceiptId, StoreError, UnixMs, WorkspaceId, calls,
    conversations, due, golden, receipts,
};
use super::{Traces, ids, traces};

/// Most finds that a search for a person gives.
const MOST_FOUND: usize = 200;
/// Characters of what was said that are shown of a find.
const EXCERPT: usize = 160;
/// Fewest letters, and fewest digits of a telephone number, that are searched for.
pub const LEAST_LETTERS: usize = 3;
const LEAST_DIGITS: usize = 6;
/// Digits at the end of a telephone number that tell it from others; codes of countries and areas stand before.
const TELLING_DIGITS: usize = 7;
/// What stands between the digits of a telephone number.
const IN_NUMBERS: &str = " +-()/.";

/// Something in which a person was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Subject {
    /// A conversation with its calls.
    Conversation(ConversationId),
    /// A call without a conversation.
    Call(CallId),
    /// A receipt of a question outside of conversations.
    Receipt(ReceiptId),
    /// A golden question whose conversation is gone.
    Golden(GoldenId),
}

/// A find.
#[derive(Debug, Clone)]
pub struct Match {
    /// What it is.
    pub subject: Subject,
    /// When it was, Unix ms.
    pub at: UnixMs,
    /// What was said where they were found, shortened; empty if they were found by an id.
    pub excerpt: String,
    /// What erasing it erases.
    pub traces: Traces,
    /// When it is deleted by its age, Unix ms; it is hidden until then.
    pub due_at: Option<UnixMs>,
}

/// What was found of a person.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Newest first.
    pub matches: Vec<Match>,
    /// There is more than is told at once.
    pub more: bool,
}

/// What a person is looked for by.
struct Needle {
    words: String,
    /// The last digits of a telephone number: what is before them is written in many ways.
    digits: Option<String>,
}

impl Needle {
    fn new(who: &str) -> Self {
        let words = who.trim().to_lowercase();
        let plain = |c: char| c.is_ascii_digit() || IN_NUMBERS.contains(c);
        let digits: String = words.chars().filter(char::is_ascii_digit).collect();
        let is_number = words.chars().all(plain) && digits.len() >= LEAST_DIGITS;
        let from = digits.len().saturating_sub(TELLING_DIGITS);
        let digits = is_number.then(|| digits.get(from..).unwrap_or_default().to_owned());
        Self { words, digits }
    }

    /// Whether it stands in a text: at the beginning of a word, or as a telephone number.
    fn is_in(&self, text: &str) -> bool {
        let lower = text.to_lowercase();
        let first = self.words.chars().next();
        // In scripts without capitals words are not parted by spaces.
        let parted = first.is_some_and(|c| c.is_ascii_digit() || c.is_lowercase());
        let begins = |at: usize| {
            let before = lower.get(..at).and_then(|b| b.chars().next_back());
            !parted || before.is_none_or(|c| !c.is_alphanumeric())
        };
        lower.match_indices(&self.words).any(|(at, _)| begins(at))
            || self.digits.as_ref().is_some_and(|digits| {
                let numbers = lower.split(|c: char| !c.is_ascii_digit() && !IN_NUMBERS.contains(c));
                numbers
                    .map(|n| n.chars().filter(char::is_ascii_digit).collect::<String>())
                    .any(|n| n.contains(digits.as_str()))
            })
    }
}

/// What is kept of a person, by what they said of themselves or what the channel knows: the beginning of a name or of a part of
/// an e-mail address, a telephone number in any spelling, the id of a visitor, a conversation or a call.
pub fn find(conn: &Connection, workspace: WorkspaceId, who: &str) -> Result<Found, StoreError> {
    let needle = Needle::new(who);
    let mut subjects: Vec<(Subject, String)> = Vec::new();
    let mut more = false;
    let mut add = |subject: Subject, excerpt: String| {
        if subjects.iter().any(|(known, _)| *known == subject) {
            return;
        }
        more |= subjects.len() >= MOST_FOUND;
        if subjects.len() < MOST_FOUND {
            subjects.push((subject, excerpt));
        }
    };
    let by_id =
        "SELECT id FROM conversations WHERE workspace = ?1 AND (id = ?2 OR lower(visitor) = ?2)";
    for id in ids(conn, by_id, (workspace, &needle.words))? {
        add(Subject::Conversation(id), String::new());
    }
    let mut by_call =
        conn.prepare_cached("SELECT id, conversation FROM calls WHERE workspace = ?1 AND id = ?2")?;
    let mut rows = by_call.query((workspace, &needle.words))?;
    while let Some(row) = rows.next()? {
        let conversation: Option<ConversationId> = row.get(1)?;
        let call = Subject::Call(row.get(0)?);
        add(
            conversation.map_or(call, Subject::Conversation),
            String::new(),
        );
    }
    if needle.words.chars().count() >= LEAST_LETTERS {
        // What was said is compared here and not in SQL, whose `lower` knows ASCII only.
        let mut said = conn.prepare_cached(SAID)?;
        let mut rows = said.query([workspace])?;
        while let Some(row) = rows.next()? {
            let text: String = row.get("text")?;
            if !needle.is_in(&text) {
                continue;
            }
            let subject = match row.get::<_, Option<ConversationId>>("conversation")? {
                Some(id) => Subject::Conversation(id),
                None => match row.get::<_, String>("kind")?.as_str() {
                    "call" => Subject::Call(row.get("id")?),
                    "receipt" => Subject::Receipt(row.get("id")?),
                    _ => Subject::Golden(row.get("id")?),
                },
            };
            add(subject, text.chars().take(EXCERPT).collect());
        }
    }
    let mut matches = Vec::with_capacity(subjects.len());
    for (subject, excerpt) in subjects {
        let (at, traces) = about(conn, workspace, subject)?;
        let due_at = match subject {
            Subject::Conversation(id) => due::of(conn, "conversations", id)?,
            Subject::Call(id) => due::of(conn, "calls", id)?,
            Subject::Receipt(id) => due::of(conn, "receipts", id)?,
            Subject::Golden(_) => None,
        };
        matches.push(Match {
            subject,
            at,
            excerpt,
            traces,
            due_at,
        });
    }
    matches.sort_by_key(|m| std::cmp::Reverse(m.at));
    Ok(Found { matches, more })
}

/// Every text that a person may stand in, with the conversation that it belongs to, or its own kind and id.
const SAID: &str = "
    SELECT 'message' AS kind, m.id AS id, m.conversation AS conversation, m.text AS text FROM messages m
        WHERE m.workspace = ?1
    UNION ALL SELECT 'conversation', c.id, c.id, c.title || ' ' || coalesce(c.visitor, '') FROM conversations c
        WHERE c.workspace = ?1
    UNION ALL SELECT 'call', c.id, c.conversation, l.text FROM call_lines l JOIN calls c ON c.id = l.call
        WHERE c.workspace = ?1
    UNION ALL SELECT 'call', c.id, c.conversation, c.caller FROM calls c
        WHERE c.workspace = ?1 AND c.caller IS NOT NULL
    UNION ALL SELECT 'receipt', r.id, r.conversation, r.question FROM receipts r WHERE r.workspace = ?1
    UNION ALL SELECT 'receipt', r.id, r.conversation, s.comment FROM ratings s JOIN receipts r ON r.id = s.receipt
        WHERE s.workspace = ?1 AND s.comment <> ''
    UNION ALL SELECT 'golden', g.id, r.conversation, g.question FROM golden_questions g
        LEFT JOIN receipts r ON r.id = g.receipt WHERE g.workspace = ?1";

/// When a find was, and what erasing it erases.
fn about(
    conn: &Connection,
    workspace: WorkspaceId,
    subject: Subject,
) -> Result<(UnixMs, Traces), StoreError> {
    Ok(match subject {
        Subject::Conversation(id) => {
            let conversation = conversations::get_even_due(conn, workspace, id)?;
            (conversation.last_at, traces(conn, &conversation)?)
        }
        Subject::Call(id) => {
            let call = calls::get_even_due(conn, workspace, id)?;
            let sql = "SELECT 1 FROM recordings WHERE call = ?";
            let recorded = conn.prepare_cached(sql)?.exists([id])?;
            let traces = Traces {
                calls: 1,
                recordings: u64::from(recorded),
                ..Traces::default()
            };
            (call.started_at, traces)
        }
        Subject::Receipt(id) => {
            let receipt = receipts::get_even_due(conn, workspace, id)?;
            let golden: Vec<GoldenId> = ids(
                conn,
                "SELECT id FROM golden_questions WHERE receipt = ?",
                [id],
            )?;
            let traces = Traces {
                receipts: 1,
                golden_questions: golden.len() as u64,
                ..Traces::default()
            };
            (receipt.created_at, traces)
        }
        Subject::Golden(id) => {
            let question = golden::get(conn, workspace, id)?;
            let traces = Traces {
                golden_questions: 1,
                ..Traces::default()
            };
            (question.created_at, traces)
        }
    })
}
