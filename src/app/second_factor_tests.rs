use super::*;
use crate::store::token::{Token, TokenKind};
use crate::store::users::{NewUser, Role};

/// The secret of the test vectors in RFC 6238, appendix B.
const RFC_SECRET: &[u8; SECRET_BYTES] = b"12345678901234567890";
/// Seconds and the last six of the eight digits there, for SHA-1.
const RFC_CODES: [(i64, &str); 6] = [
    (59, "287082"),
    (1_111_111_109, "081804"),
    (1_111_111_111, "050471"),
    (1_234_567_890, "005924"),
    (2_000_000_000, "279037"),
    (20_000_000_000, "353130"),
];
const SECOND: i64 = 1000;
/// Within the step 33,333,333.
const NOW: i64 = 1_000_000_000 * SECOND;
const STEP: i64 = 30 * SECOND;

#[test]
fn the_codes_are_those_of_the_rfc() {
    for (at, code) in RFC_CODES {
        let step = Some(at / 30);
        assert_eq!(matching_step(RFC_SECRET, code, at * SECOND), step, "{at}");
        for beside in [-STEP, STEP] {
            assert_eq!(matching_step(RFC_SECRET, code, at * SECOND + beside), step);
        }
        for off in [-2 * STEP, 2 * STEP] {
            assert_eq!(matching_step(RFC_SECRET, code, at * SECOND + off), None);
        }
    }
    for wrong in ["", "287083", "28708", "2870820", "+87082", "28708é"] {
        assert_eq!(matching_step(RFC_SECRET, wrong, 59 * SECOND), None);
    }
    assert_eq!(matching_step(RFC_SECRET, "287082", -59 * SECOND), None);
}

/// The code that an app with this secret shows.
fn code(secret: &str, now: UnixMs) -> String {
    let secret = Secret::try_from_base32(secret).unwrap();
    let app = Builder::new().with_secret(secret).build().unwrap();
    app.generate(u64::try_from(now / SECOND).unwrap())
        .to_string()
}

struct Desk {
    store: Store,
    id: UserId,
}

impl Desk {
    async fn new() -> Self {
        let store = Store::open_in_memory().unwrap();
        crate::app::ensure_defaults(&store).await.unwrap();
        let made = store.write(|tx| {
            let new = NewUser {
                email: "a:b@x.org",
                name: "Ann",
                password_hash: None,
                role: Role::Owner,
            };
            users::create(tx, &new, 1)
        });
        let id = made.await.unwrap();
        Self { store, id }
    }

    /// Turns a second factor on at `NOW`; returns its secret and recovery codes.
    async fn turned_on() -> (Self, String, Vec<String>) {
        let desk = Self::new().await;
        let set_up = begin(&desk.store, desk.id, Some("X"), NOW).await.unwrap();
        let secret = set_up.secret.to_string();
        let codes = confirm(&desk.store, desk.id, code(&secret, NOW), None, NOW);
        let codes = codes.await.unwrap();
        (desk, secret, codes)
    }

    /// Signs in at `began` and gives a code at `now`.
    async fn sign_in(&self, code: &str, began: UnixMs, now: UnixMs) -> Result<Proof, FactorError> {
        let waits = Token::generate(TokenKind::SignIn).unwrap().hash();
        let session = Token::generate(TokenKind::Session).unwrap().hash();
        let id = self.id;
        let begun = self
            .store
            .write(move |tx| sign_ins::create(tx, id, &waits, began, began + SIGN_IN_MS));
        begun.await.unwrap();
        let before = self.sessions(now).await;
        let done = sign_in(
            &self.store,
            waits,
            code.into(),
            session,
            Place::default(),
            now,
            now + 9_000,
        )
        .await;
        let opened = self.sessions(now).await - before;
        assert_eq!(
            opened,
            u32::from(done.is_ok()),
            "a session only with a code"
        );
        if done.is_ok() {
            let again = sign_in(
                &self.store,
                waits,
                code.into(),
                session,
                Place::default(),
                now,
                now + 9_000,
            )
            .await;
            assert!(matches!(again, Err(FactorError::SignInOver)));
        }
        done
    }

    async fn sessions(&self, now: UnixMs) -> u32 {
        let id = self.id;
        let read = self
            .store
            .read(move |conn| sessions::of_user(conn, id, now));
        read.await.unwrap().0
    }
}

#[tokio::test]
async fn a_code_signs_in_once_and_only_in_its_time() {
    let (desk, secret, _) = Desk::turned_on().await;
    let at = |steps: i64| code(&secret, NOW + steps * STEP);
    // The code that turned it on is used up.
    let used = desk.sign_in(&at(0), NOW, NOW).await;
    assert!(matches!(used, Err(FactorError::Used)), "{used:?}");
    let later = NOW + 10 * STEP;
    for off in [8, 12] {
        let wrong = desk.sign_in(&at(off), later, later).await;
        assert!(matches!(wrong, Err(FactorError::Wrong)), "{off}: {wrong:?}");
    }
    assert_eq!(
        desk.sign_in(&at(10), later, later).await.unwrap(),
        Proof::App
    );
    // Neither this code nor the one before it works again; the next one does.
    for used in [10, 9] {
        let again = desk.sign_in(&at(used), later, later).await;
        assert!(matches!(again, Err(FactorError::Used)), "{again:?}");
    }
    let spaced = format!("{} {}", &at(11)[..3], &at(11)[3..]);
    assert!(desk.sign_in(&spaced, later, later).await.is_ok());
    let slow = NOW + 30 * STEP;
    let over = desk
        .sign_in(&code(&secret, slow), slow - SIGN_IN_MS, slow)
        .await;
    assert!(matches!(over, Err(FactorError::SignInOver)), "{over:?}");
    let in_time = desk
        .sign_in(&code(&secret, slow), slow - SIGN_IN_MS + 1, slow)
        .await;
    assert!(in_time.is_ok());
}

#[tokio::test]
async fn a_recovery_code_works_once_however_it_is_typed() {
    let (desk, secret, codes) = Desk::turned_on().await;
    let distinct: std::collections::HashSet<_> = codes.iter().collect();
    assert_eq!((codes.len(), distinct.len()), (10, 10));
    let typed = codes[0].to_lowercase().replace('-', " ").replace('o', "0");
    for (typed, works) in [(&typed, true), (&codes[0], false), (&codes[1], true)] {
        let done = desk.sign_in(typed, NOW, NOW).await;
        assert_eq!(done.ok(), works.then_some(Proof::Recovery), "{typed}");
    }
    let stranger = desk.sign_in("AAAA-BBBB-CCCC-DDDD", NOW, NOW).await;
    assert!(matches!(stranger, Err(FactorError::Wrong)));
    let now = NOW + STEP;
    let fresh = renew_recovery_codes(&desk.store, desk.id, code(&secret, now), now);
    let fresh = fresh.await.unwrap();
    assert!(desk.sign_in(&codes[2], now, now).await.is_err(), "ended");
    assert!(desk.sign_in(&fresh[0], now, now).await.is_ok());
}

#[tokio::test]
async fn it_is_on_after_a_right_code_in_time_and_off_with_another() {
    let desk = Desk::new().await;
    let (store, id) = (&desk.store, desk.id);
    let none = confirm(store, id, "123456".into(), None, NOW).await;
    assert!(matches!(none, Err(FactorError::SetUpOver)));
    let set_up = begin(store, id, Some("Marlow: Bicycles"), NOW)
        .await
        .unwrap();
    assert!(
        set_up.uri.starts_with(
            "otpauth://totp/Frontdesk%20of%20Marlow%20%20Bicycles:a%20b%40x.org?secret="
        ),
        "{}",
        *set_up.uri
    );
    let late = NOW + SET_UP_MS;
    let over = confirm(store, id, code(&set_up.secret, late), None, late).await;
    assert!(matches!(over, Err(FactorError::SetUpOver)));
    let wrong = confirm(store, id, "000000".into(), None, NOW).await;
    assert!(matches!(wrong, Err(FactorError::Wrong)));
    let off = turn_off(store, id, code(&set_up.secret, NOW), NOW).await;
    assert!(matches!(off, Err(FactorError::Off)));
    let on = confirm(store, id, code(&set_up.secret, NOW), None, NOW).await;
    assert!(on.is_ok());
    assert!(matches!(
        begin(store, id, Some("X"), NOW).await,
        Err(FactorError::On)
    ));
    let used = turn_off(store, id, code(&set_up.secret, NOW), NOW).await;
    assert!(matches!(used, Err(FactorError::Used)));
    let now = NOW + STEP;
    turn_off(store, id, code(&set_up.secret, now), now)
        .await
        .unwrap();
    assert!(begin(store, id, Some("X"), now).await.is_ok());
}

#[tokio::test]
async fn resetting_ends_it_and_every_session() {
    let (desk, secret, _) = Desk::turned_on().await;
    let (store, id, now) = (&desk.store, desk.id, NOW + STEP);
    desk.sign_in(&code(&secret, now), now, now).await.unwrap();
    let admin = By::Member {
        workspace: super::default_workspace(store).await.unwrap(),
        role: Role::Admin,
    };
    let refused = reset(store, admin, id, now).await;
    assert!(matches!(refused, Err(FactorError::Forbidden(_))));
    assert_eq!(desk.sessions(now).await, 1);
    reset(store, By::Installation, id, now).await.unwrap();
    assert_eq!(desk.sessions(now).await, 0);
    let again = reset(store, By::Installation, id, now).await;
    assert!(matches!(again, Err(FactorError::Off)));
    let over = desk.sign_in(&code(&secret, now), now, now).await;
    assert!(matches!(over, Err(FactorError::SignInOver)));
}
