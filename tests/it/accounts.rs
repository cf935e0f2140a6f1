//! Accounts of people: by API and in the pages.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::app::{Reply, TestApp, request};
use crate::auth::{sign_in, with_cookie};
use frontdesk::store::users::{self, Role};

async fn patch(app: &TestApp, key: &str, id: &str, body: Value) -> Reply {
    let request = request(Method::PATCH, &format!("/api/v1/accounts/{id}"), key)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_string()));
    app.send(request.unwrap()).await
}

async fn get(app: &TestApp, path: &str, session: &str) -> Reply {
    let request = with_cookie(Method::GET, path, session).body(Body::empty());
    app.send(request.unwrap()).await
}

async fn post(app: &TestApp, path: &str, session: &str, form: &str) -> Reply {
    let request = with_cookie(Method::POST, path, session)
        .header(header::ORIGIN, "http://desk.example")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(form.to_owned()));
    app.send(request.unwrap()).await
}

const ANN: &str = "ann@example.com";

async fn ann(app: &TestApp, role: &str) -> String {
    let new =
        json!({"name": "Ann", "email": ANN, "role": role, "password": "four plain words here"});
    let made = app.post("/api/v1/accounts", new).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    made.json()["id"].as_str().unwrap().to_owned()
}

/// A sign-in with the form; the session's cookie if it succeeds.
async fn log_in(app: &TestApp, password: &str) -> Option<String> {
    let form = format!(
        "email=ann%40example.com&password={}&next=",
        password.replace(' ', "+")
    );
    let request = axum::http::Request::builder()
        .method(Method::POST)
        .uri("/login")
        .header(header::HOST, "desk.example")
        .header(header::ORIGIN, "http://desk.example")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(form));
    let reply = app.send(request.unwrap()).await;
    let cookie =
        (reply.status == StatusCode::SEE_OTHER).then(|| reply.header("set-cookie").to_owned())?;
    let value = cookie.split_once('=')?.1;
    Some(value.split(';').next()?.to_owned())
}

#[tokio::test]
async fn a_dismissed_person_is_out_at_once_and_a_leaked_password_is_changed() {
    let app = TestApp::new().await;
    sign_in(&app, Role::Owner).await;
    let id = ann(&app, "agent").await;
    let session = log_in(&app, "four plain words here").await.unwrap();
    assert_eq!(get(&app, "/chat", &session).await.status, StatusCode::OK);
    let listed = app.get("/api/v1/accounts").await.json();
    let hers = listed["accounts"]
        .as_array()
        .unwrap()
        .iter()
        .find(|a| a["email"] == ANN)
        .unwrap()
        .clone();
    assert_eq!(
        (&hers["sessions"], &hers["role"]),
        (&1.into(), &"agent".into())
    );

    let changed = patch(
        &app,
        &app.key,
        &id,
        json!({"password": "another few plain words"}),
    )
    .await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text());
    assert_ne!(get(&app, "/chat", &session).await.status, StatusCode::OK);
    assert!(log_in(&app, "four plain words here").await.is_none());
    let session = log_in(&app, "another few plain words").await.unwrap();

    patch(&app, &app.key, &id, json!({"suspended": true})).await;
    assert_ne!(get(&app, "/chat", &session).await.status, StatusCode::OK);
    assert!(log_in(&app, "another few plain words").await.is_none());
    patch(
        &app,
        &app.key,
        &id,
        json!({"suspended": false, "role": "admin", "name": "Anna"}),
    )
    .await;
    assert!(log_in(&app, "another few plain words").await.is_some());
    let text = app.get("/api/v1/accounts").await;
    assert!(!text.text().contains("argon2"), "{}", text.text());
}

#[tokio::test]
async fn an_admin_makes_no_owner_and_the_last_owner_stays() {
    let app = TestApp::new().await;
    let (owner, owners) = sign_in(&app, Role::Owner).await;
    let id = ann(&app, "admin").await;
    let session = log_in(&app, "four plain words here").await.unwrap();
    let made = post(
        &app,
        "/accounts",
        &session,
        "name=Eve&email=e%40x.org&role=owner&password=four+plain+words+here",
    )
    .await;
    assert_eq!(made.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(made.text().contains("Only an owner"), "{}", made.text());
    for verb in ["suspend", "password", "role"] {
        let form = "role=agent&password=four+plain+words+here";
        let done = post(&app, &format!("/accounts/{owner}/{verb}"), &session, form).await;
        assert_eq!(done.status, StatusCode::UNPROCESSABLE_ENTITY, "{verb}");
    }
    let raised = post(
        &app,
        &format!("/accounts/{id}/role"),
        &session,
        "role=owner",
    )
    .await;
    assert_eq!(raised.status, StatusCode::UNPROCESSABLE_ENTITY);
    for change in [json!({"suspended": true}), json!({"role": "agent"})] {
        let last = patch(&app, &app.key, &owner.to_string(), change).await;
        assert_eq!(last.status, StatusCode::CONFLICT, "{}", last.text());
    }
    // The owner may.
    let raised = post(&app, &format!("/accounts/{id}/role"), &owners, "role=owner").await;
    assert_eq!(raised.status, StatusCode::SEE_OTHER, "{}", raised.text());
    let workspace = app.workspace("default").await;
    let (bound, _) = app.make_key(&["admin"], Some(workspace)).await;
    let refused = patch(&app, &bound, &id, json!({"name": "X"})).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    for (change, status) in [
        (json!({"email": "no address"}), StatusCode::BAD_REQUEST),
        (json!({"role": "king"}), StatusCode::BAD_REQUEST),
        (json!({"password": "short"}), StatusCode::BAD_REQUEST),
        (json!({"name": " "}), StatusCode::BAD_REQUEST),
    ] {
        let reply = patch(&app, &app.key, &id, change).await;
        assert_eq!(reply.status, status, "{}", reply.text());
    }
    let kept = app.app.store.read(users::list).await.unwrap();
    assert!(kept.iter().any(|u| u.email == ANN && u.name == "Ann"));
}

#[tokio::test]
async fn people_change_their_own_password_and_sign_out_elsewhere() {
    let app = TestApp::new().await;
    sign_in(&app, Role::Owner).await;
    ann(&app, "agent").await;
    let password = "four plain words here";
    let (here, there) = (
        log_in(&app, password).await.unwrap(),
        log_in(&app, password).await.unwrap(),
    );
    let page = get(&app, "/account", &here).await;
    assert!(page.text().contains("and 1 more"), "{}", page.text());
    assert_eq!(
        get(&app, "/accounts", &here).await.status,
        StatusCode::FORBIDDEN
    );
    let done = post(&app, "/account/sign-out-others", &here, "").await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    assert_ne!(get(&app, "/account", &there).await.status, StatusCode::OK);
    let new = |present: &str, password: &str, again: &str| {
        format!("present={present}&password={password}&again={again}").replace(' ', "+")
    };
    for (form, why) in [
        (
            new("wrong", "another plain password", "another plain password"),
            "current password",
        ),
        (
            new(password, "another plain password", "a different password"),
            "not the same",
        ),
        (new(password, "short", "short"), "too short"),
    ] {
        let refused = post(&app, "/account/password", &here, &form).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text().contains(why), "{why}");
    }
    let form = new(password, "another plain password", "another plain password");
    let changed = post(&app, "/account/password", &here, &form).await;
    assert_eq!(changed.status, StatusCode::SEE_OTHER, "{}", changed.text());
    assert!(!changed.header("set-cookie").is_empty());
    assert!(log_in(&app, password).await.is_none());
    let here = log_in(&app, "another plain password").await.unwrap();
    let renamed = post(
        &app,
        "/account",
        &here,
        "name=Anna+Blue&email=ann%40example.com",
    )
    .await;
    assert_eq!(renamed.status, StatusCode::SEE_OTHER);
    assert!(
        get(&app, "/account", &here)
            .await
            .text()
            .contains("Anna Blue")
    );
}

#[tokio::test]
async fn another_address_takes_the_password_and_ends_the_other_sessions() {
    let app = TestApp::new().await;
    let (boss, boss_session) = sign_in(&app, Role::Owner).await;
    let id = ann(&app, "agent").await;
    let password = "four plain words here";
    let (here, there) = (
        log_in(&app, password).await.unwrap(),
        log_in(&app, password).await.unwrap(),
    );
    let form = |present: &str| {
        format!("name=Anna+Typed&email=new%40example.com&present={present}").replace(' ', "+")
    };
    for present in ["", "wrong"] {
        let refused = post(&app, "/account", &here, &form(present)).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        let page = refused.text();
        assert!(page.contains("The password is not right"), "{page}");
        assert!(page.contains("Anna Typed") && page.contains("new@example.com"));
        assert!(page.contains("signed in with ann@example.com"), "{page}");
    }
    let done = post(&app, "/account", &here, &form(password)).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
    assert_eq!(get(&app, "/account", &here).await.status, StatusCode::OK);
    assert_ne!(get(&app, "/account", &there).await.status, StatusCode::OK);
    let kept = app.app.store.read(users::list).await.unwrap();
    assert!(
        kept.iter()
            .any(|u| u.id.to_string() == id && u.email == "new@example.com")
    );

    // Over the API a person proves it as well; a key needs no password.
    let set = app.app.store.write(move |tx| {
        let hash = frontdesk::store::password::hash("plain words of the boss")?;
        tx.execute(
            "UPDATE users SET password_hash = ? WHERE id = ?",
            (hash, boss),
        )?;
        Ok(())
    });
    set.await.unwrap();
    let own = async |body: Value| {
        let path = format!("/api/v1/accounts/{boss}");
        let request = with_cookie(Method::PATCH, &path, &boss_session)
            .header(header::ORIGIN, "http://desk.example")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_string()));
        app.send(request.unwrap()).await
    };
    for body in [
        json!({"email": "other@example.com", "present_password": "wrong"}),
        json!({"password": "another plain password", "present_password": "wrong"}),
    ] {
        let refused = own(body).await;
        assert_eq!(
            refused.status,
            StatusCode::BAD_REQUEST,
            "{}",
            refused.text()
        );
    }
    let named = own(json!({"name": "Bo"})).await;
    assert_eq!(named.status, StatusCode::OK, "{}", named.text());
    let by_key = patch(&app, &app.key, &id, json!({"email": ANN})).await;
    assert_eq!(by_key.status, StatusCode::OK, "{}", by_key.text());
    assert_ne!(get(&app, "/account", &here).await.status, StatusCode::OK);
    let path = format!("/accounts/{boss}/password");
    let refused = post(
        &app,
        &path,
        &boss_session,
        "password=another+plain+password",
    )
    .await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn an_account_is_erased_by_its_person_or_the_owner_and_the_last_owner_stays() {
    let app = TestApp::new().await;
    let (boss, boss_session) = sign_in(&app, Role::Owner).await;
    let ids = async || {
        let all = app.app.store.read(users::list).await.unwrap();
        let ids = all.into_iter().map(|user| user.id.to_string());
        ids.collect::<Vec<String>>()
    };
    let id = ann(&app, "admin").await;
    let session = log_in(&app, "four plain words here").await.unwrap();
    // An admin erases nobody.
    let refused = post(&app, &format!("/accounts/{boss}/erase"), &session, "").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    for form in [
        "confirm=somebody%40example.com&present=four+plain+words+here",
        "confirm=ann%40example.com&present=wrong",
    ] {
        let refused = post(&app, "/account/erase", &session, form).await;
        assert_eq!(
            refused.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{}",
            refused.text()
        );
    }
    let known = ids().await;
    assert!(known.contains(&id), "nothing is erased yet");
    let form = "confirm=ann%40example.com&present=four+plain+words+here";
    let done = post(&app, "/account/erase", &session, form).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
    assert_ne!(get(&app, "/account", &session).await.status, StatusCode::OK);
    let known = ids().await;
    assert!(!known.contains(&id));
    let log = app.get("/api/v1/audit").await;
    let rows = log.json();
    let mut rows = rows["entries"].as_array().unwrap().iter();
    let erased = rows
        .find(|row| row["what"] == "POST /account/erase" && row["outcome"] == 303)
        .unwrap();
    assert_eq!(
        (&erased["who"], &erased["name"]),
        (&json!(id), &json!("a former colleague"))
    );

    let id = ann(&app, "agent").await;
    let done = post(&app, &format!("/accounts/{id}/erase"), &boss_session, "").await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
    let id = ann(&app, "agent").await;
    let path = format!("/api/v1/accounts/{id}");
    assert_eq!(app.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(app.delete(&path).await.status, StatusCode::NOT_FOUND);
    let last = app.delete(&format!("/api/v1/accounts/{boss}")).await;
    assert_eq!(last.status, StatusCode::CONFLICT, "{}", last.text());
}
