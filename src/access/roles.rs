//! What each role may do in its workspace: one table for pages, API and everything else.

use crate::access::Scope;
use crate::store::users::Role;

/// Which roles have a scope. Owners of the installation have the role owner in every workspace, and are bound to none.
pub const TABLE: &[(Scope, &[Role])] = {
    use Role::{Admin, Agent, Owner, Viewer};
    &[
        (Scope::Chat, &[Owner, Admin, Agent, Viewer]),
        (Scope::Conversations, &[Owner, Admin, Agent, Viewer]),
        (Scope::Documents, &[Owner, Admin, Viewer]),
        (Scope::Evaluate, &[Owner, Admin, Viewer]),
        (Scope::Audio, &[Owner, Admin]),
        (Scope::Admin, &[Owner, Admin]),
    ]
};

/// The scopes of a role.
pub fn scopes(role: Role) -> Vec<Scope> {
    let has = TABLE.iter().filter(|(_, roles)| roles.contains(&role));
    has.map(|(scope, _)| *scope).collect()
}

/// Whether the role may change anything. Who may not reads what its scopes show, and manages their own account.
pub fn changes(role: Role) -> bool {
    role != Role::Viewer
}

/// Whether somebody of one role may invite, change or take out somebody of another.
pub fn manages(by: Role, whom: Role) -> bool {
    match by {
        Role::Owner => true,
        Role::Admin => whom != Role::Owner,
        Role::Agent | Role::Viewer => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scope_has_its_row_and_no_role_has_more_than_the_one_above() {
        for scope in Scope::ALL {
            let rows = TABLE.iter().filter(|(of, _)| *of == scope);
            assert_eq!(rows.count(), 1, "{scope:?}");
        }
        let all = scopes(Role::Owner);
        assert_eq!(all.len(), Scope::ALL.len());
        for role in Role::ALL {
            assert!(scopes(*role).iter().all(|scope| all.contains(scope)));
        }
        assert_eq!(scopes(Role::Agent), [Scope::Chat, Scope::Conversations]);
        assert!(!scopes(Role::Viewer).contains(&Scope::Admin));
        assert!(!changes(Role::Viewer) && changes(Role::Agent));
    }

    #[test]
    fn people_are_managed_from_above() {
        assert!(manages(Role::Owner, Role::Owner) && manages(Role::Admin, Role::Admin));
        assert!(!manages(Role::Admin, Role::Owner));
        for role in Role::ALL {
            assert!(!manages(Role::Agent, *role) && !manages(Role::Viewer, *role));
        }
    }
}
