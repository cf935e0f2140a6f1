//! Stores what a turn leaves behind: messages and the receipt.

use serde_json::{Map, Value, json};

use super::begin::{HISTORY, Opened};
use super::handover::{self, Need};
use super::rungs::Draft;
use super::trace::Trace;
use super::types::{Answer, Citation, Rung, Stored, Timings};
use crate::knowledge::{Audience, Passage};
use crate::llm::{ChatMessage, Role};
use crate::store::conversations::ConversationState;
use crate::store::gaps::{self, GapReason};
use crate::store::messages::{self, Message, MessageState, Speaker};
use crate::store::receipts::{self, NewReceipt};
use crate::store::versions::Version;
use crate::store::{
    self, AssistantId, ConversationId, ReceiptId, Scoped, Store, StoreError, Transaction, UnixMs,
    VersionId, WorkspaceId,
};

pub(super) fn now() -> UnixMs {
    jiff::Timestamp::now().as_millisecond()
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
        .map(|m| ChatMessage::new(to_role(m.role), strip_marks(&m.text)))
        .collect()
}

/// Staff answer too. A notice may ask for a number, and it stands between what was said to a person and what is asked now.
fn to_role(speaker: Speaker) -> Role {
    match speaker {
        Speaker::User => Role::User,
        Speaker::Assistant | Speaker::Agent | Speaker::System => Role::Assistant,
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

/// Stores the part of an answer that is about to be shown; `false` if a person speaks now, and nothing may be shown.
pub(super) async fn keep_shown(store: &Store, opened: &mut Opened, text: String) -> bool {
    let (answer, conversation) = (opened.answer.clone(), opened.conversation.clone());
    let (shown, asked) = (text.clone(), opened.answer.seq);
    let kept = store.write(move |tx| {
        if !handover::is_turn_of_assistant(tx, &conversation, asked)?.0 {
            return Ok(false);
        }
        messages::update(tx, &answer, &text, MessageState::Interrupted)?;
        Ok(true)
    });
    match kept.await {
        Ok(kept) => {
            opened.shown = kept.then_some(shown);
            kept
        }
        Err(error) => {
            tracing::warn!(%error, "a part of an answer could not be kept");
            false
        }
    }
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
    pub(super) opened: Option<Box<Opened>>,
    pub(super) question: &'a str,
    pub(super) draft: Draft,
    pub(super) trace: Trace,
    pub(super) passages: &'a [Passage],
    pub(super) model: Option<(String, Option<String>)>,
    pub(super) timings: Timings,
    pub(super) marks: Marks,
}

/// How a turn ended.
pub(super) enum Ended {
    Answered(Box<Answer>),
    /// A person speaks now: the answer was thrown away.
    GaveWay(Stored),
}

/// The circumstances of a turn, for the receipt.
pub(super) struct Marks {
    /// An evaluation or a replay asked, not a visitor.
    pub(super) evaluation: bool,
    pub(super) audience: Audience,
    /// The assistant that answered.
    pub(super) assistant: AssistantId,
    /// Its short name.
    pub(super) name: String,
    /// Its version; 0 for a draft.
    pub(super) version: u32,
    /// The time set for the answer; `None` for the clock.
    pub(super) now: Option<jiff::Timestamp>,
    /// Number of earlier messages that the answer could use.
    pub(super) earlier: usize,
    /// The question, understandable without them.
    pub(super) in_full: String,
    /// What may call a person.
    pub(super) need: Need,
}

impl Marks {
    fn note(&self, checks: &mut Map<String, Value>) {
        checks.insert("assistant".into(), json!(self.name));
        checks.insert("assistant_version".into(), json!(self.version));
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

/// Stores answer and receipt in one transaction, if it is still the assistant's turn; calls a person where that is due.
pub(super) async fn close(store: &Store, record: Record<'_>) -> Result<Ended, StoreError> {
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
    let need = marks.need;
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
    let (provider, options) = (trace.told_provider(), trace.options());
    let is_no_gap = trace.declined.is_some() || trace.has_failed_tool();
    let mut checks = trace.into_json();
    marks.note(&mut checks);
    // A related passage is not an answer either: show the gap to the owner.
    let unanswered = match draft.rung {
        _ if marks.evaluation => None,
        // What the owner leaves to others is no gap, and neither is what a tool should have known.
        _ if is_no_gap => None,
        Rung::Refusal | Rung::Related => Some(marks.in_full),
        _ => draft.open.take(),
    };
    let (question, text) = (question.to_owned(), draft.text.clone());
    let (times, tokens) = (json!(timings), json!(draft.tokens));
    let (rung, prompt_hash) = (draft.rung, draft.prompt_hash.take());
    let (assistant, version) = (marks.assistant, marks.version);
    let conversation = opened.as_ref().map(|opened| opened.conversation.id);
    let flow = draft.flow.take();
    let ended = store.write(move |tx| {
        let (mut stored, text, called) = match &opened {
            Some(opened) => match place(tx, opened, text, need)? {
                Placed::There(stored, text) => (Some(stored), text, false),
                Placed::Called(stored, text) => (Some(stored), text, true),
                Placed::GaveWay(stored) => return Ok(Err(stored)),
            },
            None => (None, text, false),
        };
        if let (Some(flow), Some(opened), false) = (&flow, &opened, called) {
            store::workflows::write_run(tx, &opened.conversation, flow, now())?;
        }
        let rung = if called { Rung::Talk } else { rung };
        let (name, hash) = model
            .as_ref()
            .map(|(n, h)| (n.as_str(), h.as_deref()))
            .unzip();
        let checks = Value::Object(checks);
        let receipt = NewReceipt {
            id,
            conversation,
            message: stored.map(|stored| stored.message),
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
        if let (Some(stored), Some(conversation)) = (&mut stored, conversation)
            && stored.state == ConversationState::Open
        {
            let conversation = store::conversations::get(tx, workspace, conversation)?;
            store::conversations::set_answered_by(tx, &conversation, assistant, version)?;
            stored.state = handover::call_by_rule(tx, &conversation, need, now())?;
        }
        Ok(Ok((stored, text, rung, called)))
    });
    let (stored, text, rung, called) = match ended.await? {
        Ok(placed) => placed,
        Err(stored) => return Ok(Ended::GaveWay(stored)),
    };
    Ok(Ended::Answered(Box::new(Answer {
        answer: text,
        rung,
        citations: if called { Vec::new() } else { draft.citations },
        receipt: Some(id.to_string()),
        timings_ms: timings,
        tokens: draft.tokens,
        handoff: draft.handoff,
        // A text that the engine interrupted is never shown.
        interrupted: false,
        provider,
        options: if called { Vec::new() } else { options },
        stored,
    })))
}

/// Where an answer went.
enum Placed {
    /// Into its message, as this text.
    There(Stored, String),
    /// In its place the visitor was told that a person is called, or that nobody is there.
    Called(Stored, String),
    GaveWay(Stored),
}

/// Puts an answer into its conversation, unless a person speaks now.
fn place(
    tx: &Transaction<'_>,
    opened: &Opened,
    text: String,
    need: Need,
) -> Result<Placed, StoreError> {
    let (begun, seq) = (&opened.conversation, opened.answer.seq);
    let (may, conversation) = handover::is_turn_of_assistant(tx, begun, seq)?;
    let text = match (&opened.shown, may) {
        (_, true) => text,
        // What the visitor has read already stays, and nothing is added.
        (Some(shown), false) => shown.clone(),
        (None, false) => {
            handover::give_way(tx, opened, &conversation, now())?;
            return Ok(Placed::GaveWay(Stored::of(
                &opened.asked,
                conversation.state,
            )));
        }
    };
    if may
        && opened.shown.is_none()
        && let Some(called) = handover::connect(tx, &conversation, need, now())?
        && let Some(notice) = called.notice
    {
        messages::remove(tx, &opened.answer)?;
        let stored = Stored::of(&notice, called.conversation.state);
        return Ok(Placed::Called(stored, notice.text.clone()));
    }
    messages::update(tx, &opened.answer, &text, MessageState::Complete)?;
    let stored = Stored::of(&opened.answer, conversation.state);
    Ok(Placed::There(stored, text))
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
