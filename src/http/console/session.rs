//! The session cookie.

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};

use crate::app::App;
use crate::app::second_factor::SIGN_IN_MS;
use crate::http::address::{address_of, over_tls};
use crate::http::auth::cookies::{CookieName, PASSKEY, SESSION, SIGN_IN, SIGN_ON};
use crate::store::sessions::{Place, Via};
use crate::store::token::{Token, TokenHash, TokenKind};
use crate::store::{Store, StoreError, Transaction, UnixMs, UserId, WorkspaceId, sessions};

/// A session ends after this long in ms, used or not: one working day.
pub(super) const LONGEST_MS: i64 = 12 * 60 * 60 * 1000;

/// How and where a session begins.
#[derive(Debug, Clone)]
pub(super) struct Begins {
    pub(super) via: Via,
    pub(super) place: Place,
    /// The workspace to be in; `None` for any.
    pub(super) workspace: Option<WorkspaceId>,
    /// The session that the browser had: it ends, so that nobody who knew its token is signed in with the new one.
    former: Option<TokenHash>,
}

impl Begins {
    pub(super) fn of(parts: &Parts, via: Via, workspace: Option<WorkspaceId>) -> Self {
        Self {
            via,
            place: place_of(parts),
            workspace,
            former: token(&parts.headers),
        }
    }
}

/// Where a browser is, and which one it is.
pub(super) fn place_of(parts: &Parts) -> Place {
    let agent = parts.headers.get(header::USER_AGENT);
    let agent = agent.and_then(|agent| agent.to_str().ok()).unwrap_or("");
    Place {
        address: address_of(parts).to_string(),
        browser: browser_of(agent),
    }
}

/// A browser's name and system in a few words, such as `Firefox on Linux`; empty if it does not say.
fn browser_of(agent: &str) -> String {
    // Each of them also names the ones that stand below it.
    let browsers = [
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ];
    let systems = [
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ];
    let named = |list: &[(&str, &'static str)]| {
        let found = list.iter().find(|(mark, _)| agent.contains(mark));
        found.map(|(_, name)| *name)
    };
    match (named(&browsers), named(&systems)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => String::new(),
    }
}

/// Starts a session of `user`, and ends the one that the browser had.
pub(super) fn begin(
    tx: &Transaction<'_>,
    user: UserId,
    token: &TokenHash,
    begins: &Begins,
    now: UnixMs,
) -> Result<(), StoreError> {
    if let Some(former) = &begins.former {
        sessions::revoke(tx, former)?;
    }
    sessions::create(tx, user, token, now, now + LONGEST_MS)?;
    let Begins {
        via,
        place,
        workspace,
        ..
    } = begins;
    sessions::describe(tx, token, *via, place, *workspace)
}

/// A new session for somebody who has proved who they are.
pub(super) async fn fresh(
    store: &Store,
    user: UserId,
    begins: Begins,
    now: UnixMs,
) -> Result<Token, StoreError> {
    let token = Token::generate(TokenKind::Session)?;
    let hash = token.hash();
    let write = store.write(move |tx| begin(tx, user, &hash, &begins, now));
    write.await?;
    Ok(token)
}

/// A page that also gives the browser a new session.
pub(super) fn with_session(mut page: Response, headers: &HeaderMap, token: &Token) -> Response {
    let cookie = cookie(headers, &SESSION, token.reveal(), LONGEST_MS / 1000);
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        page.headers_mut().append(header::SET_COOKIE, cookie);
    }
    page
}

/// Redirects with the cookie of a new session.
pub(super) fn signed_in(headers: &HeaderMap, token: &Token, to: &str) -> Response {
    let cookie = cookie(headers, &SESSION, token.reveal(), LONGEST_MS / 1000);
    with_cookies(&[cookie], to)
}

/// The same after the code: also removes the cookie of the pending sign-in.
pub(super) fn signed_in_with_code(headers: &HeaderMap, token: &Token, to: &str) -> Response {
    let session = cookie(headers, &SESSION, token.reveal(), LONGEST_MS / 1000);
    with_cookies(&[session, cookie(headers, &SIGN_IN, "", 0)], to)
}

/// Redirects to the form for the code, with the cookie of the pending sign-in.
pub(super) fn asked_for_code(headers: &HeaderMap, token: &Token, to: &str) -> Response {
    let cookie = cookie(headers, &SIGN_IN, token.reveal(), SIGN_IN_MS / 1000);
    with_cookies(&[cookie], to)
}

/// Redirects to a sign-in server, with a cookie that only this browser has.
pub(super) fn sent_away(headers: &HeaderMap, browser: &Token, to: &str) -> Response {
    let cookie = cookie(headers, &SIGN_ON, browser.reveal(), SIGN_IN_MS / 1000);
    with_cookies(&[cookie], to)
}

/// The hash of what the browser was sent to a sign-in server with.
pub(super) fn sent_with(headers: &HeaderMap) -> Option<TokenHash> {
    SIGN_ON.read(headers).map(|token| TokenHash::of(&token))
}

/// Adds a cookie that only this browser has, for the answer of its passkey.
pub(super) fn asked_for_passkey(
    mut page: Response,
    headers: &HeaderMap,
    browser: &Token,
) -> Response {
    let cookie = cookie(headers, &PASSKEY, browser.reveal(), SIGN_IN_MS / 1000);
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        page.headers_mut().append(header::SET_COOKIE, cookie);
    }
    page
}

/// The hash of what the browser was asked for a passkey with.
pub(super) fn asked_with(headers: &HeaderMap) -> Option<TokenHash> {
    PASSKEY.read(headers).map(|token| TokenHash::of(&token))
}

/// Redirects and removes the session cookie.
pub(super) fn signed_out(headers: &HeaderMap, to: &str) -> Response {
    with_cookies(&[cookie(headers, &SESSION, "", 0)], to)
}

/// The stored hash of the browser's session token.
pub(super) fn token(headers: &HeaderMap) -> Option<TokenHash> {
    SESSION.read(headers).map(|token| TokenHash::of(&token))
}

/// The stored hash of the browser's pending sign-in.
pub(super) fn waiting(headers: &HeaderMap) -> Option<TokenHash> {
    SIGN_IN.read(headers).map(|token| TokenHash::of(&token))
}

fn cookie(headers: &HeaderMap, name: &CookieName, value: &str, max_age: i64) -> String {
    let secure = if over_tls(headers) { "; Secure" } else { "" };
    let name = name.of(headers);
    format!("{name}={value}; Path=/; Max-Age={max_age}; HttpOnly; SameSite=Lax{secure}")
}

fn with_cookies(cookies: &[String], to: &str) -> Response {
    let mut response = Redirect::to(to).into_response();
    for cookie in cookies {
        if let Ok(cookie) = HeaderValue::from_str(cookie) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    response
}

/// The address of this server: as its owner set it, by its own HTTPS, or else as the browser sees it.
pub(super) fn address(app: &App, headers: &HeaderMap) -> String {
    app.public_address().unwrap_or_else(|| address_in(headers))
}

/// The address of this server as the browser sees it.
fn address_in(headers: &HeaderMap) -> String {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let scheme = if over_tls(headers) { "https" } else { "http" };
    format!("{scheme}://{}", host.unwrap_or("localhost"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::auth::{SECURE_SESSION_COOKIE, SESSION_COOKIE};
    use crate::store::token::TokenKind;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pairs = pairs.iter().map(|(name, value)| {
            (
                header::HeaderName::from_static(name),
                value.parse::<HeaderValue>().unwrap(),
            )
        });
        pairs.collect()
    }

    #[test]
    fn the_cookie_is_for_this_host_and_not_for_scripts() {
        let token = Token::generate(TokenKind::Session).unwrap();
        let plain = signed_in(&HeaderMap::new(), &token, "/documents");
        let cookie = plain.headers()[header::SET_COOKIE].to_str().unwrap();
        assert!(
            cookie.starts_with(SESSION_COOKIE) && !cookie.contains("Secure"),
            "{cookie}"
        );
        assert!(cookie.contains("HttpOnly; SameSite=Lax"), "{cookie}");
        let tls = signed_in(&headers(&[("x-forwarded-proto", "https")]), &token, "/");
        let cookie = tls.headers()[header::SET_COOKIE].to_str().unwrap();
        assert!(
            cookie.starts_with("__Host-") && cookie.ends_with("; Secure"),
            "{cookie}"
        );
    }

    #[test]
    fn a_browser_is_named_in_a_few_words() {
        for (agent, told) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox on Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1",
                "Safari on iPhone",
            ),
            ("curl/8", ""),
        ] {
            assert_eq!(browser_of(agent), told);
        }
    }

    #[test]
    fn the_token_is_read_back() {
        let fresh = Token::generate(TokenKind::Session).unwrap();
        let line = format!("a=b; {SESSION_COOKIE}={}", fresh.reveal());
        assert_eq!(token(&headers(&[("cookie", &line)])), Some(fresh.hash()));
        assert_eq!(token(&headers(&[("cookie", "a=b")])), None);
        // Behind TLS the plain cookie is ignored: a sibling domain may have set it.
        let behind = [("cookie", line.as_str()), ("x-forwarded-proto", "https")];
        assert_eq!(token(&headers(&behind)), None);
        let line = format!("{SECURE_SESSION_COOKIE}={}", fresh.reveal());
        let behind = [("cookie", line.as_str()), ("x-forwarded-proto", "https")];
        assert_eq!(token(&headers(&behind)), Some(fresh.hash()));
    }
}
