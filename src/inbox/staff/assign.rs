//! Who looks after a conversation.

use serde_json::json;

use super::super::notices::Notice;
use super::super::turns::{first_name, language_of};
use super::{StaffError, change, me};
use crate::access::Member;
use crate::store::conversations::ConversationState;
use crate::store::handover::{self, Change};
use crate::store::inbox::teams;
use crate::store::{ConversationId, Store, StoreError, TeamId, UnixMs, UserId, users};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Assignee {
    Nobody,
    User(UserId),
    Team(TeamId),
}

/// Who looked after a conversation before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Before {
    pub user: Option<UserId>,
    pub team: Option<TeamId>,
}

/// Gives a conversation to a person or a team. While a person has it, the visitor is told: another person takes over, or the
/// visitor waits for the team.
///
/// # Errors
/// `NotFound` for a person or team that does not exist, `Conflict` for a suspended person.
pub async fn assign(
    store: &Store,
    by: &Member,
    id: ConversationId,
    to: Assignee,
    now: UnixMs,
) -> Result<Before, StaffError> {
    let who = me(by);
    change(store, by, id, move |tx, of| {
        let before = Before {
            user: of.assigned_to,
            team: of.team,
        };
        let with_person = of.state == ConversationState::Human;
        let language = language_of(tx, of)?;
        let (user, team) = match to {
            Assignee::Nobody => (None, None),
            Assignee::User(user) => (Some(user), of.team),
            Assignee::Team(team) => (None, Some(teams::get(tx, of.workspace(), team)?.id)),
        };
        if (user, team) == (before.user, before.team) {
            return Ok(before);
        }
        let data = json!({ "to": user, "team": team, "by": who });
        let mut change = Change::new("conversation_assigned", &data)
            .assign(user)
            .team(team);
        let mut notice = None;
        match user {
            Some(user) => {
                let person = users::get(tx, user)?;
                if person.suspended_at.is_some() {
                    let told = "this account is suspended, so nobody would answer";
                    return Err(StoreError::Conflict(told.into()));
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
                    .state(ConversationState::Waiting)
                    .waiting_since(Some(of.waiting_since.unwrap_or(now)))
                    .agent_seen_at(None);
            }
            None => {}
        }
        if let Some(text) = &notice {
            change = change.notice(text);
        }
        handover::apply(tx, of, None, &change, now)?;
        Ok(before)
    })
    .await
}

/// Puts back who looked after a conversation.
pub(super) async fn restore(
    store: &Store,
    by: &Member,
    id: ConversationId,
    before: Before,
    now: UnixMs,
) -> Result<(), StaffError> {
    let to = match (before.user, before.team) {
        (Some(user), _) => Assignee::User(user),
        (None, Some(team)) => Assignee::Team(team),
        (None, None) => Assignee::Nobody,
    };
    assign(store, by, id, to, now).await.map(drop)
}
