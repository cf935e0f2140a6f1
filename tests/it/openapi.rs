//! The OpenAPI document says what the route table says.

use std::collections::BTreeSet;

use frontdesk::config::PublicUrl;
use frontdesk::http::{openapi_document, routes};
use serde_json::Value;

use crate::app::TestApp;

#[test]
fn every_route_is_documented_and_nothing_else() {
    let table: BTreeSet<(String, String)> = routes()
        .iter()
        .map(|route| {
            (
                route.method().as_str().to_lowercase(),
                route.path().replace("{*", "{"),
            )
        })
        .collect();
    let document = serde_json::to_value(openapi_document()).unwrap();
    let mut documented = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            documented.insert((method.clone(), path.clone()));
        }
    }
    assert_eq!(documented, table);
}

#[test]
fn no_two_operations_have_the_same_name() {
    let document = serde_json::to_value(openapi_document()).unwrap();
    let mut names = BTreeSet::new();
    for item in document["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            let name = operation["operationId"].as_str().unwrap().to_owned();
            assert!(names.insert(name.clone()), "{name}");
        }
    }
}

#[test]
fn every_reference_of_the_document_resolves() {
    let document = serde_json::to_value(openapi_document()).unwrap();
    let mut missing = Vec::new();
    walk(&document, &mut |name| {
        if document.pointer(&name.replace('#', "")).is_none() {
            missing.push(name.to_owned());
        }
    });
    assert!(missing.is_empty(), "{missing:?}");
}

fn walk(value: &Value, found: &mut impl FnMut(&str)) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value {
                    Value::String(name) if key == "$ref" => found(name),
                    _ => walk(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| walk(item, found)),
        _ => {}
    }
}

#[tokio::test]
async fn the_document_is_served() {
    let app = TestApp::new().await;
    let reply = app.get("/openapi.json").await;
    assert_eq!(reply.json()["info"]["title"], "Frontdesk");
    assert!(reply.json()["openapi"].as_str().unwrap().starts_with("3."));
    assert!(reply.json()["servers"].is_null());

    let behind_a_proxy = TestApp::with(|config| {
        config.public_url = PublicUrl(Some("https://desk.example.com".to_owned()));
    });
    let reply = behind_a_proxy.await.get("/openapi.json").await;
    assert_eq!(
        reply.json()["servers"][0]["url"],
        "https://desk.example.com"
    );
}

#[tokio::test]
async fn a_former_path_answers_as_the_current_one_and_says_so() {
    let app = TestApp::new().await;
    let current = app.get("/api/v1/faqs?workspace=default").await;
    let former = app.get("/api/faqs?workspace=default").await;
    assert_eq!(former.status, current.status);
    assert_eq!(former.text(), current.text());
    assert_eq!(former.header("deprecation"), "@1796083200");
    assert_eq!(
        former.header("link"),
        "</api/v1/faqs>; rel=\"successor-version\""
    );
    assert!(!current.headers.contains_key("deprecation"));
    let unknown = app.get("/api/nothing").await;
    assert_eq!(unknown.status, 404);
}
