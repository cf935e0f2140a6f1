//! OAuth 2.0: the page, codes, and pairs of tokens that rotate.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::response::Response;
use serde_json::{Value, json};

use super::gate::{good, problem, reply};
use super::{ACCOUNT, API, Asked, CLIENT, HOST, KommoFake, SECRET, USER, World, mint};

const CODE_LIFE: Duration = Duration::from_secs(20 * 60);
const ACCESS_LIFE: i64 = 86_400;

pub(super) struct Code {
    issued: Instant,
    used: bool,
}

/// The tokens of the one account.
#[derive(Default)]
pub(super) struct Pairs {
    count: u64,
    /// Access tokens that are taken.
    access: HashMap<String, u64>,
    /// The refresh token of the newest pair, and of the one before while the newest was not used.
    refresh: Option<(String, u64)>,
    before: Option<String>,
    long_lived: Option<String>,
}

fn refused(hint: &str) -> Response {
    let body = json!({
        "hint": hint, "title": "Nicht autorisiert",
        "type": "https://developers.amocrm.ru/v3/errors/OAuthProblemJson", "status": 400, "detail": hint,
    });
    reply(400, "application/problem+json", body.to_string())
}

/// The page where people agree: it sends them back at once. `answer` says what they do.
pub(super) fn page(fake: &KommoFake, asked: &Asked) -> Response {
    let state = asked.param("state").unwrap_or_default();
    let client = asked.param("client_id").unwrap_or_default();
    let redirect = fake.world().redirect.clone();
    let back = match asked.param("answer") {
        Some("denied") => {
            format!("{redirect}?error=access_denied&client_id={client}&state={state}")
        }
        Some("from_widget") => {
            let code = fake.issue_code();
            format!("{redirect}?code={code}&referer={HOST}&client_id={client}&from_widget=1")
        }
        _ => {
            let code = fake.issue_code();
            format!("{redirect}?code={code}&state={state}&referer={HOST}&client_id={client}")
        }
    };
    Response::builder()
        .status(302)
        .header("location", back)
        .body(Body::empty())
        .unwrap()
}

/// JSON, or a form.
fn fields(asked: &Asked) -> HashMap<String, String> {
    if let Ok(Value::Object(fields)) = serde_json::from_slice(&asked.body) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        return fields
            .iter()
            .map(|(key, value)| (key.clone(), text(value)))
            .collect();
    }
    form_urlencoded::parse(&asked.body).into_owned().collect()
}

pub(super) async fn tokens(fake: &KommoFake, asked: &Asked) -> Response {
    let fields = fields(asked);
    let get = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
    let is_refresh = get("grant_type") == "refresh_token";
    let slow = {
        let mut world = fake.world();
        if is_refresh {
            world.refreshing += 1;
            world.most_refreshing = world.most_refreshing.max(world.refreshing);
        }
        world.switches.slow_tokens
    };
    if let Some(slow) = slow {
        tokio::time::sleep(slow).await;
    }
    let mut world = fake.world();
    if is_refresh {
        world.refreshing -= 1;
    }
    if asked.host != world.host() && asked.host != API {
        return world.old_address(asked);
    }
    if get("client_id") != CLIENT || get("client_secret") != SECRET || world.switches.revoked {
        return problem(401, "Unauthorized", "invalid_client");
    }
    if get("redirect_uri") != world.redirect {
        return refused("Redirect URI does not match");
    }
    match get("grant_type") {
        "authorization_code" => match world.codes.get_mut(get("code")) {
            None => return refused("Cannot decrypt the authorization code"),
            Some(code) if code.issued.elapsed() > CODE_LIFE => {
                return refused("Authorization code has expired");
            }
            Some(code) if code.used => return refused("Authorization code has been revoked"),
            Some(code) => code.used = true,
        },
        "refresh_token" => {
            if !world.may_refresh(get("refresh_token")) {
                return refused("Invalid refresh token");
            }
            world.refreshed += 1;
        }
        _ => return refused("Unsupported grant type"),
    }
    let spent = is_refresh.then(|| get("refresh_token").to_owned());
    let body = world.issue_pair(spent);
    if world.switches.lose_token_answers > 0 {
        world.switches.lose_token_answers -= 1;
        // The tokens were changed, and the answer breaks off.
        let broken = futures::stream::iter([
            Ok(axum::body::Bytes::from_static(b"{\"tok")),
            Err(std::io::Error::other("lost")),
        ]);
        return reply(200, "application/json", Body::from_stream(broken));
    }
    good(&body)
}

impl World {
    pub(super) fn issue_code(&mut self) -> String {
        let code = format!("code-{}", self.draw_id());
        let issued = Code {
            issued: Instant::now(),
            used: false,
        };
        self.codes.insert(code.clone(), issued);
        code
    }

    pub(super) fn age_code(&mut self, code: &str, by: Duration) {
        let code = self.codes.get_mut(code).unwrap();
        code.issued = code.issued.checked_sub(by).unwrap();
    }

    fn may_refresh(&self, given: &str) -> bool {
        let pairs = &self.pairs;
        let newest = pairs
            .refresh
            .as_ref()
            .is_some_and(|(token, _)| token == given);
        newest || pairs.before.as_deref() == Some(given)
    }

    fn access_token(&self, count: u64) -> String {
        let api = (!self.switches.no_api_domain).then_some(API);
        let claims = json!({
            "aud": CLIENT, "jti": format!("t{count}"), "iat": mint::seconds(), "nbf": mint::seconds(),
            "exp": mint::seconds() + ACCESS_LIFE, "sub": USER.to_string(), "account_id": ACCOUNT,
            "base_domain": "kommo.com", "api_domain": api, "scopes": self.scopes,
        });
        mint::sign(&mint::hs256(), &claims, Some("kommo's own key"))
    }

    /// A new pair; the token that was spent on it works until the pair is used.
    fn issue_pair(&mut self, spent: Option<String>) -> Value {
        self.pairs.count += 1;
        let count = self.pairs.count;
        let (access, refresh) = (self.access_token(count), format!("def502{count:08}"));
        self.pairs.access.insert(access.clone(), count);
        self.pairs.refresh = Some((refresh.clone(), count));
        self.pairs.before = spent;
        json!({
            "token_type": "Bearer", "expires_in": ACCESS_LIFE, "access_token": access, "refresh_token": refresh,
        })
    }

    pub(super) fn long_lived(&mut self) -> String {
        let token = self.access_token(0);
        self.pairs.long_lived = Some(token.clone());
        token
    }

    pub(super) fn is_known(&self, access: &str) -> bool {
        self.pairs.access.contains_key(access) || self.pairs.long_lived.as_deref() == Some(access)
    }

    /// The newest pair was used: what came before is gone.
    pub(super) fn note_used(&mut self, access: &str) {
        let newest = self.pairs.refresh.as_ref().map(|(_, count)| *count);
        if self.pairs.access.get(access).copied() == newest {
            self.pairs.before = None;
            self.pairs.access.retain(|_, count| Some(*count) == newest);
        }
    }

    pub(super) fn expire_access(&mut self) {
        self.pairs.access.clear();
    }

    /// Which subdomain the account has now.
    pub(super) fn where_is(&self, refresh: Option<&str>) -> Response {
        if !refresh.is_some_and(|refresh| self.may_refresh(refresh)) {
            return problem(401, "Unauthorized", "Invalid refresh token");
        }
        good(&json!({
            "id": ACCOUNT, "subdomain": self.subdomain, "domain": self.host(), "top_level_domain": "com",
        }))
    }
}
