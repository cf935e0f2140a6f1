//! The OpenAPI document says what the route table says.

use std::collections::BTreeSet;

use frontdesk::config::PublicUrl;
use frontdesk::http::{openapi_document, routes};
use serde_json::{Value, json};

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

/// The operations of our own API, with path and method as a label.
fn own_operations(document: &Value) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if path.starts_with("/api/v1/") {
                all.push((format!("{method} {path}"), operation.clone()));
            }
        }
    }
    all
}

/// What generators of clients stumble over.
#[test]
fn a_generator_can_read_every_operation() {
    let document = serde_json::to_value(openapi_document()).unwrap();
    let mut wrong = Vec::new();
    for (label, operation) in own_operations(&document) {
        let mut parameters = BTreeSet::new();
        let mut in_path = BTreeSet::new();
        for one in operation["parameters"].as_array().into_iter().flatten() {
            let (name, place) = (one["name"].as_str().unwrap(), one["in"].as_str().unwrap());
            if !parameters.insert((name, place)) {
                wrong.push(format!("{label}: {name} is there twice"));
            }
            if one["schema"].is_null() {
                wrong.push(format!("{label}: {name} has no type"));
            }
            if place == "path" {
                in_path.insert(name.to_owned());
            }
        }
        let named = label.split('{').skip(1);
        let named: BTreeSet<String> = named
            .map(|rest| rest.split('}').next().unwrap().to_owned())
            .collect();
        if named != in_path {
            wrong.push(format!("{label}: {in_path:?} are its parameters"));
        }
        if operation["tags"].as_array().is_none_or(Vec::is_empty) {
            wrong.push(format!("{label}: it has no tag"));
        }
        let bodies = operation["requestBody"]["content"].as_object();
        for (kind, body) in bodies.into_iter().flatten() {
            if body["schema"].is_null() {
                wrong.push(format!("{label}: its body as {kind} has no type"));
            }
        }
        let responses = operation["responses"].as_object().unwrap();
        for (status, response) in responses {
            if response["description"].as_str().is_none_or(str::is_empty) {
                wrong.push(format!("{label}: its {status} has no description"));
            }
        }
        if !responses
            .keys()
            .any(|status| status.starts_with(['1', '2']))
        {
            wrong.push(format!("{label}: it never succeeds"));
        }
        for (status, response) in responses {
            let content = response["content"].as_object().into_iter().flatten();
            for (kind, body) in content {
                if kind == "application/json" && body["schema"].is_null() {
                    wrong.push(format!("{label}: {status} has no type"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Bodies without a shape are counted, so that there are no more of them: a generated client can do little with one.
#[test]
fn few_bodies_have_no_shape() {
    let document = serde_json::to_value(openapi_document()).unwrap();
    let mut bare = BTreeSet::new();
    for (label, operation) in own_operations(&document) {
        let request = &operation["requestBody"]["content"]["application/json"];
        let responses = operation["responses"].as_object().unwrap().iter();
        let answers = responses
            .filter(|(status, _)| status.starts_with('2'))
            .map(|(_, response)| &response["content"]["application/json"]);
        for body in answers.chain([request]) {
            let schema = &body["schema"];
            let is_bare = schema.as_object().is_some_and(|fields| {
                !["$ref", "type", "allOf", "oneOf", "anyOf"]
                    .iter()
                    .any(|key| fields.contains_key(*key))
            });
            if is_bare {
                bare.insert(label.clone());
            }
        }
    }
    // What measurements are made of, and settings of analyses, which are types of other rooms.
    assert!(bare.len() <= 10, "{bare:?}");
}

#[test]
fn refusals_are_problems_and_every_guarded_operation_has_them() {
    let document = serde_json::to_value(openapi_document()).unwrap();
    for (label, operation) in own_operations(&document) {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let kinds = response["content"].as_object().into_iter().flatten();
            for (kind, _) in kinds.filter(|_| status.starts_with(['4', '5'])) {
                assert_eq!(kind, "application/problem+json", "{label} {status}");
            }
        }
        let is_open = label.contains("/api/v1/visit") || label.ends_with("/billing/hook");
        if !is_open {
            let schema = &operation["responses"]["401"]["content"]["application/problem+json"];
            let name = &schema["schema"]["$ref"];
            assert_eq!(name, "#/components/schemas/Problem", "{label}");
        }
    }
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
async fn an_answer_is_as_it_is_described() {
    let app = TestApp::new().await;
    let text = "We are open from 8:00 to 17:00 on Mondays.";
    app.document("default", "hours.txt", text).await;
    let question = json!({"question": "When are you open on Mondays?"});
    let answer = app.post("/api/v1/ask", question).await.json();
    let document = serde_json::to_value(openapi_document()).unwrap();
    let held = |name: &str, value: &Value| {
        let schema = &document["components"]["schemas"][name];
        let described = schema["properties"].as_object().unwrap();
        for field in value.as_object().unwrap().keys() {
            assert!(described.contains_key(field), "{name} lacks {field}");
        }
        for field in schema["required"].as_array().unwrap() {
            assert!(
                value.get(field.as_str().unwrap()).is_some(),
                "{name}: {field}"
            );
        }
    };
    held("AskAnswer", &answer);
    held("AskCitation", &answer["citations"][0]);
    held("AskTimings", &answer["timings_ms"]);
    held("AskTokens", &answer["tokens"]);
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
