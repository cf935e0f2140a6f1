//! A person on the call: while one has the conversation, or is called, the front desk is silent. What the person writes is
//! spoken, and what the caller says is stored for them.

use serde_json::json;

use super::VoiceSession;
use super::services::Services;
use crate::inbox::desk;
use crate::inbox::live::Following;
use crate::inbox::state::assistant_answers;
use crate::inbox::turns::{self, Why};
use crate::store::conversations::{self, ConversationState};
use crate::store::messages::{self, MessageState, NewMessage, Speaker};
use crate::store::{Connection, StoreError, Transaction, UnixMs};
use crate::voice::line::Phase;
use crate::voice::turn_taker::Floor;

/// Messages looked at in one go.
const AT_ONCE: u32 = 50;

/// Who answers the call's conversation.
pub(super) struct OnTheLine {
    pub(super) following: Following,
    state: ConversationState,
    /// The last message that was looked at.
    seen: i64,
}

/// What changed in the conversation.
struct Look {
    state: ConversationState,
    /// What is to be said.
    said: Vec<String>,
    seen: i64,
    is_desk_open: bool,
}

fn now() -> UnixMs {
    jiff::Timestamp::now().as_millisecond()
}

impl OnTheLine {
    /// Follows the conversation of a call from now on.
    pub(super) async fn begin(services: &Services) -> Result<Self, StoreError> {
        // Before the first look, so that nothing falls between.
        let following = services
            .parts
            .inbox
            .live()
            .conversation(services.conversation);
        let (workspace, id) = (services.caller.workspace, services.conversation);
        let look = services.parts.store.read(move |conn| {
            let conversation = conversations::get(conn, workspace, id)?;
            let last = messages::list(conn, &conversation, 1)?.pop();
            Ok((conversation.state, last.map_or(0, |last| last.seq)))
        });
        let (state, seen) = look.await?;
        Ok(Self {
            following,
            state,
            seen,
        })
    }

    /// Whether the front desk itself answers; in a closed conversation too, which opens again with the answer.
    pub(super) fn is_nobody(&self) -> bool {
        assistant_answers(self.state) || self.state == ConversationState::Closed
    }
}

impl Services {
    async fn look(&self, after: i64) -> Result<Look, StoreError> {
        let (workspace, id) = (self.caller.workspace, self.conversation);
        let look = self.parts.store.read(move |conn| {
            let conversation = conversations::get(conn, workspace, id)?;
            let later = messages::list_after(conn, &conversation, after, AT_ONCE)?;
            let seen = later.last().map_or(after, |last| last.seq);
            let aloud = [Speaker::Agent, Speaker::System];
            let said = later.into_iter().filter(|said| aloud.contains(&said.role));
            Ok(Look {
                state: conversation.state,
                said: said.map(|said| said.text).collect(),
                seen,
                is_desk_open: desk::is_open_for(conn, &conversation, now())?,
            })
        });
        look.await
    }

    /// Whether somebody is at the desk.
    pub(super) async fn is_desk_open(&self) -> bool {
        let (workspace, id) = (self.caller.workspace, self.conversation);
        let look = move |conn: &Connection| {
            let conversation = conversations::get(conn, workspace, id)?;
            desk::is_open_for(conn, &conversation, now())
        };
        self.parts.store.read(look).await.unwrap_or(false)
    }

    /// Calls a person; the caller hears of it as of every message of the desk.
    pub(super) fn call_person(&self) {
        let (workspace, id) = (self.caller.workspace, self.conversation);
        let store = self.parts.store.clone();
        self.parts.tasks.spawn(async move {
            let ask = move |tx: &Transaction<'_>| {
                let conversation = conversations::get(tx, workspace, id)?;
                turns::ask(tx, &conversation, Why::Visitor, now())
            };
            if let Err(error) = store.write(ask).await {
                tracing::warn!(%error, "a person could not be called to a call");
            }
        });
    }

    /// Stores what the caller says to the person.
    async fn tell_person(&self, text: String) -> Result<(), StoreError> {
        let (workspace, id) = (self.caller.workspace, self.conversation);
        let tell = self.parts.store.write(move |tx| {
            // The person may have closed it while the caller spoke.
            let conversation = conversations::get(tx, workspace, id)?;
            let conversation = turns::reopen(tx, &conversation, now())?;
            let new = NewMessage {
                role: Speaker::User,
                text: &text,
                state: MessageState::Complete,
                client_id: None,
                author: None,
            };
            messages::append(tx, &conversation, &new, now())?;
            Ok(())
        });
        tell.await
    }
}

impl VoiceSession {
    /// Says what a person wrote, and steps back or forward as they come and go.
    pub(super) async fn look_at_conversation(&mut self) {
        let look = match self.services.look(self.on_the_line.seen).await {
            Ok(look) => look,
            Err(error) => {
                tracing::warn!(%error, "a call does not know who answers it");
                return;
            }
        };
        self.on_the_line.seen = look.seen;
        self.answering.set_desk_open(look.is_desk_open);
        let before = std::mem::replace(&mut self.on_the_line.state, look.state);
        if before != look.state {
            self.record_event("person", json!({"state": look.state.as_str()}));
        }
        if assistant_answers(before) && !self.on_the_line.is_nobody() {
            let open = self.answering.open_question().map(str::to_owned);
            self.drop_pending();
            self.manners.forget_callback();
            if let Some(question) = open {
                self.pass_on(question).await;
            }
        }
        if look.state == ConversationState::Human
            && before != look.state
            && self.answering.is_busy()
        {
            self.break_off("person").await;
        }
        for text in look.said {
            self.say_by_itself(&text);
        }
        let nobody_came =
            before == ConversationState::Waiting && look.state == ConversationState::Open;
        if nobody_came && self.manners.offer_callback() {
            self.record_event("callback_offered", json!({}));
            self.say_by_itself(self.services.phrases.offer);
        }
    }

    /// Stores the caller's words for the person, and listens on.
    pub(super) async fn pass_on(&mut self, text: String) {
        if let Err(error) = self.services.tell_person(text).await {
            self.record_event("words_not_kept", json!({"error": error.to_string()}));
            tracing::warn!(%error, "a caller's words could not be kept");
        }
        if !self.answering.is_busy() {
            self.ear.set_floor(Floor::Open);
            self.set_phase(Phase::Listening);
        }
    }
}

#[cfg(test)]
#[path = "person_tests.rs"]
mod tests;
