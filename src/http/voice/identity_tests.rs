use super::*;
use serde_json::json;

const SECRET: &str = "fd_identity_test";
const SITE: &str = "fd_site_1";
const NOW: UnixMs = 1_800_000_000_000;

fn sign(secret: &str, text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn token(secret: &str, head: &Value, claims: &Value) -> String {
    let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let signed = format!("{}.{}", encode(head), encode(claims));
    let signature = URL_SAFE_NO_PAD.encode(sign(secret, &signed));
    format!("{signed}.{signature}")
}

fn read(token: String) -> Result<Who, Problem> {
    let asked = IdentityRequest {
        jwt: Some(token),
        ..IdentityRequest::default()
    };
    verify(Some(SECRET), SITE, &asked, NOW)
}

fn claims(more: &Value) -> Value {
    let mut claims = json!({"sub": "a", "exp": NOW / 1000 + 60});
    for (name, value) in more.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

#[test]
fn a_token_says_who_somebody_is() {
    let more = json!({"sub": 42, "email": "ann@example.com", "name": " Ann "});
    let token = token(
        SECRET,
        &json!({"alg": "HS256", "typ": "JWT"}),
        &claims(&more),
    );
    let who = read(token.clone()).unwrap();
    let expected = Vouched {
        id: "42".into(),
        name: Some("Ann".into()),
        email: Some("ann@example.com".into()),
        phone: None,
        whole: true,
    };
    assert_eq!(who.vouched, Some(expected));
    let asked = IdentityRequest {
        jwt: Some(token),
        ..IdentityRequest::default()
    };
    for secret in [Some("other"), None] {
        let refused = verify(secret, SITE, &asked, NOW).unwrap_err();
        assert_eq!(refused.code, "identity_refused");
    }
}

#[test]
fn a_token_that_is_wrong_in_any_way_is_refused() {
    let hs256 = json!({"alg": "HS256"});
    let right = token(SECRET, &hs256, &claims(&json!({})));
    let with = |more: Value| token(SECRET, &hs256, &claims(&more));
    let by = |head: Value| token(SECRET, &head, &claims(&json!({})));
    let mut changed = right.clone().into_bytes();
    changed[30] ^= 1;
    let (signed, _) = right.rsplit_once('.').unwrap();
    for (case, wrong) in [
        ("no signature", format!("{signed}.")),
        ("none", by(json!({"alg": "none"}))),
        ("another method", by(json!({"alg": "HS512"}))),
        (
            "something unknown",
            by(json!({"alg": "HS256", "crit": ["b64"]})),
        ),
        ("another key", token("other", &hs256, &claims(&json!({})))),
        ("changed", String::from_utf8(changed).unwrap()),
        ("no end", with(json!({"exp": null}))),
        ("old", with(json!({"exp": NOW / 1000 - 61}))),
        ("not yet", with(json!({"nbf": NOW / 1000 + 61}))),
        ("a time in words", with(json!({"nbf": "now"}))),
        ("for others", with(json!({"aud": "shop"}))),
        ("for several others", with(json!({"aud": ["shop", "mail"]}))),
        ("for no text", with(json!({"aud": 1}))),
        ("nobody", with(json!({"sub": null}))),
        ("empty", String::new()),
        ("dots", "..".into()),
        ("long", "a".repeat(LONGEST_TOKEN + 1)),
        ("long name", with(json!({"name": "x".repeat(201)}))),
    ] {
        assert!(read(wrong).is_err(), "{case}");
    }
    for (case, fine) in [
        ("plain", right),
        ("a slow clock", with(json!({"exp": NOW / 1000 - 59}))),
        ("a fast clock", with(json!({"nbf": NOW / 1000 + 59}))),
        ("for us", with(json!({"aud": "frontdesk"}))),
        ("for us too", with(json!({"aud": ["shop", SITE]}))),
    ] {
        assert!(read(fine).is_ok(), "{case}");
    }
    let old = read(with(json!({"exp": NOW / 1000 - 61}))).unwrap_err();
    assert!(old.detail().contains("expired"), "{}", old.detail());
}

#[test]
fn an_address_that_nobody_checked_is_left_out() {
    let more = json!({"email": "ann@example.com", "email_verified": false});
    let who = read(token(SECRET, &json!({"alg": "HS256"}), &claims(&more))).unwrap();
    assert_eq!(who.vouched.unwrap().email, None);
}

#[test]
fn an_id_needs_its_hash() {
    let with = |id: &str, signed: &str| {
        let asked = IdentityRequest {
            user_id: Some(id.into()),
            hash: Some(hex::encode(sign(SECRET, signed))),
            name: Some("Ann".into()),
            ..IdentityRequest::default()
        };
        verify(Some(SECRET), SITE, &asked, NOW)
    };
    let vouched = with("user-7", "user:user-7").unwrap().vouched.unwrap();
    assert_eq!((vouched.id.as_str(), vouched.whole), ("user-7", false));
    for (id, signed) in [
        ("user-8", "user:user-7"),
        // The hash of an id alone could be the signature of a token.
        ("user-7", "user-7"),
        ("", "user:"),
        (" ", "user: "),
    ] {
        assert!(with(id, signed).is_err(), "{id} {signed}");
    }
    let no_hex = IdentityRequest {
        user_id: Some("a".into()),
        hash: Some("zz".into()),
        ..IdentityRequest::default()
    };
    assert!(verify(Some(SECRET), SITE, &no_hex, NOW).is_err());
}

#[test]
fn without_a_signature_it_is_only_claimed_and_needs_no_key() {
    let asked = IdentityRequest {
        user_id: Some("7".into()),
        name: Some(" Ann\nB ".into()),
        email: Some(" ".into()),
        ..IdentityRequest::default()
    };
    let who = verify(None, SITE, &asked, NOW).unwrap();
    assert_eq!(who.vouched, None);
    let expected = [("id", "7"), ("name", "Ann B")].map(|(a, b)| (a.into(), b.into()));
    assert_eq!(who.claimed, BTreeMap::from(expected));
}

#[test]
fn nobody_reads_on_in_the_visit_of_somebody_else() {
    let visit = |identity: Option<&str>, claimed: &str| Visitor {
        id: VisitorId::new(),
        workspace: WorkspaceId::new(),
        origin: None,
        created_at: 1,
        last_seen_at: 1,
        expires_at: 2,
        identity: identity.map(str::to_owned),
        contact: None,
        claimed: named(claimed),
        assistant: None,
    };
    let who = |id: &str, claimed: &str| Who {
        vouched: (!id.is_empty()).then(|| Vouched {
            id: id.into(),
            ..Vouched::default()
        }),
        claimed: named(claimed),
    };
    for (before, now, may) in [
        (visit(None, ""), who("", ""), true),
        (visit(None, ""), who("1", ""), true),
        (visit(None, ""), who("", "Ann"), true),
        (visit(Some("1"), ""), who("1", ""), true),
        (visit(Some("1"), ""), who("2", ""), false),
        (visit(Some("1"), ""), who("", ""), false),
        (visit(Some("1"), ""), who("", "Ann"), false),
        (visit(None, "Ann"), who("", "Ann"), true),
        (visit(None, "Ann"), who("", "Ben"), false),
        (visit(None, "Ann"), who("", ""), false),
        (visit(None, "Ann"), who("1", ""), false),
    ] {
        assert_eq!(now.may_resume(&before), may, "{before:?} {now:?}");
    }
}

fn named(name: &str) -> BTreeMap<String, String> {
    let named = (!name.is_empty()).then(|| ("name".to_owned(), name.to_owned()));
    named.into_iter().collect()
}
