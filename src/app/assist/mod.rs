//! What the assistant does for staff in a conversation: a draft of an answer, a summary, a translation, and making an answer that
//! a person gave an approved one. None of it is said to the visitor.

mod extract;
mod summary;
mod translate;

pub use summary::{How, Summary, summarise};
pub use translate::{Translation, Wanted, translate};

use super::App;
use crate::access::{Denied, Member, Scope};
use crate::agent::{AgentError, Answer, Display, Turn};
use crate::inbox::staff::DAILY;
use crate::knowledge::{Audience, FaqDraft, KnowledgeError, View};
use crate::llm::{ChatMessage, Claim, LlmError, Role};
use crate::store::conversations::{self, Conversation};
use crate::store::faqs::FaqState;
use crate::store::inbox::transcript::{self, Said};
use crate::store::messages::{self, Message, Speaker};
use crate::store::{
    Connection, ConversationId, DocumentId, FaqId, MessageId, Scoped, StoreError, assistants,
};

/// Messages that are looked back on in one go.
const LOOK_BACK: u32 = 30;
/// In characters.
const LONGEST_QUESTION: usize = 500;
/// Of a document, in characters.
const LONGEST_TITLE: usize = 120;

#[derive(Debug, thiserror::Error)]
pub enum AssistError {
    #[error("the visitor has written nothing yet, so there is nothing to answer")]
    NothingSaid,
    #[error("there is no such answer of staff in this conversation")]
    NotOfStaff,
    #[error(
        "the question must have 1 to {LONGEST_QUESTION} characters; write the one that this answers"
    )]
    Question,
    #[error("there is no such message in this conversation")]
    NoMessage,
    #[error("a text to translate has 1 to {} characters", translate::LONGEST)]
    Length,
    #[error(
        "it is not known which language to translate into; name one of de, en, es, fr, it, pt, nl, pl, tr, ru, ar and zh"
    )]
    Language,
    #[error("this text is in {0} already")]
    SameLanguage(&'static str),
    #[error("without a language model nothing can be translated here: {0}")]
    NoModel(String),
    #[error(
        "the language model on this machine needs {seconds} seconds or more for this text, too long to wait; choose a smaller \
         model, or translate a shorter text"
    )]
    TooSlow { seconds: u64 },
    #[error(
        "what the language model wrote is no translation that can be relied on; try again, or use other words"
    )]
    NotTranslated,
    #[error(transparent)]
    Model(#[from] LlmError),
    #[error(transparent)]
    Agent(#[from] AgentError),
    #[error(transparent)]
    Knowledge(#[from] KnowledgeError),
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What was said in a conversation, oldest first, and the workspace's assistant for it.
async fn read(
    app: &App,
    by: &Member,
    id: ConversationId,
    limit: u32,
) -> Result<(Vec<Said>, assistants::Assistant), AssistError> {
    let workspace = by.need(DAILY)?;
    let read = app.store.read(move |conn| {
        let of = conversations::get(conn, workspace, id)?;
        let assistant = match of.assistant {
            Some(id) => assistants::find(conn, workspace, id)?.map(Scoped::into_inner),
            None => None,
        };
        Ok((transcript::read(conn, &of, None, limit)?.said, assistant))
    });
    let (said, assistant) = read.await?;
    let assistant = match assistant {
        Some(assistant) => assistant,
        None => super::default_assistant(&app.store, workspace).await?,
    };
    Ok((said, assistant))
}

/// What the assistant would answer the visitor's last message. Nothing of it is kept or sent.
///
/// # Errors
/// `NothingSaid` before the visitor's first word.
pub async fn draft(
    app: &App,
    by: &Member,
    id: ConversationId,
    claim: Claim,
) -> Result<Answer, AssistError> {
    let (mut said, assistant) = read(app, by, id, LOOK_BACK).await?;
    let last = said
        .iter()
        .rposition(|said| said.message.role == Speaker::User)
        .ok_or(AssistError::NothingSaid)?;
    let question = said[last].message.text.clone();
    said.truncate(last);
    let history = said.into_iter().filter_map(|said| {
        let role = match said.message.role {
            Speaker::User => Role::User,
            Speaker::Assistant | Speaker::Agent => Role::Assistant,
            Speaker::System => return None,
        };
        Some(ChatMessage::new(role, said.message.text))
    });
    let turn = Turn {
        workspace: by.workspace(),
        assistant,
        conversation: None,
        history: history.collect(),
        question,
        client_id: None,
        claim,
        sampling: None,
        now: None,
        // The visitor will read what becomes of it.
        audience: Audience::Visitors,
        display: Display::Whole,
        evaluation: true,
        stays: false,
    };
    Ok(app.agent.measure(turn, View::Live).await?.answer)
}

/// What becomes of an answer that a person gave.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum KeepAs {
    /// The approved answer to the question, given word for word.
    #[default]
    Answer,
    /// A document that answers are found in, with the question as its title.
    Document,
}

/// What was made of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    Answer(FaqId, FaqState),
    Document(DocumentId),
}

/// Makes an answer that a person wrote the approved answer to a question, or a document; without a question, to the visitor's
/// last message before it. Whoever may not change the knowledge makes a draft of an approved answer, which somebody else
/// approves. Of a message with a machine's translation the person's own words count.
///
/// # Errors
/// `NotOfStaff` for another message, `Question` without a question, `Denied` for a document of somebody who may not change the
/// knowledge.
pub async fn approve(
    app: &App,
    by: &Member,
    id: ConversationId,
    message: MessageId,
    question: Option<String>,
    keep_as: KeepAs,
) -> Result<Kept, AssistError> {
    let workspace = by.need(DAILY)?;
    let read = app.store.read(move |conn| {
        let of = conversations::get(conn, workspace, id)?;
        read_answer(conn, &of, message)
    });
    let said = read.await?.ok_or(AssistError::NotOfStaff)?;
    let (answer, before) = said.split_last().ok_or(AssistError::NotOfStaff)?;
    let asked = before
        .first()
        .filter(|first| first.message.role == Speaker::User)
        .map(|first| first.message.text.clone());
    // What the assistant said to the question, if it did, may have left a gap.
    let since = before.iter().filter(|_| asked.is_some());
    let gaps: Vec<_> = since.filter_map(|said| said.message.receipt).collect();
    let question = question.or(asked).unwrap_or_default().trim().to_owned();
    if !(1..=LONGEST_QUESTION).contains(&question.chars().count()) {
        return Err(AssistError::Question);
    }
    let words = translate::own_words(&answer.message.text);
    if keep_as == KeepAs::Document {
        let title: String = question.chars().take(LONGEST_TITLE).collect();
        let documents = app.knowledge.documents();
        let written = documents.write_snippet(by, None, &title, words).await?;
        return Ok(Kept::Document(written.document));
    }
    let may = by.principal().may(Scope::Documents);
    let draft = FaqDraft {
        questions: vec![question],
        answer: words.to_owned(),
        state: if may {
            FaqState::Approved
        } else {
            FaqState::Draft
        },
        owner: answer.author.clone().unwrap_or_default(),
        language: None,
        expires_at: None,
        gaps,
    };
    let (state, faqs) = (draft.state, app.knowledge.faqs());
    let faq = match may {
        true => faqs.write(by, None, draft).await?,
        false => faqs.suggest(by, draft).await?,
    };
    Ok(Kept::Answer(faq, state))
}

/// A message of a conversation, or of one that was merged into it; `None` if it is none of theirs.
fn message_of(
    conn: &Connection,
    of: &Scoped<Conversation>,
    message: MessageId,
) -> Result<Option<Message>, StoreError> {
    let found = match messages::get(conn, of.workspace(), message) {
        Ok(found) => found.into_inner(),
        Err(StoreError::NotFound(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let is_here = transcript::parts(conn, of.id)?.contains(&found.conversation);
    Ok(is_here.then_some(found))
}

/// An answer of staff as the last one, with what was said before it since the visitor's last message, which is the first then;
/// `None` if there is no such answer in the conversation.
fn read_answer(
    conn: &Connection,
    of: &Scoped<Conversation>,
    answer: MessageId,
) -> Result<Option<Vec<Said>>, StoreError> {
    let found = message_of(conn, of, answer)?;
    let Some(found) = found.filter(|found| found.role == Speaker::Agent) else {
        return Ok(None);
    };
    let mut said = Vec::new();
    let mut before = found.seq + 1;
    loop {
        let page = transcript::read(conn, of, Some(before), LOOK_BACK)?;
        let mut earlier = page.said;
        let asked_at = earlier
            .iter()
            .rposition(|said| said.message.role == Speaker::User);
        earlier.drain(..asked_at.unwrap_or(0));
        let first = earlier.first().map(|said| said.message.seq);
        earlier.append(&mut said);
        said = earlier;
        match first {
            Some(seq) if asked_at.is_none() && page.older => before = seq,
            _ => return Ok(Some(said)),
        }
    }
}
