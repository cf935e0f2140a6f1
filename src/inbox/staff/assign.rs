//! Who looks after a conversation.

use serde_json::json;

use super::super::notices::Notice;
use super::super::state::Act;
use super::super::turns::{first_name, language_of};
use super::{StaffError, change, me};
use crate::access::Member;
use crate::store::conversations::{Conversation, ConversationState};
use crate::store::handover::{self, Change};
use crate::store::inbox::teams;
use crate::store::users::{self, Role};
use crate::store::{
    ConversationId, Scoped, Store, StoreError, TeamId, Transaction, UnixMs, UserId, members,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Assignee {
    Nobody,
    User(UserId),
    Team(TeamId),
}

/// Who looks after a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holders {
    pub user: Option<UserId>,
    pub team: Option<TeamId>,
}

impl Holders {
    pub(super) fn of(conversation: &Conversation) -> Self {
        Self {
            user: conversation.assigned_to,
            team: conversation.team,
        }
    }
}

/// Gives a conversation to a person or a team. While a person has it, the visitor is told: another person takes over, or the
/// visitor waits for the team. Returns who looked after it before, and who does now.
///
/// # Errors
/// `NotFound` for a person or team that does not exist, `Conflict` for a suspended person.
pub async fn assign(
    store: &Store,
    by: &Member,
    id: ConversationId,
    to: Assignee,
    now: UnixMs,
) -> Result<(Holders, Holders), StaffError> {
    let who = me(by);
    change(store, by, id, move |tx, of| {
        let before = Holders::of(of);
        let (user, team) = match to {
            Assignee::Nobody => (None, None),
            Assignee::User(user) => (Some(user), of.team),
            Assignee::Team(team) => (None, Some(teams::get(tx, of.workspace(), team)?.id)),
        };
        let after = Holders { user, team };
        give(tx, of, after, who, now)?;
        Ok((before, after))
    })
    .await
}

fn give(
    tx: &Transaction<'_>,
    of: &Scoped<Conversation>,
    to: Holders,
    who: Option<UserId>,
    now: UnixMs,
) -> Result<(), StoreError> {
    let before = Holders::of(of);
    if to == before {
        return Ok(());
    }
    let with_person = of.state == ConversationState::Human;
    let language = language_of(tx, of)?;
    let data = json!({ "to": to.user, "team": to.team, "by": who });
    let mut change = Change::new("conversation_assigned", &data)
        .assign(to.user)
        .team(to.team);
    let mut notice = None;
    match to.user {
        Some(user) => {
            let person = users::get(tx, user)?;
            if person.suspended_at.is_some() {
                let told = "this account is suspended, so nobody would answer";
                return Err(StoreError::Conflict(told.into()));
            }
            match members::role_of(tx, of.workspace(), &person)? {
                // Whoever works elsewhere only does not exist here.
                None => return Err(StoreError::NotFound("the user")),
                Some(Role::Viewer) => {
                    let told = "this account may only look on, so nobody would answer";
                    return Err(StoreError::Conflict(told.into()));
                }
                Some(Role::Owner | Role::Admin | Role::Agent) => {}
            }
            if with_person && before.user != Some(user) {
                let name = first_name(&person.name);
                notice = Some(Notice::TakenOver { name }.text(language));
                // From now on it counts whether they are there.
                change = change.agent_seen_at(Some(now));
            }
        }
        None if with_person => {
            notice = Some(Notice::Waiting.text(language));
            change = change
                .state(Act::Requeue.from(of.state).unwrap_or(of.state))
                .waiting_since(Some(of.waiting_since.unwrap_or(now)))
                .agent_seen_at(None);
        }
        None => {}
    }
    if let Some(text) = &notice {
        change = change.notice(text);
    }
    handover::apply(tx, of, None, &change, now).map(drop)
}

/// Puts back who looked after a conversation, as far as they are still there.
pub(super) fn restore(
    tx: &Transaction<'_>,
    of: &Scoped<Conversation>,
    before: Holders,
    who: Option<UserId>,
    now: UnixMs,
) -> Result<(), StoreError> {
    let user = match before.user {
        Some(user) => if_there(members::answering(tx, of.workspace(), user))?
            .filter(|person| person.suspended_at.is_none())
            .map(|person| person.id),
        None => None,
    };
    let team = match before.team {
        Some(team) => if_there(teams::get(tx, of.workspace(), team))?.map(|team| team.id),
        None => None,
    };
    give(tx, of, Holders { user, team }, who, now)
}

/// `None` for what was deleted.
fn if_there<T>(found: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(StoreError::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}
