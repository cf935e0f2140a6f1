//! A shop with two people at its desk and a visitor, for tests.

use serde_json::json;

use super::Inbox;
use crate::access::{Caller, Credential, Member, Principal, Scope};
use crate::store::conversations::{self, Channel, Conversation, NewConversation};
use crate::store::messages::{self, Message, MessageState, NewMessage, Speaker};
use crate::store::token::{Token, TokenKind};
use crate::store::users::{self, NewUser, Role, User};
use crate::store::visitors::{self, Visitor};
use crate::store::{EventId, Scoped, Store, Transaction, UnixMs, WorkspaceId, events, workspaces};

pub(super) struct Shop {
    pub(super) inbox: Inbox,
    pub(super) workspace: WorkspaceId,
    pub(super) anna: User,
    pub(super) ben: User,
    pub(super) visitor: Visitor,
    pub(super) conversation: Scoped<Conversation>,
}

/// The whole week, so that the desk is open; `false` closes it.
pub(super) fn desk_hours(open: bool) -> serde_json::Value {
    let all = [["00:00", "24:00"]];
    match open {
        true => json!({ "hours": {
            "monday": all, "tuesday": all, "wednesday": all, "thursday": all, "friday": all, "saturday": all, "sunday": all
        } }),
        false => json!({ "hours": {} }),
    }
}

impl Shop {
    /// Without the background tasks.
    pub(super) fn new(open: bool) -> Self {
        let store = Store::open_in_memory().unwrap();
        let made = store.write_blocking(|tx| {
            let workspace = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
            workspaces::set_section(tx, workspace, "desk", &desk_hours(open))?;
            // Whatever day the test runs on.
            workspaces::set_section(tx, workspace, "facts", &json!({ "holidays": "usual" }))?;
            let person = |name: &str, email: &str| {
                let new = NewUser {
                    email,
                    name,
                    password_hash: None,
                    role: Role::Agent,
                };
                let id = users::create(tx, &new, 1).unwrap();
                users::get(tx, id).unwrap()
            };
            let (anna, ben) = (person("Anna Lind", "a@x"), person("Ben Oduya", "b@x"));
            let token = Token::generate(TokenKind::Visitor)?.hash();
            visitors::create(tx, workspace, &token, None, 1, i64::MAX)?;
            let visitor = visitors::find_valid(tx, &token, 2)?.unwrap();
            let name = visitor.id.to_string();
            let new = NewConversation {
                assistant: None,
                channel: Channel::Chat,
                visitor: Some(&name),
                title: "",
                begun_by: None,
                page: None,
            };
            let conversation = conversations::create(tx, workspace, &new, 1)?;
            Ok((workspace, anna, ben, visitor, conversation))
        });
        let (workspace, anna, ben, visitor, conversation) = made.unwrap();
        let live = super::Live::default();
        Self {
            inbox: Inbox {
                presence: super::Presence::new(live.clone()),
                attendance: super::Attendance::default(),
                live,
                store,
            },
            workspace,
            anna,
            ben,
            visitor,
            conversation,
        }
    }

    pub(super) fn member(&self, user: &User) -> Member {
        let credential = Credential::Person(user.id);
        let scopes = vec![Scope::Conversations];
        let principal = Principal::new(Caller::User(user.clone()), credential, scopes, None);
        principal.in_workspace(self.workspace).unwrap()
    }

    pub(super) fn write<T>(
        &self,
        act: impl FnOnce(&Transaction<'_>) -> Result<T, crate::store::StoreError>,
    ) -> T {
        self.inbox.store.write_blocking(act).unwrap()
    }

    pub(super) fn now(&self) -> Scoped<Conversation> {
        self.write(|tx| conversations::get(tx, self.workspace, self.conversation.id))
    }

    pub(super) fn messages(&self) -> Vec<Message> {
        self.write(|tx| messages::list(tx, &self.conversation, 100))
    }

    /// What the visitor was told by Frontdesk itself.
    pub(super) fn notices(&self) -> Vec<String> {
        let all = self.messages().into_iter();
        let notices = all.filter(|message| message.role == Speaker::System);
        notices.map(|message| message.text).collect()
    }

    /// The log without the beginning.
    pub(super) fn log(&self) -> Vec<(String, serde_json::Value)> {
        let all = self.write(|tx| events::list(tx, self.workspace, EventId(0), 100));
        let later = all.into_iter().skip(1);
        later.map(|event| (event.kind, event.data)).collect()
    }

    pub(super) fn say(&self, text: &str, at: UnixMs) {
        let new = NewMessage {
            role: Speaker::User,
            text,
            state: MessageState::Complete,
            client_id: None,
            author: None,
        };
        self.write(|tx| messages::append(tx, &self.conversation, &new, at));
    }
}
