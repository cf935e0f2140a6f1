//! Who is acting, and what they may do.
//!
//! Every request builds its [`Principal`] from the database (`http/auth/mod.rs`). Acting on a workspace takes a [`Member`],
//! a principal in a workspace they may touch, so that no entry point can forget the check. This module knows neither
//! HTTP nor how people prove who they are.

// So that paths look the same in every room: `crate::room::…`.
extern crate self as access;
use frontdesk_store as store;

pub mod roles;

use std::fmt;

use crate::store::token::TokenHash;
use crate::store::users::{Role, User};
use crate::store::{ApiKeyId, UserId, WorkspaceId};

/// A permission of an API key. No scope includes another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Ask, converse, embed; only the key's own conversations are visible.
    Chat,
    Audio,
    /// Upload, list and delete documents.
    Documents,
    /// Keys, status, metrics.
    Admin,
    /// Read receipts, to measure the quality of answers.
    Evaluate,
    /// Read and continue every conversation, including those of visitors.
    Conversations,
}

impl Scope {
    pub const ALL: [Scope; 6] = [
        Scope::Chat,
        Scope::Audio,
        Scope::Documents,
        Scope::Admin,
        Scope::Evaluate,
        Scope::Conversations,
    ];

    /// Name in the API and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Scope::Chat => "chat",
            Scope::Audio => "audio",
            Scope::Documents => "documents",
            Scope::Admin => "admin",
            Scope::Evaluate => "evaluate",
            Scope::Conversations => "conversations",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == name)
    }
}

#[derive(Debug, Clone)]
pub enum Caller {
    /// A program.
    Key(ApiKeyId),
    User(User),
    /// A browser with a client secret.
    Secret,
    Installation,
}

/// How the caller authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Credential {
    Key(ApiKeyId),
    Session(TokenHash),
    /// A client secret that a person created.
    Person(UserId),
    /// A client secret whose creator is no longer known; it expires by itself.
    Secret,
    /// A command of this installation needs none.
    Installation,
}

/// The caller lacks a scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Denied {
    /// Any one of them would be enough.
    wanted: Vec<Scope>,
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.wanted.iter().map(|scope| scope.as_str()).collect();
        write!(
            f,
            "this needs the scope {}; ask the owner for a key with it",
            names.join(" or ")
        )
    }
}

#[derive(Debug, Clone)]
pub struct Principal {
    caller: Caller,
    scopes: Vec<Scope>,
    bound_to: Option<WorkspaceId>,
    /// The workspace of requests that name none.
    at: Option<WorkspaceId>,
    /// What a person is in the workspace that they are in.
    role: Option<Role>,
    credential: Credential,
    lacks_factor: bool,
}

impl Principal {
    /// With `bound_to` they may touch that workspace only.
    pub fn new(
        caller: Caller,
        credential: Credential,
        scopes: Vec<Scope>,
        bound_to: Option<WorkspaceId>,
    ) -> Self {
        Self {
            caller,
            scopes,
            bound_to,
            at: bound_to,
            role: None,
            credential,
            lacks_factor: false,
        }
    }

    /// A person with a role in the workspace that they are in. Only who owns the installation reaches other workspaces too.
    pub fn person(user: User, credential: Credential, role: Role, at: WorkspaceId) -> Self {
        let bound_to = (!user.owns).then_some(at);
        let scopes = roles::scopes(role);
        Self {
            at: Some(at),
            role: Some(role),
            ..Self::new(Caller::User(user), credential, scopes, bound_to)
        }
    }

    /// A command of this installation, which may do everything.
    pub fn installation() -> Self {
        let (caller, credential) = (Caller::Installation, Credential::Installation);
        Self::new(caller, credential, Scope::ALL.to_vec(), None)
    }

    /// Sets whether they must set up their second factor before they may do anything else.
    pub fn lacking_factor(self, lacks_factor: bool) -> Self {
        Self {
            lacks_factor,
            ..self
        }
    }

    /// Whether they must set up their second factor before they may do anything else.
    pub fn lacks_factor(&self) -> bool {
        self.lacks_factor
    }

    pub fn credential(&self) -> Credential {
        self.credential
    }

    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The role that the person who calls has in their workspace; `None` for programs and commands.
    pub fn role(&self) -> Option<Role> {
        self.role
    }

    /// The workspace of requests that name none; `None` for programs of the whole installation.
    pub fn at(&self) -> Option<WorkspaceId> {
        self.at
    }

    /// Whether they may look and change nothing.
    pub fn only_looks(&self) -> bool {
        self.role.is_some_and(|role| !roles::changes(role))
    }

    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// Requires any one of these scopes.
    pub fn need(&self, wanted: &[Scope]) -> Result<(), Denied> {
        match wanted.iter().any(|scope| self.may(*scope)) {
            true => Ok(()),
            false => Err(Denied {
                wanted: wanted.to_vec(),
            }),
        }
    }

    /// The key whose conversations are the only ones they may see; `None` if they may see all.
    pub fn own_conversations(&self) -> Option<ApiKeyId> {
        match self.caller {
            Caller::Key(id) if !self.may(Scope::Conversations) => Some(id),
            _ => None,
        }
    }

    /// The only workspace they may touch; `None` if they may touch all.
    pub fn bound_to(&self) -> Option<WorkspaceId> {
        self.bound_to
    }

    /// The same principal in a workspace; `None` if they are bound to another.
    pub fn in_workspace(&self, workspace: WorkspaceId) -> Option<Member> {
        let reaches = self.bound_to.is_none_or(|bound| bound == workspace);
        reaches.then(|| Member {
            principal: self.clone(),
            workspace,
        })
    }
}

#[derive(Debug, Clone)]
pub struct Member {
    principal: Principal,
    workspace: WorkspaceId,
}

impl Member {
    pub fn workspace(&self) -> WorkspaceId {
        self.workspace
    }

    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// Requires any one of these scopes, and returns the workspace.
    pub fn need(&self, wanted: &[Scope]) -> Result<WorkspaceId, Denied> {
        self.principal.need(wanted)?;
        Ok(self.workspace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_bound_to_their_workspace_unless_they_own_the_installation() {
        let (here, there) = (WorkspaceId::new(), WorkspaceId::new());
        let user = |owns| User {
            id: UserId::new(),
            email: "a@x".into(),
            name: "Ann".into(),
            password_hash: None,
            owns,
            created_at: 1,
            suspended_at: None,
        };
        let person = |owns, role| {
            let user = user(owns);
            let credential = Credential::Person(user.id);
            Principal::person(user, credential, role, here)
        };
        let admin = person(false, Role::Admin);
        assert!(admin.in_workspace(here).is_some() && admin.in_workspace(there).is_none());
        assert!(admin.may(Scope::Admin) && !admin.only_looks());
        let owner = person(true, Role::Owner);
        assert!(owner.in_workspace(there).is_some());
        assert_eq!((owner.at(), owner.bound_to()), (Some(here), None));
        let viewer = person(false, Role::Viewer);
        assert!(viewer.only_looks() && viewer.may(Scope::Conversations));
    }

    fn key(scopes: &[Scope], bound_to: Option<WorkspaceId>) -> Principal {
        let id = ApiKeyId::new();
        let credential = Credential::Key(id);
        Principal::new(Caller::Key(id), credential, scopes.to_vec(), bound_to)
    }

    #[test]
    fn scope_names_are_read_back() {
        for scope in Scope::ALL {
            assert_eq!(Scope::parse(scope.as_str()), Some(scope));
        }
        assert_eq!(Scope::parse("everything"), None);
    }

    #[test]
    fn one_of_several_scopes_is_enough() {
        let evaluates = key(&[Scope::Evaluate], None);
        assert!(evaluates.need(&[Scope::Evaluate, Scope::Admin]).is_ok());
        let denied = evaluates.need(&[Scope::Chat, Scope::Admin]).unwrap_err();
        assert_eq!(
            denied.to_string(),
            "this needs the scope chat or admin; ask the owner for a key with it"
        );
    }

    #[test]
    fn nobody_is_a_member_of_a_workspace_that_they_may_not_touch() {
        let (mine, theirs) = (WorkspaceId::new(), WorkspaceId::new());
        let bound = key(&[Scope::Chat], Some(mine));
        assert!(bound.in_workspace(theirs).is_none());
        let member = bound.in_workspace(mine).unwrap();
        assert_eq!(member.need(&[Scope::Chat]), Ok(mine));
        assert!(member.need(&[Scope::Documents]).is_err());
        assert!(key(&[], None).in_workspace(theirs).is_some());
    }
}
