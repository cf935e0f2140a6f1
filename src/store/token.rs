//! Secret tokens: 256 random bits, shown once, stored as a hash.
//!
//! A plain SHA-256 is enough here, unlike for passwords: nobody can try 2^256 values.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::StoreError;

/// What a token is for. Its first characters show the kind, so that a leaked token is recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// A key of the HTTP API: `fd_live_…`.
    ApiKey,
    /// A signed-in browser: `fd_session_…`.
    Session,
    /// A browser that gave the right password and waits for the code: `fd_signin_…`.
    SignIn,
    /// Claims a new installation: `fd_setup_…`.
    Setup,
    /// Lets somebody into a workspace: `fd_invite_…`.
    Invitation,
    /// A visitor of the public pages or the widget: `fd_visit_…`.
    Visitor,
    /// A short-lived key for one session of the Realtime API: `ek_…`, as at OpenAI.
    ClientSecret,
    /// A round trip to a CRM, or the address that its hooks come to: `fd_crm_…`.
    Crm,
    /// What a website's server signs the identity of its visitors with: `fd_identity_…`.
    Identity,
}

impl TokenKind {
    pub fn prefix(self) -> &'static str {
        match self {
            Self::ApiKey => "fd_live_",
            Self::Session => "fd_session_",
            Self::SignIn => "fd_signin_",
            Self::Setup => "fd_setup_",
            Self::Invitation => "fd_invite_",
            Self::Visitor => "fd_visit_",
            Self::ClientSecret => "ek_",
            Self::Crm => "fd_crm_",
            Self::Identity => "fd_identity_",
        }
    }
}

/// A fresh secret token. It is wiped from memory when dropped.
pub struct Token {
    text: Zeroizing<String>,
    kind: TokenKind,
}

impl Token {
    /// Draws 256 bits from the operating system. `Io` if it has no randomness to give.
    pub fn generate(kind: TokenKind) -> Result<Self, StoreError> {
        let mut bytes = Zeroizing::new([0_u8; 32]);
        fill_random(bytes.as_mut_slice())?;
        let digits = Zeroizing::new(hex::encode(bytes.as_slice()));
        let text = Zeroizing::new(format!("{}{}", kind.prefix(), digits.as_str()));
        Ok(Self { text, kind })
    }

    /// The secret itself: to be shown once, never logged.
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// What is stored.
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(&self.text)
    }

    /// The shown part: the kind and six digits of the secret.
    pub fn display_prefix(&self) -> String {
        self.text
            .chars()
            .take(self.kind.prefix().len() + 6)
            .collect()
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// SHA-256 of a token: the form that is stored and looked up.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// Hashes a token as a client presents it.
    pub fn of(presented: &str) -> Self {
        Self(Sha256::digest(presented.as_bytes()).into())
    }
}

impl std::fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

impl ToSql for TokenHash {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.as_slice().into())
    }
}

impl FromSql for TokenHash {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value
            .as_blob()?
            .try_into()
            .map(Self)
            .map_err(FromSqlError::other)
    }
}

/// Fills the bytes with randomness from the operating system. `Io` if it has none.
pub fn fill_random(bytes: &mut [u8]) -> Result<(), StoreError> {
    getrandom::fill(bytes)
        .map_err(|e| StoreError::io("drawing random bytes", std::io::Error::other(e)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ_and_hash_to_what_a_client_presents() {
        let one = Token::generate(TokenKind::ApiKey).unwrap();
        let two = Token::generate(TokenKind::ApiKey).unwrap();
        assert_ne!(one.reveal(), two.reveal());
        assert_eq!(one.hash(), TokenHash::of(one.reveal()));
        assert_ne!(one.hash(), two.hash());
        assert!(one.reveal().starts_with("fd_live_"));
        assert_eq!(one.reveal().len(), "fd_live_".len() + 64);
    }

    #[test]
    fn what_is_shown_is_short_and_debug_hides_the_secret() {
        let token = Token::generate(TokenKind::Setup).unwrap();
        let shown = token.display_prefix();
        assert_eq!(shown.len(), "fd_setup_".len() + 6);
        assert!(token.reveal().starts_with(&shown));
        assert!(!format!("{token:?} {:?}", token.hash()).contains(&token.reveal()[9..]));
    }
}
