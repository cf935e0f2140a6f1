//! Who a visitor is on the business's own website, as that website's server vouches for them with the workspace's key: by a
//! JSON Web Token (RFC 7519, HS256), or by an id with its HMAC-SHA256. Without either it is only what the page says.
//!
//! The hash is of `user:` and the id, not of the id alone: an id that a visitor chose may look like the part of a token that
//! is signed, and its hash, which the page shows, would sign that token.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::Sha256;
use utoipa::ToSchema;

use crate::contacts::{self, Vouched, parse_email, parse_phone};
use crate::http::auth::{Member, Scope};
use crate::http::now_ms;
use crate::http::problem::Problem;
use crate::store::conversations::Conversation;
use crate::store::messages::{self, MessageState, NewMessage, Speaker};
use crate::store::token::{Token, TokenKind};
use crate::store::visitors::{self, Visitor};
use crate::store::workspaces::Workspace;
use crate::store::{
    Connection, Scoped, Store, StoreError, Transaction, UnixMs, VisitorId, WorkspaceId, identities,
};

/// Clocks of two machines differ, in seconds.
const LEEWAY: i64 = 60;
/// In characters, of what a website says about somebody.
const LONGEST: usize = 200;
/// In bytes.
const LONGEST_TOKEN: usize = 8192;
/// What goes before the id, before it is hashed.
const BEFORE_ID: &str = "user:";
/// Whom a token is for, if it says so (`aud`); the site key will do as well.
const AUDIENCE: &str = "frontdesk";

/// What a page says about who is signed in on it. Signed it is with `jwt`, or with `user_id` and `hash`.
#[derive(Debug, Clone, Default, Deserialize, Serialize, ToSchema)]
#[serde(default)]
pub struct IdentityRequest {
    /// A JSON Web Token (HS256) with `sub` and `exp`; `name`, `email` and `phone` if they are known.
    jwt: Option<String>,
    /// The website's id of the person.
    user_id: Option<String>,
    /// HMAC-SHA256 of `user:` and `user_id`, in hexadecimal.
    hash: Option<String>,
    /// Beside a hash and without one these are only claimed.
    name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
}

/// Who is signed in on the page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Who {
    /// By the website's word. E-mail and number as they were written.
    pub(super) vouched: Option<Vouched>,
    /// By nobody's: `id`, `name`, `email`, `phone`.
    pub(super) claimed: BTreeMap<String, String>,
}

impl Who {
    /// Whether a visit may go on for them: nobody reads on in the visit of somebody else.
    pub(super) fn may_resume(&self, visitor: &Visitor) -> bool {
        match (&visitor.identity, &self.vouched) {
            (Some(id), vouched) => vouched.as_ref().is_some_and(|vouched| vouched.id == *id),
            (None, _) if visitor.claimed.is_empty() => true,
            (None, Some(_)) => false,
            (None, None) => visitor.claimed == self.claimed,
        }
    }

    /// Whether a visit that goes on for them says so already, so that pages which only resume it write nothing.
    pub(super) fn is_kept(&self, visitor: &Visitor) -> bool {
        match &self.vouched {
            Some(vouched) => visitor.identity.as_ref() == Some(&vouched.id),
            None => visitor.claimed == self.claimed,
        }
    }

    /// Notes who the visitor is, and makes what they said before theirs.
    pub(super) fn keep(
        &self,
        tx: &Transaction<'_>,
        visitor: &Visitor,
        now: UnixMs,
    ) -> Result<(), StoreError> {
        let workspace = visitor.workspace;
        if let Some(vouched) = &self.vouched {
            let country = contacts::country(tx, workspace)?;
            let email = vouched.email.as_deref().map(parse_email);
            let phone = vouched.phone.as_deref();
            let phone = phone.map(|phone| parse_phone(phone, country.as_deref()));
            // What cannot be read is left out.
            let vouched = Vouched {
                email: email.and_then(Result::ok),
                phone: phone.and_then(Result::ok),
                ..vouched.clone()
            };
            let contact = contacts::recognise(tx, workspace, &vouched, now)?;
            visitors::recognise(tx, visitor, &vouched.id, contact.id)?;
        }
        if self.vouched.is_none() && visitor.claimed != self.claimed {
            visitors::set_claimed(tx, visitor.id, &self.claimed)?;
            if let Some(own) = visitors::find_conversation(tx, visitor)? {
                tell_claimed(tx, &own, &self.claimed, now)?;
            }
        }
        Ok(())
    }
}

/// Tells staff in the conversation what the page says of the visitor.
pub(super) fn tell_claimed(
    tx: &Transaction<'_>,
    own: &Scoped<Conversation>,
    claimed: &BTreeMap<String, String>,
    now: UnixMs,
) -> Result<(), StoreError> {
    let labels = [
        ("name", "Name"),
        ("email", "E-mail"),
        ("phone", "Phone"),
        ("id", "Id"),
    ];
    let told = labels.iter().filter_map(|(field, label)| {
        let text = claimed.get(*field)?;
        Some(format!("{label}: {text}"))
    });
    let told: Vec<_> = told.collect();
    if told.is_empty() {
        return Ok(());
    }
    let text = format!("{}\nThe page says so; it is not proved.", told.join("\n"));
    let note = NewMessage {
        role: Speaker::System,
        text: &text,
        state: MessageState::Complete,
        client_id: Some("claimed"),
        author: None,
    };
    messages::append(tx, own, &note, now).map(drop)
}

/// What follows from who somebody is, for a conversation that begins; returns the visits in which it is shown.
pub(super) fn begin_conversation(
    tx: &Transaction<'_>,
    own: &Scoped<Conversation>,
    visitor: &Visitor,
    now: UnixMs,
) -> Result<Vec<VisitorId>, StoreError> {
    if let Some(identity) = &visitor.identity {
        crate::store::conversations::recognise(tx, own, identity, visitor.contact)?;
    }
    tell_claimed(tx, own, &visitor.claimed, now)?;
    visitors::of_same_person(tx, visitor, now)
}

/// Makes a new key; the one before is refused from now on, and visits that it vouched for end.
///
/// # Errors
/// 403 for a caller who may not.
pub(in crate::http) async fn renew(store: &Store, by: &Member) -> Result<Token, Problem> {
    let workspace = by.need(&[Scope::Admin])?;
    let made = Token::generate(TokenKind::Identity)?;
    let key = zeroize::Zeroizing::new(made.reveal().to_owned());
    let write = store.write(move |tx| identities::renew(tx, workspace, &key, now_ms()));
    write.await?;
    Ok(made)
}

/// When the key was made, for the owner.
pub(in crate::http) fn made_at(
    conn: &Connection,
    workspace: WorkspaceId,
) -> Result<Option<UnixMs>, StoreError> {
    identities::made_at(conn, workspace)
}

/// Checks what a page says about who is signed in on it.
///
/// # Errors
/// 400 with what is wrong, for the website's developer.
pub(super) async fn check(
    store: &Store,
    workspace: &Workspace,
    asked: Option<IdentityRequest>,
) -> Result<Who, Problem> {
    let Some(asked) = asked else {
        return Ok(Who::default());
    };
    let id = workspace.id;
    let secret = match asked.is_signed() {
        true => store.read(move |conn| identities::secret(conn, id)).await?,
        false => None,
    };
    let secret = secret.as_ref().map(|secret| secret.as_str());
    verify(secret, &workspace.site_key, &asked, now_ms())
}

impl IdentityRequest {
    fn is_signed(&self) -> bool {
        self.jwt.is_some() || self.hash.is_some()
    }
}

fn verify(
    secret: Option<&str>,
    site: &str,
    asked: &IdentityRequest,
    now: UnixMs,
) -> Result<Who, Problem> {
    let tidy = |text: &Option<String>| {
        let text = text.as_ref()?.split_whitespace().collect::<Vec<_>>();
        (!text.is_empty()).then(|| text.join(" "))
    };
    if !asked.is_signed() {
        let fields = [
            ("id", &asked.user_id),
            ("name", &asked.name),
            ("email", &asked.email),
            ("phone", &asked.phone),
        ];
        let claimed: BTreeMap<_, _> = fields
            .into_iter()
            .filter_map(|(field, text)| Some((field.to_owned(), tidy(text)?)))
            .collect();
        check_lengths(claimed.values())?;
        let vouched = None;
        return Ok(Who { vouched, claimed });
    }
    let secret = secret.ok_or_else(|| {
        refuse(
            "this front desk has no key for identities; its owner makes one on the console's page \"Widget\"",
        )
    })?;
    let vouched = match (&asked.jwt, &asked.user_id, &asked.hash) {
        (Some(token), _, _) => read_token(secret, site, token, now)?,
        (None, Some(id), Some(hash)) => {
            let hash = hex::decode(hash.trim())
                .map_err(|_| refuse("the hash must be written in hexadecimal"))?;
            is_signed(secret, format!("{BEFORE_ID}{id}").as_bytes(), &hash).ok_or_else(|| {
                refuse("the hash is not that of \"user:\" and the id with this front desk's key")
            })?;
            Vouched {
                id: id.trim().to_owned(),
                name: tidy(&asked.name),
                email: tidy(&asked.email),
                phone: tidy(&asked.phone),
                whole: false,
            }
        }
        _ => return Err(refuse("a hash needs the user id that it is of")),
    };
    if vouched.id.is_empty() {
        return Err(refuse("the user id is empty"));
    }
    let fields = [&vouched.name, &vouched.email, &vouched.phone];
    check_lengths(fields.into_iter().flatten().chain([&vouched.id]))?;
    Ok(Who {
        vouched: Some(vouched),
        claimed: BTreeMap::new(),
    })
}

fn check_lengths<'a>(mut texts: impl Iterator<Item = &'a String>) -> Result<(), Problem> {
    match texts.all(|text| text.chars().count() <= LONGEST) {
        true => Ok(()),
        false => {
            let detail =
                format!("id, name, e-mail and phone may have at most {LONGEST} characters");
            Err(refuse(&detail))
        }
    }
}

fn refuse(detail: &str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "identity_refused", detail).with_param("identity")
}

fn read_token(secret: &str, site: &str, token: &str, now: UnixMs) -> Result<Vouched, Problem> {
    let broken = || refuse("this is no JSON Web Token");
    if token.len() > LONGEST_TOKEN {
        return Err(broken());
    }
    let (signed, signature) = token.rsplit_once('.').ok_or_else(broken)?;
    let (head, claims) = signed.split_once('.').ok_or_else(broken)?;
    let parse = |part: &str| -> Option<Value> {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
    };
    let head = parse(head).ok_or_else(broken)?;
    // Nothing but this, whatever the token says: "none" and others' keys must not pass.
    if head.get("alg").and_then(Value::as_str) != Some("HS256") || head.get("crit").is_some() {
        return Err(refuse("the token must be signed with HS256"));
    }
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| broken())?;
    is_signed(secret, signed.as_bytes(), &signature)
        .ok_or_else(|| refuse("the token is not signed with this front desk's key"))?;
    let claims = parse(claims).ok_or_else(broken)?;
    check_time(&claims, now)?;
    if let Some(audience) = claims.get("aud") {
        let is_us = |one: &Value| one == AUDIENCE || one == site;
        let ours = is_us(audience) || audience.as_array().is_some_and(|all| all.iter().any(is_us));
        if !ours {
            return Err(refuse(
                "the token is for somebody else; its aud must be \"frontdesk\"",
            ));
        }
    }
    let text = |name: &str| match claims.get(name) {
        Some(Value::String(text)) if !text.trim().is_empty() => {
            Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
        }
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    // OpenID's word for an address that nobody checked.
    let checked = claims.get("email_verified") != Some(&Value::Bool(false));
    Ok(Vouched {
        id: text("sub").ok_or_else(|| refuse("the token needs sub, the person's id"))?,
        name: text("name"),
        email: text("email").filter(|_| checked),
        phone: text("phone"),
        whole: true,
    })
}

fn check_time(claims: &Value, now: UnixMs) -> Result<(), Problem> {
    let seconds = |name: &str| claims.get(name).and_then(Value::as_f64);
    #[expect(clippy::cast_precision_loss, reason = "seconds of a clock")]
    let (now, leeway) = (now as f64 / 1000.0, LEEWAY as f64);
    let ends =
        seconds("exp").ok_or_else(|| refuse("the token needs exp, the time when it ends"))?;
    if ends + leeway < now {
        return Err(refuse(
            "the token has expired; the website's server has to sign a new one for each page",
        ));
    }
    let begins = match claims.get("nbf") {
        None => None,
        Some(begins) => {
            let wrong = || refuse("the token's nbf must be a time in seconds");
            Some(begins.as_f64().ok_or_else(wrong)?)
        }
    };
    match begins.is_some_and(|begins| begins - leeway > now) {
        true => Err(refuse(
            "the token is not valid yet; check the clocks of both servers",
        )),
        false => Ok(()),
    }
}

/// Compares in constant time.
fn is_signed(secret: &str, signed: &[u8], signature: &[u8]) -> Option<()> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(signed);
    mac.verify_slice(signature).ok()
}

#[cfg(test)]
#[path = "identity_tests.rs"]
mod tests;
