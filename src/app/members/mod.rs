//! People and workspaces: invitations, the audit log, passkeys, single sign-on, and an agency's overview. Roles are in
//! `access::roles`, accounts in [`super::accounts`] (how far a manager reaches: its `By`).

pub mod audit;
pub mod erase;
pub mod invitations;
pub mod overview;
pub mod passkey;
pub mod sign_on;
pub mod signed;
pub(in crate::app) mod told;
