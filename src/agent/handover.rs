//! When an answer gives way to a person, or calls one.

use super::begin::Opened;
use super::climb::Climbed;
use super::talk::Talk;
use super::types::Rung;
use crate::inbox::desk::{self, DeskSettings};
use crate::inbox::state;
use crate::inbox::turns::{self, Asked, Why};
use crate::store::conversations::{self, Channel, Conversation, ConversationState};
use crate::store::messages::{self, Speaker};
use crate::store::{self, Connection, Scoped, StoreError, Transaction, UnixMs, events, receipts};

/// Messages after a question that are looked at for a person's word.
const LATER: u32 = 20;

/// What about an answer may call a person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Need {
    /// The visitor wishes to speak with a person.
    wish: bool,
    /// The owner wrote what to say to that.
    owners_words: bool,
    /// It answers nothing.
    refused: bool,
    /// The owner leaves its topic or its language to people.
    left_to_people: bool,
    /// It is about something where a wrong answer costs money, health or rights.
    risky: bool,
}

impl Need {
    pub(super) fn of(question: &str, climbed: &Climbed) -> Self {
        let topics = &climbed.settings.quote_only;
        let declined = climbed.trace.declined.as_ref();
        Self {
            wish: climbed.trace.talk == Some(Talk::Person),
            owners_words: climbed.draft.rung == Rung::Faq,
            refused: declined.is_none() && is_refusal(climbed.draft.rung.as_str()),
            left_to_people: declined.is_some_and(|declined| declined.hand_over),
            risky: topics.iter().any(|topic| topic.is_of(question)),
        }
    }
}

fn is_refusal(rung: &str) -> bool {
    [Rung::Refusal.as_str(), Rung::Related.as_str()].contains(&rung)
}

/// Whether the assistant may still answer: it is its turn, and nobody else spoke since it began its message.
pub(super) fn is_turn_of_assistant(
    conn: &Connection,
    begun: &Scoped<Conversation>,
    answer: i64,
) -> Result<(bool, Scoped<Conversation>), StoreError> {
    let now = conversations::get(conn, begun.workspace(), begun.id)?;
    if !state::assistant_answers(now.state) {
        return Ok((false, now));
    }
    if now.revision == begun.revision {
        return Ok((true, now));
    }
    let later = messages::list_after(conn, &now, answer, LATER)?;
    let others = [Speaker::Agent, Speaker::System];
    Ok((
        !later.iter().any(|message| others.contains(&message.role)),
        now,
    ))
}

/// Throws an answer away that came too late. The question waits for the person's word.
pub(super) fn give_way(
    tx: &Transaction<'_>,
    opened: &Opened,
    conversation: &Scoped<Conversation>,
    now: UnixMs,
) -> Result<(), StoreError> {
    messages::remove(tx, &opened.answer)?;
    let later = messages::list_after(tx, conversation, opened.asked.seq, LATER)?;
    let answered = later.iter().any(|message| message.role == Speaker::Agent);
    let theirs = [ConversationState::Waiting, ConversationState::Human];
    if answered || !theirs.contains(&conversation.state) {
        return Ok(());
    }
    store::handover::wait_since(tx, conversation, opened.asked.created_at)?;
    let data = serde_json::json!({ "message": opened.asked.id });
    let subject = conversation.id.to_string();
    events::append(
        tx,
        conversation.workspace(),
        "message_received",
        &subject,
        &data,
        now,
    )?;
    Ok(())
}

/// Calls a person in place of the answer, because the visitor wishes one: what the visitor is told is the answer. `None` if
/// the answer stays.
pub(super) fn connect(
    tx: &Transaction<'_>,
    conversation: &Scoped<Conversation>,
    need: Need,
    now: UnixMs,
) -> Result<Option<Asked>, StoreError> {
    if !need.wish || conversation.channel != Channel::Chat {
        return Ok(None);
    }
    // With nobody there, the owner's own words say more than ours.
    if need.owners_words && !desk::is_open_for(tx, conversation, now)? {
        return Ok(None);
    }
    turns::ask(tx, conversation, Why::Visitor, now).map(Some)
}

/// Calls a person after an answer, by the rules of the desk; returns who answers from now on.
pub(super) fn call_by_rule(
    tx: &Transaction<'_>,
    conversation: &Scoped<Conversation>,
    need: Need,
    now: UnixMs,
) -> Result<ConversationState, StoreError> {
    let due = need.refused || need.left_to_people;
    if !due || conversation.channel != Channel::Chat {
        return Ok(conversation.state);
    }
    let rules = DeskSettings::of_conversation(tx, conversation)?.hand_over;
    let why = if need.left_to_people {
        Why::Topic
    } else if need.risky && rules.risky {
        Why::Risky
    } else if rules.refusals > 0
        && count_refusals(tx, conversation, rules.refusals)? >= rules.refusals
    {
        Why::Refusals
    } else {
        return Ok(conversation.state);
    };
    Ok(turns::ask(tx, conversation, why, now)?.conversation.state)
}

/// How many answers up to the last one were none, `most` at most.
fn count_refusals(
    conn: &Connection,
    conversation: &Scoped<Conversation>,
    most: u32,
) -> Result<u32, StoreError> {
    let rungs = receipts::last_rungs(conn, conversation, most)?;
    let refused = rungs.iter().take_while(|rung| is_refusal(rung)).count();
    Ok(u32::try_from(refused).unwrap_or(most))
}
