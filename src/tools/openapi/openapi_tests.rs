use serde_json::{Value, json};

use super::*;
use crate::tools::endpoint::{BodyForm, Place, SecretPlace};
use crate::tools::schema::Schema;

const SHOP: &str = r##"
openapi: 3.0.3
info: { title: Shop, version: "1.2" }
servers:
  - url: https://{host}/v1/
    variables: { host: { default: api.shop.example } }
security: [ { key: [] } ]
components:
  securitySchemes:
    key: { type: apiKey, in: header, name: X-Key }
  parameters:
    Trace: { name: X-Trace, in: header, schema: { type: string } }
  schemas:
    Address: { type: object, required: [city], properties: { city: { type: string } } }
    Base: { type: object, required: [sku], properties: { sku: { type: string, maxLength: 20 } } }
    NewOrder:
      allOf:
        - $ref: '#/components/schemas/Base'
        - type: object
          properties:
            id: { type: integer, readOnly: true }
            count: { type: integer, minimum: 1, nullable: true }
            to: { $ref: '#/components/schemas/Address' }
    Tree: { type: object, properties: { child: { $ref: '#/components/schemas/Tree' } } }
paths:
  /orders/{id}:
    parameters:
      - { name: id, in: path, required: true, schema: { type: string } }
    get:
      operationId: getOrderById
      summary: Status of an order
      parameters:
        - { name: fields, in: query, schema: { type: array, items: { type: string } } }
        - $ref: '#/components/parameters/Trace'
      responses: { 200: { description: fine } }
  /orders:
    post:
      requestBody:
        required: true
        content: { application/json: { schema: { $ref: '#/components/schemas/NewOrder' } } }
      responses: { 201: { description: made } }
  /trees:
    post:
      operationId: plant
      requestBody: { required: true, content: { application/json: { schema: { $ref: '#/components/schemas/Tree' } } } }
      responses: {}
  /files:
    put:
      operationId: upload
      requestBody: { required: true, content: { application/octet-stream: {} } }
      responses: {}
"##;

fn operation<'a>(document: &'a Document, name: &str) -> &'a Operation {
    let found = document.operations.iter().find(|one| one.name == name);
    found.unwrap_or_else(|| panic!("no {name} in {:?}", document.operations))
}

#[test]
fn a_document_in_yaml_becomes_tools() {
    let document = read(SHOP).unwrap();
    assert_eq!(
        document.server.as_deref(),
        Some("https://api.shop.example/v1")
    );
    assert_eq!(
        (document.title.as_str(), document.version.as_str()),
        ("Shop", "1.2")
    );

    let get = operation(&document, "get_order_by_id");
    assert_eq!(get.problem, None);
    assert_eq!(get.title, "Status of an order");
    assert_eq!(get.endpoint.url, "https://api.shop.example/v1/orders/{id}");
    assert_eq!(
        get.endpoint.secret,
        SecretPlace::Header {
            name: "X-Key".to_owned()
        }
    );
    let places: Vec<(&str, Place)> = get
        .endpoint
        .places
        .iter()
        .map(|one| (one.name.as_str(), one.place))
        .collect();
    assert_eq!(
        places,
        [
            ("id", Place::Path),
            ("fields", Place::Query),
            ("X-Trace", Place::Header)
        ]
    );
    let arguments = json!({ "id": "o 1", "fields": ["state"] });
    let built = get.endpoint.build(arguments.as_object().unwrap()).unwrap();
    assert_eq!(
        built.url.as_str(),
        "https://api.shop.example/v1/orders/o%201?fields=state"
    );

    let post = operation(&document, "post_orders");
    assert_eq!(post.problem, None);
    let schema = Schema::read(&post.arguments).unwrap();
    let wrong = |arguments: Value| schema.check(arguments.as_object().unwrap()).len();
    assert_eq!(
        wrong(json!({ "sku": "a", "count": 1, "to": { "city": "Berlin" } })),
        0
    );
    assert_eq!(wrong(json!({ "count": 0, "to": {} })), 3);
    assert_eq!(
        wrong(json!({ "sku": "a", "id": 7 })),
        1,
        "the server sets it"
    );
}

#[test]
fn what_cannot_be_a_tool_says_why() {
    let document = read(SHOP).unwrap();
    for (name, words) in [
        ("plant", "contains itself"),
        ("upload", "neither JSON nor a form"),
    ] {
        let problem = operation(&document, name).problem.clone().unwrap();
        assert!(problem.contains(words), "{name}: {problem}");
    }
}

#[test]
fn json_is_read_too_and_names_do_not_meet() {
    let document = json!({
        "openapi": "3.1.0",
        "info": { "title": "A", "version": "1" },
        "servers": [{ "url": "https://api.example" }],
        "paths": {
            "/a/{id}": { "post": {
                "operationId": "do",
                "security": [{ "o": [] }],
                "parameters": [{ "name": "id", "in": "path", "required": true, "schema": { "type": "integer" } }],
                "requestBody": { "content": { "application/x-www-form-urlencoded": { "schema": {
                    "type": "object", "properties": { "id": { "type": "string" } },
                } } } },
            } },
            "/b": { "get": { "operationId": "do" } },
        },
        "components": { "securitySchemes": { "o": { "type": "oauth2", "flows": {} } } },
    });
    let document = read(&document.to_string()).unwrap();
    let names: Vec<&str> = document
        .operations
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(names, ["do", "do_2"]);
    let first = &document.operations[0];
    assert_eq!(
        (first.endpoint.body, &first.endpoint.secret),
        (BodyForm::Form, &SecretPlace::Bearer)
    );
    let arguments = json!({ "id": 7, "body_id": "x" });
    let built = first
        .endpoint
        .build(arguments.as_object().unwrap())
        .unwrap();
    assert_eq!(built.url.path(), "/a/7");
    assert_eq!(built.body.unwrap().1, b"id=x");
}

#[test]
fn what_is_no_document_is_refused() {
    assert!(matches!(read("swagger: '2.0'"), Err(ImportError::Version)));
    assert!(matches!(read("{ \"a\": "), Err(ImportError::Syntax(_))));
    assert!(matches!(
        read("openapi: 3.0.0\npaths: {}"),
        Err(ImportError::Empty)
    ));
    let large = "x".repeat(LONGEST + 1);
    assert!(matches!(read(&large), Err(ImportError::TooLarge)));
    // Aliases that unfold without end.
    let mut bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
    for n in 1..12 {
        let before = format!("*a{},", n - 1).repeat(10);
        bomb.push_str(&format!("a{n}: &a{n} [{}]\n", before.trim_end_matches(',')));
    }
    assert!(read(&bomb).is_err());
}

#[test]
fn a_document_without_a_server_or_with_a_foreign_reference_says_so() {
    let of = |extra: &str| {
        let text = format!(
            "openapi: 3.0.0\ninfo: {{}}\n{extra}paths:\n  /a:\n    post:\n      operationId: a\n      requestBody:\n        \
             content:\n          application/json:\n            schema: {{ $ref: 'https://other.example/x' }}\n"
        );
        read(&text).unwrap().operations[0].problem.clone().unwrap()
    };
    assert!(
        of("servers: [ { url: https://api.example } ]\n").contains("leads out of the document")
    );
    assert!(of("servers: [ { url: /v1 } ]\n").contains("leads out of the document"));
}
