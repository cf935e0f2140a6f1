//! `/api/v1/keys`.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use serde_json::json;

use frontdesk::store::users::Role;

use crate::app::{ALL_SCOPES, TestApp, request};
use crate::staff::Staff;

#[tokio::test]
async fn a_key_is_shown_once_works_and_can_be_revoked() {
    let app = TestApp::new().await;
    let made = app
        .post(
            "/api/v1/keys",
            json!({"name": "crm", "scopes": ["documents"]}),
        )
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let (id, key) = (made.json()["id"].clone(), made.json()["key"].clone());
    let (id, key) = (id.as_str().unwrap(), key.as_str().unwrap());
    assert_eq!(made.header("cache-control"), "no-store");
    let use_it = || {
        request(Method::GET, "/api/v1/documents", key)
            .body(Body::empty())
            .unwrap()
    };
    assert_eq!(app.send(use_it()).await.status, StatusCode::OK);
    let list = app.get("/api/v1/keys").await;
    assert!(!list.text().contains(key));
    let listed = list.json()["keys"]
        .as_array()
        .unwrap()
        .iter()
        .find(|k| k["id"] == id)
        .cloned();
    assert!(key.starts_with(listed.unwrap()["prefix"].as_str().unwrap()));
    assert_eq!(
        app.delete(&format!("/api/v1/keys/{id}")).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(app.send(use_it()).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn nobody_hands_out_more_than_they_have() {
    let app = TestApp::new().await;
    let mine = app.workspace("mine").await;
    app.workspace("theirs").await;
    let (admin, _) = app.make_key(&["admin", "chat"], Some(mine)).await;
    let more = json!({"name": "x", "scopes": ["chat", "documents"]});
    assert_eq!(
        app.post_as(&admin, "/api/v1/keys", more).await.status,
        StatusCode::FORBIDDEN
    );
    let elsewhere = json!({"name": "x", "scopes": ["chat"], "workspace": "theirs"});
    assert_eq!(
        app.post_as(&admin, "/api/v1/keys", elsewhere).await.status,
        StatusCode::NOT_FOUND
    );
    let fine = app
        .post_as(
            &admin,
            "/api/v1/keys",
            json!({"name": "x", "scopes": ["chat"]}),
        )
        .await;
    assert_eq!(fine.status, StatusCode::CREATED);
    let list = request(Method::GET, "/api/v1/keys", &admin)
        .body(Body::empty())
        .unwrap();
    let keys = app.send(list).await.json()["keys"].clone();
    for key in keys.as_array().unwrap() {
        assert_eq!(key["workspace"], mine.to_string());
    }
    let (_, unbound) = app.make_key(&ALL_SCOPES, None).await;
    let steal = request(Method::DELETE, &format!("/api/v1/keys/{unbound}"), &admin);
    assert_eq!(
        app.send(steal.body(Body::empty()).unwrap()).await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let app = TestApp::new().await;
    for (body, param) in [
        (json!({"scopes": ["chat"]}), "name"),
        (json!({"name": " ", "scopes": ["chat"]}), "name"),
        (json!({"name": "x"}), "scopes"),
        (json!({"name": "x", "scopes": []}), "scopes"),
        (
            json!({"name": "x", "scopes": ["chat", "everything"]}),
            "scopes[1]",
        ),
    ] {
        let reply = app.post("/api/v1/keys", body).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST);
        assert_eq!(reply.json()["param"], param);
    }
}

#[tokio::test]
async fn a_key_of_one_workspace_gets_nothing_of_the_installation() {
    let app = TestApp::new().await;
    let mine = app.workspace("mine").await;
    let (bound, _) = app.make_key(&ALL_SCOPES, Some(mine)).await;
    let (free, _) = app.make_key(&ALL_SCOPES, None).await;
    for (method, path) in [
        (Method::POST, "/api/v1/setup-link"),
        (Method::GET, "/api/v1/status"),
    ] {
        let ask = |key: &str| {
            let asked = request(method.clone(), path, key);
            app.send(asked.body(Body::empty()).unwrap())
        };
        let refused = ask(&bound).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}");
        assert_eq!(refused.json()["code"], "bound");
        assert_eq!(ask(&free).await.status, StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn keys_outlive_their_maker_until_somebody_revokes_them_and_are_listed_meanwhile() {
    let app = TestApp::new().await;
    let boss = Staff::new(&app, "Boss", Role::Owner).await;
    let ann = Staff::new(&app, "Ann", Role::Admin).await;
    let make = async |name: &str| {
        let new = json!({"name": name, "scopes": ["documents"]});
        let made = ann.post("/api/v1/keys", new).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
        made.json()["key"].as_str().unwrap().to_owned()
    };
    let key = make("shop").await;
    let listed = async || {
        let list = app.get("/api/v1/keys").await.json();
        let keys = list["keys"].as_array().unwrap().clone();
        keys.into_iter().find(|key| key["name"] == "shop").unwrap()
    };
    let one = listed().await;
    assert_eq!(
        (&one["made_by"], &one["maker"], &one["left_behind"]),
        (&json!(ann.id.to_string()), &json!("Ann"), &json!(false))
    );
    let page = boss.get("/accounts").await;
    assert!(!page.text().contains("left behind"), "{}", page.text());
    let path = format!("/api/v1/accounts/{}", ann.id);
    let changed = app.patch(&path, json!({"role": "agent"})).await;
    assert_eq!(changed.json()["keys"][0]["name"], "shop");
    assert_eq!(listed().await["left_behind"], true);
    let page = boss.get("/accounts").await;
    assert!(page.text().contains("Keys that were left behind"));
    let status = async || {
        let request = request(Method::GET, "/api/v1/documents", &key);
        app.send(request.body(Body::empty()).unwrap()).await.status
    };
    assert_eq!(status().await, StatusCode::OK, "nothing stops by itself");
    let out = json!({"suspended": true, "revoke_keys": true});
    let changed = app.patch(&path, out).await;
    assert_eq!(changed.json()["keys"], json!([]));
    assert_eq!(status().await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn keys_of_an_erased_account_are_revoked_and_the_page_says_so_before() {
    let app = TestApp::new().await;
    let boss = Staff::new(&app, "Boss", Role::Owner).await;
    let ann = Staff::new(&app, "Ann", Role::Admin).await;
    let make = async |who: &Staff<'_>| {
        let new = json!({"name": "shop", "scopes": ["documents"]});
        let made = who.post("/api/v1/keys", new).await;
        made.json()["key"].as_str().unwrap().to_owned()
    };
    let (of_ann, of_boss) = (make(&ann).await, make(&boss).await);
    let status = async |key: &str| {
        let request = request(Method::GET, "/api/v1/documents", key);
        app.send(request.body(Body::empty()).unwrap()).await.status
    };
    assert_eq!(status(&of_ann).await, StatusCode::OK);
    for page in ["/account", "/accounts"] {
        let page = boss.get(page).await;
        let told = page.text().contains("API keys that");
        assert!(told, "{}", page.text());
    }
    let gone = app.delete(&format!("/api/v1/accounts/{}", ann.id)).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT, "{}", gone.text());
    assert_eq!(status(&of_ann).await, StatusCode::UNAUTHORIZED);
    assert_eq!(status(&of_boss).await, StatusCode::OK);
}
