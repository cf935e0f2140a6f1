//! Single sign-on by OpenID Connect: the code flow with PKCE, through the gateway.
//!
//! It is written here and not a library's: `openidconnect` (4.1) brings the crate `rsa`, which cargo-deny refuses
//! (RUSTSEC-2023-0071), and a client that we would have to replace anyway, as all that goes out goes through the gateway. Signatures
//! are ring's.
//!
//! What a provider says counts only for addresses of the domains that the owner named, and never makes anybody the owner of the
//! installation. Each provider has an address of its own to come back to, and an answer that names another issuer is refused, so
//! that one provider cannot answer for another (RFC 9207); from a provider that always names itself, so is one that names none.
//! An issuer at `https://` is asked at no other kind of address: its keys and our secret would travel in the clear.

mod people;
mod token;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use url::Url;
use url::form_urlencoded::Serializer;

pub use self::people::{admit, check_provider, vouched_address};
pub use self::token::Claims;
use self::token::{Expected, Keys};
use crate::egress::{EgressError, Gateway, Limits, Method, Part, Purpose, Request, Sealed, Secret};
use crate::store::sign_on::Provider;
use crate::store::token::{Token, TokenKind};
use crate::store::{SignOnId, StoreError, UnixMs};

/// Most bytes of an answer.
const ANSWER_BYTES: u64 = 256 << 10;

#[derive(Debug, thiserror::Error)]
pub enum SignOnError {
    /// The server cannot be reached, or says nothing that can be read.
    #[error("the sign-in server could not be asked: {0}")]
    Unreachable(#[source] EgressError),
    #[error("the sign-in server answered {status} at {at}")]
    Answer { status: u16, at: String },
    #[error("the sign-in server's answer cannot be read")]
    Unreadable,
    /// It names another issuer than the owner entered, or none where it has to, or addresses that are less safe.
    #[error("another sign-in server answered than the one that was asked")]
    Issuer,
    /// The token does not count; why.
    #[error("the sign-in server's token does not count: {0}")]
    Token(&'static str),
    /// What it says does not let this person in; a sentence for them.
    #[error("{0}")]
    Refused(&'static str),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A sign-in under way: what its answer has to fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Going {
    pub provider: SignOnId,
    pub redirect_uri: String,
    pub nonce: String,
    /// The secret of PKCE (RFC 7636).
    pub verifier: String,
    /// Where the person wanted to go.
    pub next: String,
}

/// What a provider says of itself (Discovery 1.0).
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: Url,
    token_endpoint: Url,
    jwks_uri: Url,
    /// Whether each of its answers names it (RFC 9207).
    #[serde(default, rename = "authorization_response_iss_parameter_supported")]
    names_itself: bool,
}

impl Metadata {
    /// Whether it is of this issuer, and none of its addresses is less safe than that one.
    fn is_of(&self, issuer: &str) -> bool {
        let safe = |url: &Url| match issuer.starts_with("https://") {
            true => url.scheme() == "https",
            false => matches!(url.scheme(), "https" | "http"),
        };
        let all = [
            &self.authorization_endpoint,
            &self.token_endpoint,
            &self.jwks_uri,
        ];
        self.issuer == issuer && all.into_iter().all(safe)
    }
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

/// What the browser brings back.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Callback {
    pub code: Option<String>,
    pub state: Option<String>,
    /// Who answers (RFC 9207); not all say so.
    pub iss: Option<String>,
    pub error: Option<String>,
}

/// A sign-in that begins: what its answer has to fit.
pub fn begin(provider: SignOnId, redirect_uri: String, next: String) -> Result<Going, StoreError> {
    let secret = || Ok::<_, StoreError>(Token::generate(TokenKind::SignIn)?.reveal().to_owned());
    Ok(Going {
        provider,
        redirect_uri,
        nonce: secret()?,
        verifier: secret()?,
        next,
    })
}

/// Where the browser is sent.
pub async fn address(
    gateway: &Gateway,
    provider: &Provider,
    going: &Going,
    state: &str,
) -> Result<Url, SignOnError> {
    let mut url = discover(gateway, provider).await?.authorization_endpoint;
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(going.verifier.as_bytes()));
    url.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", &provider.client_id)
        .append_pair("redirect_uri", &going.redirect_uri)
        .append_pair("scope", "openid email profile")
        .append_pair("state", state)
        .append_pair("nonce", &going.nonce)
        .append_pair("code_challenge", &challenge)
        .append_pair("code_challenge_method", "S256");
    Ok(url)
}

/// Ends a sign-in: exchanges the code, and checks what the provider says.
pub async fn finish(
    gateway: &Gateway,
    provider: &Provider,
    going: &Going,
    callback: &Callback,
    now: UnixMs,
) -> Result<Claims, SignOnError> {
    if callback
        .iss
        .as_ref()
        .is_some_and(|iss| *iss != provider.issuer)
    {
        return Err(SignOnError::Issuer);
    }
    let code = match (&callback.code, &callback.error) {
        (Some(code), None) => code,
        _ => {
            let told = "The sign-in server did not let you in.";
            return Err(SignOnError::Refused(told));
        }
    };
    let metadata = discover(gateway, provider).await?;
    if metadata.names_itself && callback.iss.is_none() {
        return Err(SignOnError::Issuer);
    }
    let body = Serializer::new(String::new())
        .append_pair("grant_type", "authorization_code")
        .append_pair("code", code)
        .append_pair("redirect_uri", &going.redirect_uri)
        .append_pair("code_verifier", &going.verifier)
        .append_pair("client_id", &provider.client_id)
        .append_pair("client_secret", &provider.secret)
        .finish();
    let sealed = Sealed::to(&metadata.token_endpoint, Secret::new(body));
    let request = Request {
        accept: "application/json",
        content_type: "application/x-www-form-urlencoded",
        body: vec![Part::secret(sealed)],
        limits: limits(),
        ..Request::new(Purpose::SignOn, Method::Post, metadata.token_endpoint)
    };
    let tokens: Tokens = ask(gateway, request).await?;
    let keys: Keys = get(gateway, metadata.jwks_uri).await?;
    let expected = Expected {
        issuer: &provider.issuer,
        client_id: &provider.client_id,
        nonce: &going.nonce,
        now,
    };
    token::check(&tokens.id_token, &keys, expected)
}

async fn discover(gateway: &Gateway, provider: &Provider) -> Result<Metadata, SignOnError> {
    let base = provider.issuer.trim_end_matches('/');
    let url = Url::parse(&format!("{base}/.well-known/openid-configuration"));
    let metadata: Metadata = get(gateway, url.map_err(|_| SignOnError::Unreadable)?).await?;
    match metadata.is_of(&provider.issuer) {
        true => Ok(metadata),
        false => Err(SignOnError::Issuer),
    }
}

async fn get<T: DeserializeOwned>(gateway: &Gateway, url: Url) -> Result<T, SignOnError> {
    let request = Request {
        accept: "application/json",
        limits: limits(),
        ..Request::new(Purpose::SignOn, Method::Get, url)
    };
    ask(gateway, request).await
}

async fn ask<T: DeserializeOwned>(gateway: &Gateway, request: Request) -> Result<T, SignOnError> {
    let at = request.url.path().to_owned();
    let sent = gateway.send(request).await;
    let response = sent.map_err(SignOnError::Unreachable)?;
    let status = response.status;
    if status != 200 {
        return Err(SignOnError::Answer { status, at });
    }
    let bytes = response.bytes().await.map_err(SignOnError::Unreachable)?;
    serde_json::from_slice(&bytes).map_err(|_| SignOnError::Unreadable)
}

fn limits() -> Limits {
    Limits {
        bytes: ANSWER_BYTES,
        time: std::time::Duration::from_secs(10),
        // An answer from elsewhere is no answer of the issuer.
        redirects: 0,
        ..Limits::default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn an_issuer_is_asked_at_addresses_that_are_as_safe_as_its_own() {
        let of = |issuer: &str, change: (&str, Value)| {
            let mut said = json!({"issuer": issuer, "authorization_endpoint": "https://a.example/authorize",
                "token_endpoint": "https://t.example/token", "jwks_uri": "https://k.example/keys"});
            said[change.0] = change.1;
            let metadata: Metadata = serde_json::from_value(said).unwrap();
            metadata.is_of("https://id.example")
        };
        let as_it_is = ("extra", json!(1));
        assert!(of("https://id.example", as_it_is.clone()));
        assert!(!of("https://id.example/", as_it_is.clone()));
        assert!(!of("https://evil.example", as_it_is));
        for field in ["authorization_endpoint", "token_endpoint", "jwks_uri"] {
            for address in ["http://id.example/x", "javascript:alert(1)", "file:///etc"] {
                let change = (field, json!(address));
                assert!(!of("https://id.example", change), "{field} {address}");
            }
        }
    }
}
