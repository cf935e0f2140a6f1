//! Who opens a session of the Realtime API. Browsers cannot set headers on a WebSocket, so the key
//! may come as a subprotocol. It may also be a client secret, which opens the session that it was made
//! for, as many times as was asked for then.

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Caller, Credential, Principal, Scope, bearer, origin, refuse_closed_workspace, unauthorized,
};
use crate::access::roles;
use crate::app::App;
use crate::http::auth::OfCredential;
use crate::http::now_ms;
use crate::http::problem::Problem;
use crate::store::token::{TokenHash, TokenKind};
use crate::store::{ApiKeyId, UserId, client_secrets, closures, members, users};

/// Prefix of the key in the list of subprotocols, as OpenAI's clients send it.
const IN_PROTOCOL: &str = "openai-insecure-api-key.";

/// The client secret of a request, as an extension of it.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) struct Shown(TokenHash);

impl Shown {
    /// Takes one of the sessions that the secret may open.
    ///
    /// # Errors
    /// 401 if no session is left.
    pub(in crate::http) async fn use_up(self, app: &App) -> Result<(), Problem> {
        let taken = app
            .store
            .write(move |tx| client_secrets::use_up(tx, &self.0));
        match taken.await? {
            true => Ok(()),
            false => Err(refuse_secret()),
        }
    }
}

fn refuse_secret() -> Problem {
    unauthorized(
        "this client secret is not known, has expired or has opened all its sessions; have your server make one",
    )
}

/// What a client secret is for: kept in the store, and an extension of the request that shows it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::http) struct Opens {
    /// The session, in the form of the API.
    pub(in crate::http) session: Value,
    /// Scopes of its maker that a session can use.
    pub(in crate::http) scopes: Vec<String>,
    /// The maker, if it was a key. Without a key and a person, a command of the installation made it.
    pub(in crate::http) key: Option<ApiKeyId>,
    /// The maker, if it was a person.
    #[serde(default)]
    pub(in crate::http) person: Option<UserId>,
}

/// Checks that a request may open a session. Adds the principal to its extensions, and for a client
/// secret also [`Opens`] and [`Shown`].
pub(super) async fn authorize(app: &App, parts: &mut Parts) -> Result<(), Problem> {
    if !parts.headers.contains_key(header::AUTHORIZATION)
        && let Some(key) = key_in_protocols(&parts.headers)
    {
        let value = HeaderValue::from_str(&format!("Bearer {key}"))
            .map_err(|_| unauthorized("the key in the subprotocol has characters no key has"))?;
        parts.headers.insert(header::AUTHORIZATION, value);
    }
    let secret = bearer(&parts.headers)
        .filter(|token| token.starts_with(TokenKind::ClientSecret.prefix()))
        .map(TokenHash::of);
    if let Some(hash) = secret {
        return authorize_by_secret(app, parts, hash).await;
    }
    let principal = super::authenticate(app, parts).await?;
    if matches!(principal.caller(), Caller::User(_))
        && !origin::is_same_origin(&parts.headers, &parts.uri)
    {
        // A WebSocket is no "safe" GET: another site's page could talk through it.
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "cross_site",
            "a browser may open a session with its cookie only from this server's own pages; \
             other sites use a client secret",
        ));
    }
    if principal.only_looks() || (!principal.may(Scope::Audio) && !principal.may(Scope::Chat)) {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "missing_scope",
            "this needs the scope audio or chat; ask the owner for a key with it",
        ));
    }
    parts.extensions.insert(principal);
    Ok(())
}

async fn authorize_by_secret(app: &App, parts: &mut Parts, hash: TokenHash) -> Result<(), Problem> {
    let now = now_ms();
    let found = app.store.read(move |conn| {
        let secret = client_secrets::find_valid(conn, &hash, now)?;
        let closed = secret
            .as_ref()
            .map(|s| closures::is_closed(conn, s.workspace));
        Ok((secret, closed.transpose()?.unwrap_or(false)))
    });
    let (secret, is_closed) = found.await?;
    let secret = secret.ok_or_else(refuse_secret)?;
    if is_closed {
        return Err(refuse_closed_workspace());
    }
    let opens: Opens =
        serde_json::from_value(secret.session).map_err(|error| Problem::internal(&error))?;
    // A secret dies with the key that made it, or when the person who made it has no session left.
    let maker = match (opens.key, opens.person) {
        (Some(key), _) => Credential::Key(key),
        (None, Some(person)) => Credential::Person(person),
        (None, None) => Credential::Secret,
    };
    if !maker.counts(app).await? {
        return Err(refuse_secret());
    }
    let named = opens.scopes.iter();
    let mut scopes: Vec<Scope> = named.filter_map(|name| Scope::parse(name)).collect();
    if let Credential::Person(person) = maker {
        let at = secret.workspace;
        let role = app.store.read(move |conn| {
            let user = users::get(conn, person)?;
            members::role_of(conn, at, &user)
        });
        // They may have been taken out of this workspace, or have a lower role, and still be signed in to another.
        match role.await?.filter(|role| roles::changes(*role)) {
            Some(role) => scopes.retain(|scope| roles::scopes(role).contains(scope)),
            None => return Err(refuse_secret()),
        }
    }
    let bound_to = Some(secret.workspace);
    parts
        .extensions
        .insert(Principal::new(Caller::Secret, maker, scopes, bound_to));
    parts.extensions.insert(opens);
    parts.extensions.insert(Shown(hash));
    Ok(())
}

fn key_in_protocols(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|list| list.split(','))
        .find_map(|name| name.trim().strip_prefix(IN_PROTOCOL))
        .filter(|key| !key.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_found_among_the_subprotocols() {
        let of = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(
                header::SEC_WEBSOCKET_PROTOCOL,
                HeaderValue::from_static(value),
            );
            key_in_protocols(&headers).map(str::to_owned)
        };
        let found = of("realtime, openai-insecure-api-key.fd_live_1, openai-project.x");
        assert_eq!(found.as_deref(), Some("fd_live_1"));
        assert_eq!(of("realtime"), None);
        assert_eq!(of("openai-insecure-api-key."), None);
    }
}
