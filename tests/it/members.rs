//! People in several workspaces: complete separation, invitations, sessions, the audit log.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use frontdesk::store::users::{self, NewUser, Role};
use frontdesk::store::{UserId, WorkspaceId, members};
use serde_json::{Value, json};

use crate::app::{TestApp, now};
use crate::auth::with_cookie;
use crate::browser::{Browser, PASSWORD, between, leads_to, person};
use crate::staff::{Staff, talk};

/// Makes somebody a member of a workspace, or changes their role there.
async fn put(app: &TestApp, workspace: WorkspaceId, user: UserId, role: Role) {
    let set = app
        .app
        .store
        .write(move |tx| members::set(tx, workspace, user, role, members::Origin::Staff, now()));
    set.await.unwrap();
}

async fn take_out(app: &TestApp, workspace: WorkspaceId, user: UserId) {
    let out = app.app.store.write(move |tx| {
        tx.execute(
            "DELETE FROM members WHERE workspace = ? AND user = ?",
            (workspace, user),
        )?;
        Ok(())
    });
    out.await.unwrap();
}

#[tokio::test]
async fn another_workspace_does_not_exist_for_whoever_is_not_in_it() {
    let app = TestApp::new().await;
    let clinic = app.workspace("clinic").await;
    let admin = Staff::new(&app, "Ann", Role::Admin).await;
    take_out(&app, clinic, admin.id).await;
    let theirs = talk(&app, "clinic", "my tooth hurts").await;
    let here = admin.get("/api/v1/inbox").await;
    assert_eq!(here.status, StatusCode::OK);
    assert!(!here.text().contains("tooth"), "{}", here.text());
    for path in [
        format!("/api/v1/conversations/{theirs}"),
        format!("/api/v1/conversations/{theirs}?workspace=clinic"),
        "/api/v1/inbox?workspace=clinic".to_owned(),
        "/api/v1/inbox?workspace=nowhere".to_owned(),
        format!("/inbox/{theirs}"),
        "/workspaces/clinic/export".to_owned(),
    ] {
        let reply = admin.get(&path).await;
        let denied = [StatusCode::NOT_FOUND, StatusCode::FORBIDDEN].contains(&reply.status);
        assert!(
            denied && !reply.text().contains("tooth"),
            "{path}: {}",
            reply.text()
        );
    }
    let there = admin.get("/api/v1/inbox?workspace=clinic").await;
    let nowhere = admin.get("/api/v1/inbox?workspace=nowhere").await;
    assert_eq!(there.status, StatusCode::NOT_FOUND);
    assert_eq!(there.text(), nowhere.text(), "denied looks like not there");
    // What belongs to the machine is its owner's.
    for path in [
        "/backups",
        "/plans",
        "/sign-on",
        "/api/v1/backups",
        "/api/v1/workspaces",
    ] {
        assert_eq!(
            admin.get(path).await.status,
            StatusCode::FORBIDDEN,
            "{path}"
        );
    }
    put(&app, clinic, admin.id, Role::Agent).await;
    let now_in = admin.get("/api/v1/inbox?workspace=clinic").await;
    assert_eq!(now_in.status, StatusCode::OK);
    let settings = admin.get("/api/v1/keys?workspace=clinic").await;
    assert_eq!(
        settings.status,
        StatusCode::FORBIDDEN,
        "an agent there, an admin here"
    );
}

#[tokio::test]
async fn whoever_goes_to_another_workspace_has_its_rights_and_a_new_session() {
    let app = TestApp::new().await;
    let clinic = app.workspace("clinic").await;
    person(&app, "boss", "owner").await;
    let ann = person(&app, "ann", "admin").await;
    put(&app, clinic, ann, Role::Viewer).await;
    let mut browser = Browser::new(&app);
    browser.password("ann").await;
    assert_eq!(browser.get("/keys").await.status, StatusCode::OK);
    let before = browser.session.clone();
    leads_to(&browser.post("/workspace", "name=clinic").await);
    assert_ne!(browser.session, before);
    assert_eq!(browser.get("/keys").await.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.get("/documents").await.status, StatusCode::OK);
    let written = browser.post("/faq", "question=Q&answer=A").await;
    assert_eq!(written.status, StatusCode::FORBIDDEN, "a viewer looks on");
    let after = browser.session.clone();
    browser.session = before;
    assert!(!browser.is_in().await, "the former session is over");
    browser.session = after;
    let nowhere = browser.post("/workspace", "name=elsewhere").await;
    assert_eq!(nowhere.status, StatusCode::NOT_FOUND);
    let page = browser.get("/overview").await;
    assert!(page.text().contains("clinic"), "{}", page.text());
}

#[tokio::test]
async fn going_to_another_workspace_makes_no_session_younger() {
    let app = TestApp::new().await;
    app.workspace("clinic").await;
    person(&app, "boss", "owner").await;
    person(&app, "ann", "agent").await;
    let mut ann = Browser::new(&app);
    ann.password("ann").await;
    // Somebody without a password, who signed in an hour ago.
    let aged = app.app.store.write(|tx| {
        tx.execute(
            "UPDATE sessions SET via = 'passkey', created_at = created_at - 3600000, expires_at = expires_at - 3600000",
            (),
        )?;
        tx.execute("UPDATE users SET password_hash = NULL", ())?;
        Ok(())
    });
    aged.await.unwrap();
    let session = async || {
        let read = app.app.store.read(|conn| {
            let of = "SELECT via, created_at, expires_at FROM sessions";
            Ok(conn.query_row(of, (), |row| {
                let via: String = row.get(0)?;
                Ok((via, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
            })?)
        });
        read.await.unwrap()
    };
    let before = session().await;
    leads_to(&ann.post("/workspace", "name=clinic").await);
    assert_eq!(session().await, before);
    // Else whoever finds the browser open could add a passkey of theirs.
    let begin = with_cookie(Method::POST, "/account/passkeys/begin", &ann.session)
        .header(header::ORIGIN, "http://desk.example")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from("{}"));
    let refused = app.send(begin.unwrap()).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(
        refused.text().contains("sign in again first"),
        "{}",
        refused.text()
    );
}

#[tokio::test]
async fn an_invitation_lets_one_person_in_once() {
    let app = TestApp::new().await;
    let boss = Staff::new(&app, "Boss", Role::Owner).await;
    let admin = Staff::new(&app, "Ann", Role::Admin).await;
    let invite = async |who: &Staff<'_>, email: &str, role: &str| {
        who.post("/api/v1/invitations", json!({"email": email, "role": role}))
            .await
    };
    let refused = invite(&admin, "eve@example.com", "owner").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.text());
    let made = invite(&boss, "eve@example.com", "agent").await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    assert_eq!(made.json()["mailed"], false, "no e-mail server is set up");
    let link = made.json()["link"].as_str().unwrap().to_owned();
    let token = link.split_once("token=").unwrap().1.to_owned();
    let listed = boss.get("/api/v1/invitations").await;
    assert!(!listed.text().contains(&token), "{}", listed.text());

    let mut eve = Browser::new(&app);
    let page = eve.get(&format!("/invitation?token={token}")).await;
    assert!(page.text().contains("eve@example.com"), "{}", page.text());
    let password = PASSWORD.replace(' ', "+");
    let form = format!("token={token}&name=Eve&password={password}&again={password}");
    leads_to(&eve.post("/invitation", &form).await);
    assert!(eve.is_in().await);
    let mut again = Browser::new(&app);
    assert_eq!(
        again.post("/invitation", &form).await.status,
        StatusCode::GONE
    );
    assert!(!again.is_in().await);

    let made = invite(&boss, "dan@example.com", "agent").await;
    let token = made.json()["link"]
        .as_str()
        .unwrap()
        .split_once("token=")
        .unwrap()
        .1
        .to_owned();
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/invitations/{id}");
    let gone = boss.send(Method::DELETE, &path, Value::Null).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    let page = again.get(&format!("/invitation?token={token}")).await;
    assert_eq!(page.status, StatusCode::GONE);
}

/// Invites somebody; the secret of the link.
async fn invited(by: &Staff<'_>, email: &str, role: &str) -> String {
    let whom = json!({"email": email, "role": role});
    let made = by.post("/api/v1/invitations", whom).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let link = made.json()["link"].as_str().unwrap().to_owned();
    link.split_once("token=").unwrap().1.to_owned()
}

async fn opens(app: &TestApp, token: &str) -> StatusCode {
    let mut somebody = Browser::new(app);
    let path = format!("/invitation?token={token}");
    somebody.get(&path).await.status
}

#[tokio::test]
async fn an_invitation_gives_nothing_that_its_maker_has_lost() {
    let app = TestApp::new().await;
    let home = app.workspace("default").await;
    Staff::new(&app, "Boss", Role::Owner).await;
    let ann = Staff::new(&app, "Ann", Role::Owner).await;
    let own = app.app.store.write(move |tx| {
        // An owner of the workspace, and not of the installation.
        tx.execute("UPDATE users SET owns = 0 WHERE name = 'Ann'", ())?;
        Ok(())
    });
    own.await.unwrap();
    put(&app, home, ann.id, Role::Owner).await;
    let owner = invited(&ann, "one@example.com", "owner").await;
    let agent = invited(&ann, "two@example.com", "agent").await;
    assert_eq!(opens(&app, &owner).await, StatusCode::OK);
    put(&app, home, ann.id, Role::Admin).await;
    assert_eq!(opens(&app, &owner).await, StatusCode::GONE, "an admin's");
    assert_eq!(opens(&app, &agent).await, StatusCode::OK);
    put(&app, home, ann.id, Role::Owner).await;
    let id = ann.id;
    let suspend = app.app.store.write(move |tx| users::suspend(tx, id, now()));
    suspend.await.unwrap();
    assert_eq!(opens(&app, &agent).await, StatusCode::GONE, "suspended");
    let back = app.app.store.write(move |tx| {
        users::reinstate(tx, id)?;
        members::remove(tx, home, id)
    });
    assert!(back.await.unwrap());
    put(&app, home, ann.id, Role::Owner).await;
    assert_eq!(opens(&app, &agent).await, StatusCode::GONE, "taken out");
}

#[tokio::test]
async fn whoever_was_taken_out_does_not_come_back_by_an_older_link() {
    let app = TestApp::new().await;
    let clinic = app.workspace("clinic").await;
    let boss = Staff::new(&app, "Boss", Role::Owner).await;
    let ann = person(&app, "ann", "agent").await;
    take_out(&app, clinic, ann).await;
    let mut browser = Browser::new(&app);
    browser.password("ann").await;
    let whom = json!({"email": "ann@example.com", "role": "agent"});
    let made = boss
        .post("/api/v1/invitations?workspace=clinic", whom)
        .await;
    let link = made.json()["link"].as_str().unwrap().to_owned();
    let token = link.split_once("token=").unwrap().1.to_owned();
    // Put in by somebody, and taken out again.
    put(&app, clinic, ann, Role::Agent).await;
    let out = app
        .app
        .store
        .write(move |tx| members::remove(tx, clinic, ann));
    assert!(out.await.unwrap());
    browser.password("ann").await;
    let form = format!("token={token}");
    let gone = browser.post("/invitation", &form).await;
    assert_eq!(gone.status, StatusCode::GONE, "{}", gone.text());
    // A new one works, and the log of that workspace tells of it.
    let fresh = json!({"email": "ann@example.com", "role": "agent"});
    let made = boss
        .post("/api/v1/invitations?workspace=clinic", fresh)
        .await;
    let link = made.json()["link"].as_str().unwrap().to_owned();
    let token = link.split_once("token=").unwrap().1.to_owned();
    let form = format!("token={token}");
    leads_to(&browser.post("/invitation", &form).await);
    let tells = async |workspace: &str| {
        let log = boss
            .get(&format!("/api/v1/audit?workspace={workspace}"))
            .await;
        log.text().contains("accepted an invitation")
    };
    assert!(tells("clinic").await && !tells("default").await);
}

#[tokio::test]
async fn whoever_works_elsewhere_too_cannot_be_taken_over_from_here() {
    let app = TestApp::new().await;
    app.workspace("clinic").await;
    let admin = Staff::new(&app, "Ann", Role::Admin).await;
    let both = Staff::new(&app, "Ben", Role::Agent).await;
    let path = format!("/api/v1/accounts/{}", both.id);
    let stolen = json!({"password": "four other plain words"});
    let refused = admin.send(Method::PATCH, &path, stolen.clone()).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.text());
    let clinic = app.workspace("clinic").await;
    take_out(&app, clinic, both.id).await;
    let allowed = admin.send(Method::PATCH, &path, stolen).await;
    assert_eq!(allowed.status, StatusCode::OK, "{}", allowed.text());
    // Somebody of another workspace only does not exist here.
    let stranger = app.app.store.write(move |tx| {
        let new = NewUser {
            email: "dan@example.com",
            name: "Dan",
            password_hash: None,
            role: Role::Agent,
        };
        users::create_in(tx, &new, &[clinic], now())
    });
    let stranger = stranger.await.unwrap();
    let default = app.workspace("default").await;
    let clinic = app.workspace("clinic").await;
    assert_ne!(default, clinic);
    let path = format!("/api/v1/accounts/{stranger}");
    let change = json!({"role": "viewer"});
    let denied = admin.send(Method::PATCH, &path, change).await;
    assert_eq!(denied.status, StatusCode::NOT_FOUND, "{}", denied.text());
    let listed = admin.get("/api/v1/accounts").await;
    assert!(
        !listed.text().contains("dan@example.com"),
        "{}",
        listed.text()
    );
}

#[tokio::test]
async fn the_audit_log_tells_who_changed_and_who_read() {
    let app = TestApp::new().await;
    let boss = Staff::new(&app, "Boss", Role::Owner).await;
    let agent = Staff::new(&app, "Ann", Role::Agent).await;
    let id = talk(&app, "default", "a secret wish").await;
    agent.get(&format!("/api/v1/conversations/{id}")).await;
    boss.post("/api/v1/keys", json!({"name": "k", "scopes": ["chat"]}))
        .await;
    let log = boss.get("/api/v1/audit?verify=true").await;
    assert_eq!(log.status, StatusCode::OK, "{}", log.text());
    let whats: Vec<(String, String)> = log.json()["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let text = |field: &str| row[field].as_str().unwrap().to_owned();
            (text("name"), text("what"))
        })
        .collect();
    let has = |name: &str, what: &str| whats.contains(&(name.to_owned(), what.to_owned()));
    assert!(has("Ann", "GET /api/v1/conversations/{id}"), "{whats:?}");
    assert!(has("Boss", "POST /api/v1/keys"), "{whats:?}");
    assert!(log.json()["broken_at"].is_null());
    assert!(!log.text().contains("secret wish"));
    assert_eq!(
        agent.get("/api/v1/audit").await.status,
        StatusCode::FORBIDDEN
    );
    let file = boss.get("/api/v1/audit/export").await;
    assert!(
        file.text().contains("GET /api/v1/conversations/{id}"),
        "{}",
        file.text()
    );
    let changed = app.app.store.write(|tx| {
        tx.execute("UPDATE audit SET name = 'Eve' WHERE name = 'Ann'", ())?;
        Ok(())
    });
    changed.await.unwrap();
    // Nobody has asked since.
    let log = boss.get("/api/v1/audit").await.json();
    assert!(log["broken_at"].is_null() && log["checked_by"] == "Boss");
    let page = boss.get("/audit").await;
    assert!(page.text().contains("by Boss: no row was changed"));
    let log = boss.get("/api/v1/audit?verify=true").await;
    assert!(log.json()["broken_at"].is_i64(), "{}", log.text());
}

#[tokio::test]
async fn a_workspace_learns_who_from_above_read_in_it() {
    let app = TestApp::new().await;
    app.workspace("clinic").await;
    let boss = Staff::new(&app, "Boss", Role::Owner).await;
    let id = talk(&app, "clinic", "my tooth hurts").await;
    for path in [
        "/api/v1/workspaces/clinic/export".to_owned(),
        format!("/api/v1/conversations/{id}?workspace=clinic"),
    ] {
        for reply in [boss.get(&path).await, app.get(&path).await] {
            assert_eq!(reply.status, StatusCode::OK, "{path}");
        }
    }
    let whats = async |workspace: &str| {
        let log = boss
            .get(&format!("/api/v1/audit?workspace={workspace}"))
            .await;
        let whats = log.json()["entries"].as_array().unwrap().clone();
        let whats = whats
            .iter()
            .map(|row| row["what"].as_str().unwrap().to_owned());
        whats.collect::<Vec<_>>()
    };
    let there = whats("clinic").await;
    for what in [
        "GET /api/v1/workspaces/{name}/export",
        "GET /api/v1/conversations/{id}",
    ] {
        let times = there.iter().filter(|one| *one == what).count();
        assert_eq!(times, 2, "a person and a key: {there:?}");
    }
    assert!(whats("default").await.is_empty());
}

#[tokio::test]
async fn people_see_where_they_are_signed_in_and_end_one_browser() {
    let app = TestApp::new().await;
    person(&app, "boss", "owner").await;
    person(&app, "ann", "agent").await;
    let (mut here, mut there) = (Browser::new(&app), Browser::new(&app));
    here.password("ann").await;
    there.password("ann").await;
    let page = here.get("/account").await;
    let path = between(page.text(), "action=\"/account/sessions/", "\"");
    leads_to(&here.post(&format!("/account/sessions/{path}"), "").await);
    assert!(here.is_in().await && !there.is_in().await);
    let mut boss = Browser::new(&app);
    boss.password("boss").await;
    let path = path.to_owned();
    let others = boss.post(&format!("/account/sessions/{path}"), "").await;
    assert_eq!(others.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_admin_of_one_workspace_does_not_learn_who_works_elsewhere() {
    let app = TestApp::new().await;
    app.workspace("clinic").await;
    Staff::new(&app, "Boss", Role::Owner).await;
    let ann = Staff::new(&app, "Ann", Role::Admin).await;
    let clinic = app.workspace("clinic").await;
    person(&app, "dan", "agent").await;
    let home = app.workspace("default").await;
    let dan = app.app.store.write(move |tx| {
        let dan = users::find_by_email(tx, "dan@example.com")?.unwrap().id;
        members::remove(tx, home, dan)?;
        Ok(dan)
    });
    let dan = dan.await.unwrap();
    take_out(&app, clinic, ann.id).await;
    let eve = person(&app, "eve", "agent").await;
    take_out(&app, clinic, eve).await;
    let mut told = Vec::new();
    for email in ["dan@example.com", "nobody@example.com"] {
        let new = json!({"name": "X", "email": email, "role": "agent", "password": PASSWORD});
        let made = ann.post("/api/v1/accounts", new).await;
        let change = json!({ "email": email });
        let path = format!("/api/v1/accounts/{eve}");
        let changed = ann.send(Method::PATCH, &path, change).await;
        let token = invited(&ann, email, "agent").await;
        let page = Browser::new(&app)
            .get(&format!("/invitation?token={token}"))
            .await;
        let shown = page.text().replace(&token, "").replace(email, "");
        told.push((
            made.status,
            made.text().to_owned(),
            changed.status,
            changed.text().to_owned(),
            shown,
        ));
    }
    assert_eq!(told[0], told[1]);
    assert_eq!(
        (told[0].0, told[0].2),
        (StatusCode::FORBIDDEN, StatusCode::FORBIDDEN)
    );
    // Dan joins with his account.
    let token = invited(&ann, "dan@example.com", "agent").await;
    let mut browser = Browser::new(&app);
    browser.password("dan").await;
    leads_to(&browser.post("/invitation", &format!("token={token}")).await);
    let role = app
        .app
        .store
        .read(move |conn| members::find(conn, home, dan));
    assert_eq!(role.await.unwrap(), Some(Role::Agent));
}
