//! Stores what a turn leaves behind: messages and the receipt.

use serde_json::{Map, Value, json};

use super::rungs::Draft;
use super::trace::Trace;
use super::types::{Answer, Citation, Rung, Timings};
use crate::knowledge::{Audience, Passage};
use crate::llm::{ChatMessage, Role};
use crate::store::conversations::Conversation;
use crate::store::gaps::{self, GapReason};
use crate::store::messages::{self, Appended, Message, MessageState, NewMessage, Speaker};
use crate::store::receipts::{self, NewReceipt};
use crate::store::versions::Version;
use crate::store::{
    self, ConversationId, ReceiptId, Scoped, Store, StoreError, UnixMs, VersionId, WorkspaceId,
};

/// Most messages of a conversation to show to the model.
const HISTORY: u32 = 8;

pub(super) fn now() -> UnixMs {
    jiff::Timestamp::now().as_millisecond()
}

/// The messages of a turn in its conversation.
pub(super) struct Opened {
    pub(super) conversation: Scoped<Conversation>,
    /// Earlier messages, oldest first.
    pub(super) history: Vec<ChatMessage>,
    /// The answer's message, empty and "interrupted" until the answer is complete.
    pub(super) answer: Scoped<Message>,
}

/// Stores the question, and an empty message for its answer.
pub(super) async fn open(
    store: &Store,
    workspace: WorkspaceId,
    id: ConversationId,
    question: String,
    client_id: Option<String>,
) -> Result<Opened, StoreError> {
    store
        .write(move |tx| {
            let conversation = store::conversations::get(tx, workspace, id)?;
            let earlier = messages::list(tx, &conversation, HISTORY)?;
            let asked = NewMessage {
                role: Speaker::User,
                text: &question,
                state: MessageState::Complete,
                client_id: client_id.as_deref(),
            };
            if let Appended::Known(_) = messages::append(tx, &conversation, &asked, now())? {
                return Err(StoreError::Conflict("this message was sent already".into()));
            }
            if conversation.title.is_empty() {
                let title: String = question.chars().take(80).collect();
                store::conversations::set_title(tx, &conversation, &title)?;
            }
            let answer = NewMessage {
                role: Speaker::Assistant,
                text: "",
                state: MessageState::Interrupted,
                client_id: None,
            };
            let answer = messages::append(tx, &conversation, &answer, now())?.into_message();
            Ok(Opened {
                conversation,
                history: visible_history(&earlier),
                answer,
            })
        })
        .await
}

/// Earlier messages of a conversation as the model sees them.
pub(super) async fn history(
    store: &Store,
    workspace: WorkspaceId,
    id: ConversationId,
) -> Result<Vec<ChatMessage>, StoreError> {
    store
        .read(move |conn| {
            let conversation = store::conversations::get(conn, workspace, id)?;
            Ok(visible_history(&messages::list(
                conn,
                &conversation,
                HISTORY,
            )?))
        })
        .await
}

/// Messages as the model sees them: the last few, without citation numbers.
pub(super) fn visible_history(earlier: &[Message]) -> Vec<ChatMessage> {
    let skip = earlier.len().saturating_sub(HISTORY as usize);
    earlier
        .iter()
        .skip(skip)
        .filter(|m| !m.text.is_empty())
        .filter_map(|m| Some(ChatMessage::new(to_role(m.role)?, strip_marks(&m.text))))
        .collect()
}

fn to_role(speaker: Speaker) -> Option<Role> {
    match speaker {
        Speaker::User => Some(Role::User),
        Speaker::Assistant => Some(Role::Assistant),
        _ => None,
    }
}

/// Removes citation numbers from an earlier answer: a model that sees them invents its own.
fn strip_marks(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(" [") {
        let (before, mark) = rest.split_at(at);
        let digits = mark
            .get(2..)
            .unwrap_or("")
            .chars()
            .take_while(char::is_ascii_digit)
            .count();
        out.push_str(before);
        if digits > 0 && mark.get(2 + digits..).is_some_and(|r| r.starts_with(']')) {
            rest = mark.get(3 + digits..).unwrap_or("");
        } else {
            out.push_str(" [");
            rest = mark.get(2..).unwrap_or("");
        }
    }
    out.push_str(rest);
    out
}

/// Stores the part of an interrupted answer that was given.
pub(super) async fn keep_partial(store: &Store, answer: Scoped<Message>, text: String) {
    let kept = store
        .write(move |tx| messages::update(tx, &answer, &text, MessageState::Interrupted))
        .await;
    if let Err(error) = kept {
        tracing::warn!(%error, "an interrupted answer could not be kept");
    }
}

/// Marks an answer as failed.
pub(super) async fn mark_failed(store: &Store, answer: Scoped<Message>) {
    let marked = store
        .write(move |tx| messages::update(tx, &answer, "", MessageState::Failed))
        .await;
    if let Err(error) = marked {
        tracing::warn!(%error, "a failed answer could not be marked");
    }
}

/// The contents of a receipt.
pub(super) struct Record<'a> {
    pub(super) workspace: WorkspaceId,
    pub(super) opened: Option<Opened>,
    pub(super) question: &'a str,
    pub(super) draft: Draft,
    pub(super) trace: Trace,
    pub(super) passages: &'a [Passage],
    pub(super) model: Option<(String, Option<String>)>,
    pub(super) timings: Timings,
    pub(super) marks: Marks,
}

/// The circumstances of a turn, for the receipt.
pub(super) struct Marks {
    /// An evaluation or a replay asked, not a visitor.
    pub(super) evaluation: bool,
    pub(super) audience: Audience,
    /// Short name of the assistant.
    pub(super) assistant: String,
    /// The time set for the answer; `None` for the clock.
    pub(super) now: Option<jiff::Timestamp>,
    /// Number of earlier messages that the answer could use.
    pub(super) earlier: usize,
    /// The question, understandable without them.
    pub(super) in_full: String,
}

impl Marks {
    fn note(&self, checks: &mut Map<String, Value>) {
        checks.insert("assistant".into(), json!(self.assistant));
        checks.insert("earlier_messages".into(), json!(self.earlier));
        if self.audience == Audience::Staff {
            checks.insert("staff".into(), json!(true));
        }
        if self.evaluation {
            checks.insert("evaluation".into(), json!(true));
        }
        if let Some(now) = self.now {
            checks.insert("now".into(), json!(now));
        }
    }
}

/// Stores answer and receipt in one transaction.
pub(super) async fn close(store: &Store, record: Record<'_>) -> Result<Answer, StoreError> {
    let Record {
        workspace,
        opened,
        question,
        mut draft,
        trace,
        passages,
        model,
        timings,
        marks,
    } = record;
    let versions = narrow_spans(store, workspace, &mut draft).await?;
    let id = ReceiptId::new();
    let found: Vec<_> = passages
        .iter()
        .map(|p| {
            json!({"document": p.document, "version": p.version, "title": p.title, "span": p.span,
                "page": p.page, "score": p.score(), "cosine": p.cosine, "coverage": p.coverage,
                "sha256": super::prompt::text_hash(&p.text)})
        })
        .collect();
    let cited: Vec<_> = draft
        .citations
        .iter()
        .zip(versions)
        .map(describe_cited)
        .collect();
    let passages = json!({ "found": found, "cited": cited });
    let mut checks = trace.into_json();
    marks.note(&mut checks);
    let checks = Value::Object(checks);
    // A related passage is not an answer either: show the gap to the owner.
    let unanswered = match draft.rung {
        _ if marks.evaluation => None,
        Rung::Refusal | Rung::Related => Some(marks.in_full),
        _ => draft.open.take(),
    };
    let (question, text) = (question.to_owned(), draft.text.clone());
    let (times, tokens) = (json!(timings), json!(draft.tokens));
    let (rung, prompt_hash) = (draft.rung, draft.prompt_hash.take());
    store
        .write(move |tx| {
            let (name, hash) = model
                .as_ref()
                .map(|(n, h)| (n.as_str(), h.as_deref()))
                .unzip();
            if let Some(opened) = &opened {
                messages::update(tx, &opened.answer, &text, MessageState::Complete)?;
            }
            let receipt = NewReceipt {
                id,
                conversation: opened.as_ref().map(|o| o.conversation.id),
                message: opened.as_ref().map(|o| o.answer.id),
                question: &question,
                rung: rung.as_str(),
                answer: &text,
                passages: &passages,
                model: name,
                model_hash: hash.flatten(),
                prompt_hash: prompt_hash.as_deref(),
                checks: &checks,
                timings: &times,
                tokens: &tokens,
            };
            receipts::insert(tx, workspace, &receipt, now())?;
            if let Some(asked) = &unanswered {
                gaps::note(tx, workspace, id, asked, GapReason::Refused, now())?;
            }
            Ok(())
        })
        .await?;
    Ok(Answer {
        answer: draft.text,
        rung: draft.rung,
        citations: draft.citations,
        receipt: Some(id.to_string()),
        timings_ms: timings,
        tokens: draft.tokens,
        handoff: draft.handoff,
        // A text that the engine interrupted is never shown.
        interrupted: false,
    })
}

/// A citation for the receipt: with the hash of its words and of the file, and the version number, so
/// that these are known even after the document is deleted.
fn describe_cited((citation, version): (&Citation, Option<Version>)) -> Value {
    let mut cited = json!(citation);
    if let Some(fields) = cited.as_object_mut() {
        let hash = super::prompt::text_hash(&citation.quote);
        fields.insert("sha256".into(), json!(hash));
        if let Some(version) = version {
            fields.insert("version_number".into(), json!(version.number));
            fields.insert("file_sha256".into(), json!(version.sha256));
        }
    }
    cited
}

/// Narrows each citation to its quote in the document's text; returns the document versions in the same order.
pub(super) async fn narrow_spans(
    store: &Store,
    workspace: WorkspaceId,
    draft: &mut Draft,
) -> Result<Vec<Option<Version>>, StoreError> {
    // Approved answers and facts have no version; their quote is all there is.
    let versions: Vec<Option<VersionId>> = draft
        .citations
        .iter()
        .map(|c| c.version.parse().ok())
        .collect();
    let read = store
        .read(move |conn| {
            let mut read = Vec::with_capacity(versions.len());
            for id in versions {
                read.push(match id {
                    Some(id) => match store::versions::get(conn, workspace, id) {
                        Ok(version) => {
                            let text = store::versions::find_text(conn, workspace, id)?;
                            Some((text, version.into_inner()))
                        }
                        // Deleted while the answer was being made.
                        Err(StoreError::NotFound(_)) => None,
                        Err(other) => return Err(other),
                    },
                    None => None,
                });
            }
            Ok(read)
        })
        .await?;
    let mut versions = Vec::with_capacity(read.len());
    for (citation, read) in draft.citations.iter_mut().zip(read) {
        let (text, version) = read.unzip();
        if let Some(text) = text.flatten() {
            super::cite::settle(citation, &text.text);
        }
        versions.push(version);
    }
    Ok(versions)
}

#[cfg(test)]
mod tests {
    #[test]
    fn citation_numbers_are_taken_out_of_earlier_answers() {
        assert_eq!(
            super::strip_marks("Open. [1] Free [x] parking. [12]"),
            "Open. Free [x] parking."
        );
    }
}
