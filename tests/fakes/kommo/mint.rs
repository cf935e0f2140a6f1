//! JSON Web Tokens: access tokens, and what the widget shows, right and wrong.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{ACCOUNT, CLIENT, HOST, SECRET, USER};

pub fn seconds() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    since.as_secs() as i64
}

/// A token with this header and these claims; without a secret its signature is empty.
pub fn sign(header: &Value, claims: &Value, secret: Option<&str>) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let Some(secret) = secret else {
        return format!("{signed}.");
    };
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(signed.as_bytes());
    let signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
    format!("{signed}.{signature}")
}

pub fn hs256() -> Value {
    json!({ "typ": "JWT", "alg": "HS256" })
}

/// What the widget's token says, for a server at `audience`.
pub fn widget_claims(audience: &str) -> Value {
    let now = seconds();
    json!({
        "iss": format!("https://{HOST}"), "aud": audience, "jti": "j-1", "iat": now, "nbf": now,
        "exp": now + 1800, "account_id": ACCOUNT, "user_id": USER, "subdomain": "shop",
        "client_uuid": CLIENT, "is_admin": true,
    })
}

/// A token as the widget shows it.
pub fn widget_token(audience: &str) -> String {
    sign(&hs256(), &widget_claims(audience), Some(SECRET))
}

/// Tokens that must not be taken, each with what is wrong.
pub fn forged_tokens(audience: &str) -> Vec<(&'static str, String)> {
    let good = widget_claims(audience);
    let with = |field: &str, value: Value| {
        let mut claims = good.clone();
        claims[field] = value;
        sign(&hs256(), &claims, Some(SECRET))
    };
    let now = seconds();
    let none = json!({ "typ": "JWT", "alg": "none" });
    let upper = json!({ "typ": "JWT", "alg": "NONE" });
    let other = json!({ "typ": "JWT", "alg": "HS512" });
    let right = widget_token(audience);
    let (signed, _) = right.rsplit_once('.').unwrap();
    let (head, rest) = right.split_once('.').unwrap();
    let (_, signature) = rest.split_once('.').unwrap();
    let elsewhere = URL_SAFE_NO_PAD.encode(with_user(&good).to_string());
    vec![
        ("alg none", sign(&none, &good, None)),
        ("alg none, signed", sign(&none, &good, Some(SECRET))),
        ("alg NONE", sign(&upper, &good, None)),
        ("alg HS512", sign(&other, &good, Some(SECRET))),
        ("another secret", sign(&hs256(), &good, Some("another"))),
        ("an empty secret", sign(&hs256(), &good, Some(""))),
        ("no signature", format!("{signed}.")),
        ("another payload", format!("{head}.{elsewhere}.{signature}")),
        ("another server", with("aud", json!("https://evil.example"))),
        ("expired", with("exp", json!(now - 3600))),
        ("not valid yet", with("nbf", json!(now + 3600))),
        ("valid for years", with("exp", json!(now + 400_000_000))),
        ("another account", with("account_id", json!(ACCOUNT + 1))),
        (
            "another integration",
            with("client_uuid", json!("99999999-2222-4333-8444-555555555555")),
        ),
        (
            "another host",
            with("iss", json!("https://shop.kommo.com.evil.example")),
        ),
        (
            "another shop",
            with("iss", json!("https://other.kommo.com")),
        ),
        ("no token", "x".into()),
        ("two parts", signed.to_owned()),
        ("four parts", format!("{right}.x")),
        ("nothing", String::new()),
    ]
}

fn with_user(claims: &Value) -> Value {
    let mut claims = claims.clone();
    claims["user_id"] = json!(USER + 1);
    claims
}
