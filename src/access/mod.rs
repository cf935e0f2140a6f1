//! Who acts, and what they may do.
//!
//! [`Principal`] is built again for every request from the database (`http/auth.rs`). What a person or a program does to a
//! workspace takes a [`Member`]: a principal in a workspace that they may touch. So no face of the product can forget to ask.
//! This module knows neither HTTP nor how anybody proves who they are.

// Paths read alike in every room: `crate::room::…`.
use frontdesk_store as store;

use std::fmt;

use crate::store::token::TokenHash;
use crate::store::users::{Role, User};
use crate::store::{ApiKeyId, UserId, WorkspaceId};

/// What a key may be allowed to do. None includes another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Ask, converse, embed; of conversations only those that the key began.
    Chat,
    /// Transcribe.
    Audio,
    /// Upload, list and delete documents.
    Documents,
    /// Keys, status, metrics.
    Admin,
    /// Read receipts for measurements of quality.
    Evaluate,
    /// Read and go on with every conversation, those of visitors too.
    Conversations,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Scope; 6] = [
        Scope::Chat,
        Scope::Audio,
        Scope::Documents,
        Scope::Admin,
        Scope::Evaluate,
        Scope::Conversations,
    ];

    /// The name in the API and in the store.
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

    /// The scope of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == name)
    }
}

/// Who calls.
#[derive(Debug, Clone)]
pub enum Caller {
    /// A program, by the id of its key.
    Key(ApiKeyId),
    /// A person who signed in.
    User(User),
    /// A browser that holds a client secret.
    Secret,
    /// A command of this installation.
    Installation,
}

/// What somebody came with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Credential {
    /// An API key.
    Key(ApiKeyId),
    /// A browser's session.
    Session(TokenHash),
    /// A client secret that a person made.
    Person(UserId),
    /// A client secret that nobody made who is still known; it ends by itself.
    Secret,
    /// None: a command of this installation.
    Installation,
}

/// Somebody may not do what they asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Denied {
    /// Any of these scopes would do.
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

/// Who calls, what they may do, and the workspace they are bound to.
#[derive(Debug, Clone)]
pub struct Principal {
    caller: Caller,
    scopes: Vec<Scope>,
    bound_to: Option<WorkspaceId>,
    credential: Credential,
    lacks_factor: bool,
}

impl Principal {
    /// A caller with what they came with. With `bound_to` they may touch that workspace only.
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
            credential,
            lacks_factor: false,
        }
    }

    /// A command of this installation, which may do everything.
    pub fn installation() -> Self {
        let (caller, credential) = (Caller::Installation, Credential::Installation);
        Self::new(caller, credential, Scope::ALL.to_vec(), None)
    }

    /// The same caller, who must turn their second factor on before they may do anything else.
    pub fn lacking_factor(self, lacks_factor: bool) -> Self {
        Self {
            lacks_factor,
            ..self
        }
    }

    /// Whether they must turn their second factor on before they may do anything else.
    pub fn lacks_factor(&self) -> bool {
        self.lacks_factor
    }

    /// What they came with.
    pub fn credential(&self) -> Credential {
        self.credential
    }

    /// Who calls.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The role of the person who calls; `None` for programs and commands, which have none.
    pub fn role(&self) -> Option<Role> {
        match &self.caller {
            Caller::User(user) => Some(user.role),
            Caller::Key(_) | Caller::Secret | Caller::Installation => None,
        }
    }

    /// Whether they may do what `scope` stands for.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// Asks for one of these scopes.
    ///
    /// # Errors
    /// When they have none of them.
    pub fn need(&self, wanted: &[Scope]) -> Result<(), Denied> {
        match wanted.iter().any(|scope| self.may(*scope)) {
            true => Ok(()),
            false => Err(Denied {
                wanted: wanted.to_vec(),
            }),
        }
    }

    /// The only conversations that they may see: those that this key began. `None` if they may see all.
    pub fn own_conversations(&self) -> Option<ApiKeyId> {
        match self.caller {
            Caller::Key(id) if !self.may(Scope::Conversations) => Some(id),
            _ => None,
        }
    }

    /// The only workspace they may touch; `None` when they may touch all.
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

/// A principal in a workspace that they may touch.
#[derive(Debug, Clone)]
pub struct Member {
    principal: Principal,
    workspace: WorkspaceId,
}

impl Member {
    /// The workspace.
    pub fn workspace(&self) -> WorkspaceId {
        self.workspace
    }

    /// Who it is.
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// Asks for one of these scopes; gives the workspace that it is for.
    ///
    /// # Errors
    /// When they have none of them.
    pub fn need(&self, wanted: &[Scope]) -> Result<WorkspaceId, Denied> {
        self.principal.need(wanted)?;
        Ok(self.workspace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
