//! The second factor of people: turned on, asked for at sign-in, turned off.

use std::net::SocketAddr;

use axum::body::Body;
use axum::http::{Method, StatusCode};
use frontdesk::store::users::{self, Role};

use crate::app::{TestApp, now};
use crate::auth::{sign_in, with_cookie};
use crate::browser::{
    Browser, PAGE, PASSWORD, between, code, leads_to, much_later, person, refused, wrong,
};

#[tokio::test]
async fn it_is_turned_on_with_the_password_and_a_right_code() {
    let app = TestApp::new().await;
    person(&app, "ann", "owner").await;
    let (mut here, mut there) = (Browser::new(&app), Browser::new(&app));
    here.password("ann").await;
    there.password("ann").await;
    assert!(there.is_in().await);

    let no = here.post(PAGE, "password=not+it").await;
    refused(
        &no,
        StatusCode::UNPROCESSABLE_ENTITY,
        "password is not right",
    );
    let form = format!("password={}", PASSWORD.replace(' ', "+"));
    let shown = here.post(PAGE, &form).await;
    let page = shown.text();
    assert!(page.contains("<svg class=\"qr\""), "{page}");
    assert!(
        !page.contains("style=") && !page.contains("<script>"),
        "the policy forbids both"
    );
    let uri = between(page, "href=\"otpauth://", "\"");
    assert!(uri.starts_with("totp/Frontdesk%20of%20"), "{uri}");
    let secret = between(page, "<code id=\"secret\">", "</code>").replace(' ', "");
    assert!(uri.contains(&format!("secret={secret}")), "{uri}");
    assert_eq!(shown.header("cache-control"), "no-store");

    let confirm = format!("{PAGE}/confirm");
    let right = code(&secret, 0);
    let no = here
        .post(&confirm, &format!("code={}", wrong(&right)))
        .await;
    refused(&no, StatusCode::UNPROCESSABLE_ENTITY, "code is not right");
    assert!(!no.text().contains(&secret), "shown once");
    assert!(there.is_in().await);
    let on = here.post(&confirm, &format!("code={right}")).await;
    assert_eq!(on.status, StatusCode::OK, "{}", on.text());
    assert_eq!(on.text().matches("<li><code>").count(), 10);

    // Whoever was signed in without it is out, but for this browser.
    assert!(here.is_in().await);
    assert!(!there.is_in().await);
    let state = here.get(PAGE).await;
    assert!(
        state.text().contains("10 recovery codes are left"),
        "{}",
        state.text()
    );
    assert!(!state.text().contains(&secret), "not shown again");
    let again = here.post(PAGE, &form).await;
    refused(&again, StatusCode::CONFLICT, "already on");
    let listed = app.get("/api/v1/accounts").await;
    assert_eq!(listed.json()["accounts"][0]["second_factor"], true);
    assert!(!listed.text().contains(&secret), "{}", listed.text());
}

#[tokio::test]
async fn signing_in_asks_for_a_code_that_counts_once() {
    let app = TestApp::new().await;
    let id = person(&app, "ann", "owner").await;
    let mut ann = Browser::new(&app);
    ann.password("ann").await;
    let phone = ann.turn_on().await;
    let secret = phone.secret;
    ann.post("/logout", "").await;

    let asked = ann.password("ann").await;
    assert_eq!(leads_to(&asked), "/login/code?next=%2Fchat");
    assert_eq!(ann.session, "", "no session before the code");
    assert!(!ann.is_in().await);
    // What waits is no session.
    let waiting = ann.waiting.clone();
    let as_session = with_cookie(Method::GET, "/api/v1/accounts", &waiting).body(Body::empty());
    let reply = app.send(as_session.unwrap()).await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
    let form = ann.get("/login/code?next=%2Fchat").await;
    assert!(form.text().contains("six digits"), "{}", form.text());

    let no = ann.code(&wrong(&code(&secret, 1))).await;
    let why = "Codes change every 30 seconds; check the clock of your phone and of this machine.";
    refused(&no, StatusCode::UNAUTHORIZED, why);
    // The one that turned it on.
    let used = ann.code(&phone.first).await;
    refused(&used, StatusCode::UNAUTHORIZED, "already been used");
    assert!(!ann.is_in().await);
    let next = code(&secret, 1);
    let mut stranger = Browser::new(&app);
    let no = stranger.code(&next).await;
    refused(&no, StatusCode::UNAUTHORIZED, "Type your password again");
    let done = ann.code(&next).await;
    assert_eq!(leads_to(&done), "/chat");
    assert!(ann.is_in().await);
    assert_eq!(ann.waiting, "");

    // Neither the code nor the sign-in can be used again.
    stranger.waiting = waiting;
    let no = stranger.code(&code(&secret, 0)).await;
    refused(&no, StatusCode::UNAUTHORIZED, "Type your password again");
    stranger.password("ann").await;
    let replayed = stranger.code(&next).await;
    refused(&replayed, StatusCode::UNAUTHORIZED, "already been used");
    assert!(!stranger.is_in().await);

    // It waits for five minutes, and not for who is suspended meanwhile.
    much_later(&app).await;
    let ends = app.app.store.read(|conn| {
        let sql = "SELECT min(expires_at - created_at), max(expires_at - created_at) FROM pending_sign_ins";
        Ok(conn.query_row(sql, (), |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
        })?)
    });
    let five_minutes = 5 * 60 * 1000_i64;
    assert_eq!(ends.await.unwrap(), (five_minutes, five_minutes));
    let aged = app
        .app
        .store
        .write(|tx| Ok(tx.execute("UPDATE pending_sign_ins SET expires_at = created_at", ())?));
    aged.await.unwrap();
    let late = stranger.code(&code(&secret, 0)).await;
    refused(&late, StatusCode::UNAUTHORIZED, "Type your password again");
    let page = stranger.get("/login/code").await;
    assert_eq!(leads_to(&page), "/login");
    sign_in(&app, Role::Owner).await;
    stranger.password("ann").await;
    let suspended = app.app.store.write(move |tx| users::suspend(tx, id, now()));
    suspended.await.unwrap();
    let out = stranger.code(&code(&secret, 0)).await;
    refused(&out, StatusCode::UNAUTHORIZED, "Type your password again");
    // The suspension ended the second factor.
    let back = app.app.store.write(move |tx| users::reinstate(tx, id));
    back.await.unwrap();
    assert_eq!(leads_to(&stranger.password("ann").await), "/chat");
}

#[tokio::test]
async fn recovery_codes_sign_in_once_each_and_can_be_made_again() {
    let app = TestApp::new().await;
    person(&app, "ann", "agent").await;
    let mut ann = Browser::new(&app);
    ann.password("ann").await;
    let phone = ann.turn_on().await;
    let (secret, codes) = (phone.secret, phone.recovery);
    let kept = app.app.store.read(|conn| {
        let sql = "SELECT count(*) FROM recovery_codes WHERE length(code_hash) = 32";
        Ok(conn.query_row(sql, (), |row| row.get::<_, i64>(0))?)
    });
    assert_eq!(kept.await.unwrap(), 10);

    let mut phoneless = Browser::new(&app);
    phoneless.password("ann").await;
    let done = phoneless.code(&codes[0]).await;
    assert_eq!(leads_to(&done), "/account/second-factor?done=recovery");
    let page = phoneless.get("/account/second-factor?done=recovery").await;
    assert!(
        page.text().contains("9 recovery codes are left"),
        "{}",
        page.text()
    );
    phoneless.password("ann").await;
    let again = phoneless.code(&codes[0]).await;
    refused(&again, StatusCode::UNAUTHORIZED, "code is not right");

    let renew = format!("{PAGE}/codes");
    let form =
        |password: &str, code: &str| format!("password={}&code={code}", password.replace(' ', "+"));
    let no = ann.post(&renew, &form("not it", &code(&secret, 1))).await;
    refused(
        &no,
        StatusCode::UNPROCESSABLE_ENTITY,
        "password is not right",
    );
    let no = ann.post(&renew, &form(PASSWORD, &codes[0])).await;
    refused(&no, StatusCode::UNPROCESSABLE_ENTITY, "code is not right");
    let fresh = ann.post(&renew, &form(PASSWORD, &code(&secret, 1))).await;
    assert_eq!(
        fresh.text().matches("<li><code>").count(),
        10,
        "{}",
        fresh.text()
    );
    let new = between(fresh.text(), "<li><code>", "</code>").to_owned();
    let old = phoneless.code(&codes[1]).await;
    refused(&old, StatusCode::UNAUTHORIZED, "code is not right");
    assert!(phoneless.code(&new.to_lowercase()).await.status == StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn it_is_turned_off_with_password_and_code() {
    let app = TestApp::new().await;
    person(&app, "ann", "admin").await;
    let mut ann = Browser::new(&app);
    ann.password("ann").await;
    let phone = ann.turn_on().await;
    let (secret, codes) = (phone.secret, phone.recovery);
    let off = format!("{PAGE}/off");
    let form =
        |password: &str, code: &str| format!("password={}&code={code}", password.replace(' ', "+"));
    let right = code(&secret, 1);
    let no = ann.post(&off, &form("not it", &right)).await;
    refused(
        &no,
        StatusCode::UNPROCESSABLE_ENTITY,
        "password is not right",
    );
    let no = ann.post(&off, &form(PASSWORD, &wrong(&right))).await;
    refused(&no, StatusCode::UNPROCESSABLE_ENTITY, "code is not right");
    let done = ann.post(&off, &form(PASSWORD, &right)).await;
    assert_eq!(leads_to(&done), "/account/second-factor?done=off");
    let mut other = Browser::new(&app);
    assert_eq!(leads_to(&other.password("ann").await), "/chat");
    assert!(other.is_in().await);
    // With the lost phone's recovery code as well, and the codes of before are gone with it.
    let fresh = ann.turn_on().await.recovery;
    let no = ann.post(&off, &form(PASSWORD, &codes[0])).await;
    refused(&no, StatusCode::UNPROCESSABLE_ENTITY, "code is not right");
    let done = ann.post(&off, &form(PASSWORD, &fresh[0])).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
}

#[tokio::test]
async fn too_many_wrong_codes_have_to_wait_whatever_the_password() {
    let app = TestApp::new().await;
    person(&app, "ann", "owner").await;
    let mut ann = Browser::new(&app);
    ann.password("ann").await;
    let secret = ann.turn_on().await.secret;
    let mut thief = Browser::new(&app);
    thief.password("ann").await;
    let right = code(&secret, 1);
    for _ in 0..9 {
        let no = thief.code(&wrong(&right)).await;
        assert_eq!(no.status, StatusCode::UNAUTHORIZED);
    }
    // The right password does not begin the count again.
    let no = thief.password("ann").await;
    assert_eq!(no.status, StatusCode::TOO_MANY_REQUESTS);
    let no = thief.code(&right).await;
    refused(&no, StatusCode::TOO_MANY_REQUESTS, "Wait ten minutes");
    // Nor does another network.
    thief.peer = SocketAddr::from(([198, 51, 100, 7], 4000));
    thief.password("ann").await;
    let no = thief.code(&right).await;
    refused(&no, StatusCode::TOO_MANY_REQUESTS, "Wait ten minutes");
    assert!(!thief.is_in().await);
    // Others may.
    person(&app, "bob", "agent").await;
    assert_eq!(leads_to(&thief.password("bob").await), "/chat");
}

#[tokio::test]
async fn ones_own_password_does_not_begin_the_count_of_the_network_again() {
    let app = TestApp::new().await;
    person(&app, "boss", "owner").await;
    person(&app, "ann", "agent").await;
    let (mut ann, mut guest) = (Browser::new(&app), Browser::new(&app));
    ann.password("ann").await;
    let own = format!("password={}", PASSWORD.replace(' ', "+"));
    let guess = "email=boss%40example.com&password=a+wrong+guess";
    let mut guesses = 0;
    for n in 0..14 {
        // A right password on the page of the second factor, after every fourth guess.
        if n % 4 == 3 {
            assert_eq!(ann.post(PAGE, &own).await.status, StatusCode::OK);
        }
        let no = guest.post("/login", guess).await;
        guesses += usize::from(no.status == StatusCode::UNAUTHORIZED);
        if no.status == StatusCode::TOO_MANY_REQUESTS {
            break;
        }
    }
    assert_eq!(guesses, 10);
}

#[tokio::test]
async fn whoever_finds_a_browser_open_cannot_guess_its_password_for_ever() {
    let app = TestApp::new().await;
    person(&app, "ann", "owner").await;
    let mut ann = Browser::new(&app);
    ann.password("ann").await;
    let change = |present: &str| {
        let present = present.replace(' ', "+");
        format!("present={present}&password=another+plain+word&again=another+plain+word")
    };
    for _ in 0..10 {
        let no = ann
            .post("/account/password", &change("a wrong guess"))
            .await;
        refused(
            &no,
            StatusCode::UNPROCESSABLE_ENTITY,
            "current password is not right",
        );
    }
    // Not even from another network.
    ann.peer = SocketAddr::from(([198, 51, 100, 7], 4000));
    let no = ann.post("/account/password", &change(PASSWORD)).await;
    refused(&no, StatusCode::TOO_MANY_REQUESTS, "Wait ten minutes");
}
