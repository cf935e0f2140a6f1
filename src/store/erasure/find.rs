//! Searching for everything stored about a person.

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use super::{Remote, Traces, ids, remote, traces};
use crate::store::{
    AnalysisId, CallId, ContactId, ConversationId, GoldenId, ReceiptId, StoreError, TaskId, UnixMs,
    WorkspaceId, analyses, calls, contacts, conversations, due, golden, receipts, tasks,
};

/// Maximum number of results of a search.
const MOST_FOUND: usize = 200;
/// Maximum length of an excerpt, in characters.
const EXCERPT: usize = 160;
/// Shorter search words would match nearly everything; `LEAST_DIGITS` is the same for telephone numbers.
pub const LEAST_LETTERS: usize = 3;
const LEAST_DIGITS: usize = 6;
/// The last digits identify a telephone number; country and area codes before them vary in spelling.
const TELLING_DIGITS: usize = 7;
/// Separators between the digits of a telephone number.
const IN_NUMBERS: &str = " +-()/.";

/// A result: something that mentions the person, and can be copied or erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Subject {
    /// With its calls.
    Conversation(ConversationId),
    /// Only calls without a conversation.
    Call(CallId),
    /// Only receipts of questions outside of conversations.
    Receipt(ReceiptId),
    /// Only golden questions whose conversation is gone.
    Golden(GoldenId),
    /// A person's card with consents and tasks, but not their conversations.
    Contact(ContactId),
    /// Only tasks without a contact and a conversation.
    Task(TaskId),
    /// Only analyses of conversations from elsewhere that are no lead's.
    Analysis(AnalysisId),
    /// What a CRM told.
    Crm(Remote),
}

#[derive(Debug, Clone)]
pub struct Match {
    pub subject: Subject,
    /// Unix ms.
    pub at: UnixMs,
    /// The text that mentions them, shortened; empty if an id matched.
    pub excerpt: String,
    /// How much erasing it would erase.
    pub traces: Traces,
    /// When retention deletes it, Unix ms; `None` unless it is hidden already.
    pub due_at: Option<UnixMs>,
}

#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Newest first.
    pub matches: Vec<Match>,
    /// True if there are more than the maximum.
    pub more: bool,
}

/// The search words, prepared for comparison.
struct Needle {
    words: String,
    /// The last digits of a telephone number; the ones before have many spellings.
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

    /// Whether a text has the words at the beginning of a word, or the telephone number.
    fn is_in(&self, text: &str) -> bool {
        let lower = text.to_lowercase();
        let first = self.words.chars().next();
        // Scripts without capital letters do not separate words by spaces, so there any place will do.
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

/// Finds a person by what they said of themselves or what the channel knows: the beginning of a name or of a part of an
/// e-mail address, a telephone number in any spelling, or the id of a visitor, a conversation, a call or a contact.
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
    let by_contact = "SELECT id FROM contacts WHERE workspace = ?1 AND id = ?2";
    for id in ids(conn, by_contact, (workspace, &needle.words))? {
        add(Subject::Contact(id), String::new());
    }
    for found in remote::find_by_id(conn, workspace, &needle.words)? {
        add(Subject::Crm(found), String::new());
    }
    if needle.words.chars().count() >= LEAST_LETTERS {
        // Compare texts here, not in SQL, whose `lower` knows ASCII only.
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
                    "contact" => Subject::Contact(row.get("id")?),
                    "task" => Subject::Task(row.get("id")?),
                    "analysis" => Subject::Analysis(row.get("id")?),
                    "crm" => match row.get::<_, String>("id")?.parse() {
                        Ok(found) => Subject::Crm(found),
                        Err(_) => continue,
                    },
                    _ => Subject::Golden(row.get("id")?),
                },
            };
            add(subject, text.chars().take(EXCERPT).collect());
        }
    }
    let mut matches = Vec::with_capacity(subjects.len());
    for (subject, excerpt) in subjects {
        let (at, traces) = describe(conn, workspace, &subject)?;
        let due_at = match &subject {
            Subject::Conversation(id) => due::find_due_at(conn, "conversations", *id)?,
            Subject::Call(id) => due::find_due_at(conn, "calls", *id)?,
            Subject::Receipt(id) => due::find_due_at(conn, "receipts", *id)?,
            Subject::Contact(id) => due::find_due_at(conn, "contacts", *id)?,
            Subject::Golden(_) | Subject::Task(_) | Subject::Analysis(_) | Subject::Crm(_) => None,
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

/// Every text that may mention a person, with the conversation it belongs to, or else its own kind and id.
const SAID: &str = "
    SELECT 'message' AS kind, m.id AS id, m.conversation AS conversation, m.text AS text FROM messages m
        WHERE m.workspace = ?1
    UNION ALL SELECT 'conversation', c.id, c.id, c.title || ' ' || coalesce(c.visitor, '') FROM conversations c
        WHERE c.workspace = ?1
    UNION ALL SELECT 'call', c.id, c.conversation, l.text FROM call_lines l JOIN calls c ON c.id = l.call
        WHERE c.workspace = ?1
    UNION ALL SELECT 'call', c.id, c.conversation, c.caller FROM calls c
        WHERE c.workspace = ?1 AND c.caller IS NOT NULL
    UNION ALL SELECT 'note', n.id, n.conversation, n.text FROM notes n WHERE n.workspace = ?1
    UNION ALL SELECT 'file', a.id, a.conversation, a.name FROM attachments a WHERE a.workspace = ?1
    UNION ALL SELECT 'rated', s.conversation, s.conversation, s.comment FROM satisfaction s
        WHERE s.workspace = ?1 AND s.comment <> ''
    UNION ALL SELECT 'receipt', r.id, r.conversation, r.question FROM receipts r WHERE r.workspace = ?1
    UNION ALL SELECT 'receipt', r.id, r.conversation, s.comment FROM ratings s JOIN receipts r ON r.id = s.receipt
        WHERE s.workspace = ?1 AND s.comment <> ''
    UNION ALL SELECT 'conversation', c.id, c.id, o.recipient FROM mail_outbox o JOIN conversations c ON c.id = o.about
        WHERE o.workspace = ?1
    UNION ALL SELECT 'golden', g.id, r.conversation, g.question FROM golden_questions g
        LEFT JOIN receipts r ON r.id = g.receipt WHERE g.workspace = ?1
    UNION ALL SELECT 'contact', c.id, NULL, c.name || ' ' || c.fields FROM contacts c WHERE c.workspace = ?1
    UNION ALL SELECT 'contact', p.contact, NULL, p.value FROM contact_points p WHERE p.workspace = ?1
    UNION ALL SELECT iif(t.contact IS NULL, 'task', 'contact'), coalesce(t.contact, t.id),
                     iif(t.contact IS NULL, t.conversation, NULL), t.wish || ' ' || t.name
        FROM tasks t WHERE t.workspace = ?1
    UNION ALL SELECT iif(c.id IS NULL, 'analysis', 'crm'),
                     iif(c.id IS NULL, a.id, c.id || '/lead/' || substr(a.about, length(c.id) + 2)), a.conversation,
                     a.title || ' ' || a.about || ' ' || a.body || ' ' || coalesce(a.said, '')
        FROM analyses a LEFT JOIN crm_accounts c ON a.source = 'crm' AND c.workspace = a.workspace
             AND substr(a.about, 1, length(c.id) + 1) = c.id || '/'
        WHERE a.workspace = ?1
    UNION ALL SELECT 'crm', l.account || '/lead/' || l.id, NULL, l.name || ' ' || l.facts FROM crm_leads l
        WHERE l.workspace = ?1
    UNION ALL SELECT 'crm', t.account || '/lead/' || t.lead, NULL, t.text FROM crm_transcripts t
        WHERE t.workspace = ?1
    UNION ALL SELECT 'crm', m.account || CASE WHEN m.lead IS NOT NULL THEN '/lead/' || m.lead
                                              WHEN m.contact IS NOT NULL THEN '/contact/' || m.contact
                                              ELSE '/message/' || m.id END,
                     NULL, coalesce(m.author, '') || ' ' || m.text
        FROM crm_messages m WHERE m.workspace = ?1";

/// When something was said, and how much erasing it would erase.
fn describe(
    conn: &Connection,
    workspace: WorkspaceId,
    subject: &Subject,
) -> Result<(UnixMs, Traces), StoreError> {
    Ok(match subject.clone() {
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
        Subject::Contact(id) => {
            let contact = contacts::get_even_due(conn, workspace, id)?;
            (
                contact.updated_at,
                super::traces_of_contact(conn, &contact)?,
            )
        }
        Subject::Task(id) => {
            let traces = Traces {
                tasks: 1,
                ..Traces::default()
            };
            (tasks::get(conn, workspace, id)?.created_at, traces)
        }
        Subject::Analysis(id) => {
            let traces = Traces {
                analyses: 1,
                ..Traces::default()
            };
            (analyses::get(conn, workspace, id)?.created_at, traces)
        }
        Subject::Crm(found) => remote::describe(conn, workspace, &found)?,
    })
}
