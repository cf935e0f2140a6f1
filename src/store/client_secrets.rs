//! Short-lived keys that a server hands to a browser, each for one kind of Realtime session.

use rusqlite::{Connection, OptionalExtension, Transaction};
use serde_json::Value;

use super::rows::{columns, insert};
use super::token::TokenHash;
use super::values::Json;
use super::{StoreError, UnixMs, WorkspaceId};

/// What a client secret opens.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientSecret {
    pub workspace: WorkspaceId,
    /// The session, as the maker of the secret described it.
    pub session: Value,
    /// From this moment on it opens nothing.
    pub expires_at: UnixMs,
    pub sessions_left: u16,
}

columns! { COLUMNS of ClientSecret { workspace, session: json, expires_at, sessions_left } }

/// Stores a new secret, and removes expired ones.
pub fn create(
    tx: &Transaction<'_>,
    token: &TokenHash,
    secret: &ClientSecret,
    now: UnixMs,
) -> Result<(), StoreError> {
    purge_expired(tx, now)?;
    insert!(tx into client_secrets {
        token_hash: token, workspace: secret.workspace, session: Json(&secret.session),
        created_at: now, expires_at: secret.expires_at, sessions_left: secret.sessions_left
    })?;
    Ok(())
}

/// Returns how many it removed.
pub fn purge_expired(tx: &Transaction<'_>, now: UnixMs) -> Result<usize, StoreError> {
    Ok(tx
        .prepare_cached("DELETE FROM client_secrets WHERE expires_at <= ?")?
        .execute([now])?)
}

/// The secret with this token, unless it has expired or has opened all its sessions. It is also invalid when the clock
/// went back to before its creation.
pub fn find_valid(
    conn: &Connection,
    token: &TokenHash,
    now: UnixMs,
) -> Result<Option<ClientSecret>, StoreError> {
    Ok(conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM client_secrets \
             WHERE token_hash = ?1 AND created_at <= ?2 AND expires_at > ?2 AND sessions_left > 0"
        ))?
        .query_row((token, now), ClientSecret::from_row)
        .optional()?)
}

/// Takes one of the sessions that a secret may open; false if none was left. Of two requests for the last one, one gets
/// it.
pub fn use_up(tx: &Transaction<'_>, token: &TokenHash) -> Result<bool, StoreError> {
    let taken = tx
        .prepare_cached(
            "UPDATE client_secrets SET sessions_left = sessions_left - 1 \
             WHERE token_hash = ? AND sessions_left > 0",
        )?
        .execute([token])?;
    Ok(taken > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::token::{Token, TokenKind};
    use crate::store::{Store, workspaces};

    #[tokio::test]
    async fn a_secret_opens_its_session_until_it_expires() {
        let store = Store::open_in_memory().unwrap();
        let token = Token::generate(TokenKind::ClientSecret).unwrap();
        assert!(token.reveal().starts_with("ek_"));
        let hash = token.hash();
        let kept = store.write(move |tx| {
            let workspace = workspaces::get_or_create(tx, "w", "W", 1)?.id;
            let secret = ClientSecret {
                workspace,
                session: serde_json::json!({"type": "realtime"}),
                expires_at: 1000,
                sessions_left: 2,
            };
            create(tx, &hash, &secret, 10)?;
            let other = TokenHash::of("ek_other");
            Ok([
                find_valid(tx, &hash, 999)?.is_some_and(|found| found == secret),
                find_valid(tx, &hash, 1000)?.is_none(),
                find_valid(tx, &hash, 9)?.is_none(),
                find_valid(tx, &other, 20)?.is_none(),
                use_up(tx, &hash)? && find_valid(tx, &hash, 20)?.is_some(),
                use_up(tx, &hash)? && find_valid(tx, &hash, 20)?.is_none(),
                !use_up(tx, &hash)? && !use_up(tx, &other)?,
            ])
        });
        assert_eq!(kept.await.unwrap(), [true; 7]);
    }
}
