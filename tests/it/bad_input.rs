//! Nonsense at every route of `/api/v1`: bodies that are no JSON or of another shape, fields of wrong types, numbers out of any
//! range, addresses that name nothing. All are refused in our envelope, and none is a fault of the server.
//!
//! Routes and fields come from the OpenAPI document, so that what is added is tried too.

use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use frontdesk::http::openapi_document;
use http_body_util::BodyExt;
use serde_json::{Map, Value, json};
use tower::ServiceExt;

use crate::app::TestApp;
use crate::wire::seed::ABSENT;

/// An operation of the document.
struct Operation {
    method: Method,
    /// A pattern.
    path: String,
    spec: Value,
}

/// Operations of our own API, without those for visitors, who need a token.
fn operations(document: &Value) -> Vec<Operation> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        if !path.starts_with("/api/v1/") || path.starts_with("/api/v1/visit") {
            continue;
        }
        for (method, spec) in item.as_object().unwrap() {
            all.push(Operation {
                method: method.to_uppercase().parse().unwrap(),
                path: path.clone(),
                spec: spec.clone(),
            });
        }
    }
    assert!(all.len() > 200, "operations are not found any more");
    all
}

impl Operation {
    /// The address, with this value for each parameter of the path.
    fn address(&self, value: &str) -> String {
        let parts = self.path.split('/').map(|part| match part {
            part if part.starts_with('{') => value,
            part => part,
        });
        parts.collect::<Vec<_>>().join("/")
    }

    /// The fields of its JSON body; `None` if it takes no JSON.
    fn fields(&self, document: &Value) -> Option<Vec<String>> {
        let schema = &self.spec["requestBody"]["content"]["application/json"]["schema"];
        let mut fields = Vec::new();
        collect_fields(document, schema, &mut fields);
        schema.is_object().then_some(fields)
    }

    fn query(&self) -> Vec<String> {
        let all = self.spec["parameters"].as_array().into_iter().flatten();
        let query = all.filter(|one| one["in"] == "query");
        query
            .map(|one| one["name"].as_str().unwrap().to_owned())
            .collect()
    }
}

fn collect_fields(document: &Value, schema: &Value, fields: &mut Vec<String>) {
    if let Some(name) = schema["$ref"].as_str() {
        let pointer = name.strip_prefix('#').unwrap();
        return collect_fields(document, document.pointer(pointer).unwrap(), fields);
    }
    for part in ["allOf", "oneOf", "anyOf"] {
        for one in schema[part].as_array().into_iter().flatten() {
            collect_fields(document, one, fields);
        }
    }
    let named = schema["properties"].as_object().into_iter().flatten();
    fields.extend(named.map(|(name, _)| name.clone()));
}

/// Sends it, and checks that it is no fault of the server, and in our envelope if it is refused.
async fn send(app: &TestApp, request: Request<Body>, label: &str) -> StatusCode {
    let response = app.router.clone().oneshot(request).await.unwrap();
    let status = response.status();
    if status == StatusCode::INTERNAL_SERVER_ERROR {
        let body = response.into_body().collect().await.unwrap().to_bytes();
        panic!("{label}: {}", String::from_utf8_lossy(&body));
    }
    if status.is_client_error() || status.is_server_error() {
        let headers = response.headers().clone();
        // A stream that was let in would not end.
        let body = response.into_body().collect().await.unwrap().to_bytes();
        check_problem(status, &headers, &body, label);
    }
    status
}

fn check_problem(status: StatusCode, headers: &HeaderMap, body: &[u8], label: &str) {
    let text = String::from_utf8_lossy(body);
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.map_or(&b""[..], |kind| kind.as_bytes());
    assert_eq!(
        kind, b"application/problem+json",
        "{label}: {status} {text}"
    );
    let problem: Value = serde_json::from_slice(body).unwrap();
    assert_eq!(problem["status"], status.as_u16(), "{label}: {text}");
    assert_eq!(problem["type"], "about:blank", "{label}: {text}");
    for field in ["title", "code", "detail"] {
        let value = problem[field].as_str().unwrap_or_default();
        assert!(!value.is_empty(), "{label}: {text}");
    }
    // What the inside is called is of no use to people.
    for inside in ["panicked", "rusqlite", "src/", "SELECT "] {
        assert!(!text.contains(inside), "{label}: {text}");
    }
}

fn build(
    app: &TestApp,
    method: &Method,
    address: &str,
    kind: &str,
    body: impl Into<Body>,
) -> Request<Body> {
    let mut request = Request::builder()
        .method(method)
        .uri(address)
        .header(header::HOST, "desk.example")
        .header(header::AUTHORIZATION, format!("Bearer {}", app.key));
    if !kind.is_empty() {
        request = request.header(header::CONTENT_TYPE, kind);
    }
    request.body(body.into()).unwrap()
}

#[tokio::test]
async fn a_body_that_is_not_what_a_route_reads_is_refused() {
    let app = TestApp::new().await;
    let document = serde_json::to_value(openapi_document()).unwrap();
    let deep = "[".repeat(100_000);
    let long = format!("\"{}\"", "x".repeat((1 << 20) + 1));
    const JSON: &str = "application/json";
    let bodies: [(&str, &str); 13] = [
        ("", ""),
        (JSON, ""),
        (JSON, "{"),
        (JSON, "{}}"),
        (JSON, "null"),
        (JSON, "true"),
        (JSON, "7"),
        (JSON, "1e999"),
        (JSON, "\"text\""),
        (JSON, "\"\\ud800\""),
        (JSON, deep.as_str()),
        (JSON, long.as_str()),
        ("text/plain", "{}"),
    ];
    let mut tried = 0;
    for operation in operations(&document) {
        if operation.fields(&document).is_none() {
            continue;
        }
        tried += 1;
        let (method, address) = (&operation.method, operation.address(ABSENT));
        for (kind, body) in bodies {
            let shown: String = body.chars().take(20).collect();
            let label = format!("{method} {address} with {kind} {shown}");
            let request = build(&app, method, &address, kind, body.to_owned());
            let status = send(&app, request, &label).await;
            assert!(status.is_client_error(), "{label}: {status}");
        }
        // No UTF-8.
        let label = format!("{method} {address} with bytes");
        let request = build(&app, method, &address, JSON, vec![b'"', 0xff, 0xfe, b'"']);
        let status = send(&app, request, &label).await;
        assert!(status.is_client_error(), "{label}: {status}");
    }
    assert!(tried > 60, "only {tried} operations take JSON");
}

#[tokio::test]
async fn a_field_of_a_wrong_type_is_no_fault_of_the_server() {
    let app = TestApp::new().await;
    let document = serde_json::to_value(openapi_document()).unwrap();
    let values = [
        json!({"nested": {"deeply": [1, 2, 3]}}),
        json!([[], null, -1]),
        json!(-1),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(1e300),
        json!(true),
        json!(""),
        json!("\u{0}"),
        json!("\u{202e}<script>alert(1)</script>' OR 1=1 --"),
        json!("x".repeat(100_000)),
    ];
    for operation in operations(&document) {
        let Some(fields) = operation.fields(&document) else {
            continue;
        };
        let (method, address) = (&operation.method, operation.address(ABSENT));
        for value in &values {
            let all: Map<String, Value> = fields
                .iter()
                .map(|field| (field.clone(), value.clone()))
                .collect();
            let shown: String = value.to_string().chars().take(40).collect();
            let mut bodies = vec![("all fields".to_owned(), Value::Object(all))];
            for field in &fields {
                bodies.push((field.clone(), json!({ (field.as_str()): value })));
            }
            for (field, body) in bodies {
                let label = format!("{method} {address}, {field}: {shown}");
                let kind = "application/json";
                let request = build(&app, method, &address, kind, body.to_string());
                send(&app, request, &label).await;
            }
        }
    }
}

#[tokio::test]
async fn thresholds_cannot_spoil_the_settings_beside_them() {
    let app = TestApp::new().await;
    for wrong in [
        json!({"rephrase": 5}),
        json!({"deadline_seconds": -1}),
        json!({"friendly": 1}),
        json!({"read_threshold": "high"}),
        json!({"calibrated_at": 5}),
    ] {
        let refused = app.post("/api/v1/evals/thresholds", wrong).await;
        assert_eq!(
            refused.status,
            StatusCode::BAD_REQUEST,
            "{}",
            refused.text()
        );
    }
    let question = json!({"question": "Are you open?"});
    let answer = app.post("/api/v1/ask", question).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
}

/// In an address, as they are written there.
const ODD: [&str; 9] = [
    "nonsense",
    "-1",
    "99999999999999999999999999",
    "%00",
    "%FF%FE",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "%27%20OR%201%3D1%20--",
    "2026-13-45T99:99:99Z",
    "%F0%9F%92%A9",
];

#[tokio::test]
async fn an_address_that_names_nothing_is_refused() {
    let app = TestApp::new().await;
    let document = serde_json::to_value(openapi_document()).unwrap();
    for operation in operations(&document) {
        if !operation.path.contains('{') {
            continue;
        }
        for odd in ODD {
            let address = operation.address(odd);
            let label = format!("{} {address}", operation.method);
            // What reads a body stops at this one.
            let request = build(&app, &operation.method, &address, "application/json", "[");
            let status = send(&app, request, &label).await;
            assert!(status.is_client_error(), "{label}: {status}");
        }
    }
}

#[tokio::test]
async fn a_query_that_makes_no_sense_is_no_fault_of_the_server() {
    let app = TestApp::new().await;
    let document = serde_json::to_value(openapi_document()).unwrap();
    let long = "x".repeat(5000);
    for operation in operations(&document) {
        if operation.method != Method::GET {
            continue;
        }
        let address = operation.address(ABSENT);
        for name in operation.query() {
            for odd in ODD.into_iter().chain(["", long.as_str()]) {
                let asked = format!("{address}?{name}={odd}");
                let label = format!("GET {address}?{name}={odd:.60}");
                let request = build(&app, &Method::GET, &asked, "", "");
                send(&app, request, &label).await;
            }
            let asked = format!("{address}?{name}=1&{name}=2&{name}[]=3&=&&%");
            let request = build(&app, &Method::GET, &asked, "", "");
            send(&app, request, &format!("GET {address}, {name} twice")).await;
        }
    }
}

#[tokio::test]
async fn a_method_that_a_path_does_not_have_is_refused() {
    let app = TestApp::new().await;
    let document = serde_json::to_value(openapi_document()).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        if !path.starts_with("/api/v1/") {
            continue;
        }
        let operation = Operation {
            method: Method::TRACE,
            path: path.clone(),
            spec: Value::Null,
        };
        let address = operation.address(ABSENT);
        for method in [Method::PUT, Method::PATCH, Method::DELETE, Method::TRACE] {
            if item[method.as_str().to_lowercase()].is_object() {
                continue;
            }
            let request = build(&app, &method, &address, "application/json", "{}");
            let label = format!("{method} {address}");
            let status = send(&app, request, &label).await;
            assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED, "{label}");
        }
    }
}
