use serde_json::json;

use super::*;

fn endpoint(settings: Value) -> Endpoint {
    Endpoint::read(&settings).unwrap()
}

fn arguments(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

/// The field of the first mistake.
fn mistake(settings: Value, schema: Value) -> Option<&'static str> {
    let schema = Schema::read(&schema).unwrap();
    endpoint(settings)
        .check(&schema)
        .err()
        .map(|(field, _)| field)
}

#[test]
fn arguments_go_where_they_belong() {
    let of = endpoint(json!({
        "method": "post",
        "url": "https://api.example/shops/{shop}/orders?v=2#x",
        "places": [
            { "name": "shop", "place": "path" },
            { "name": "lang", "place": "query", "wire": "language" },
            { "name": "trace", "place": "header", "wire": "X-Trace" },
        ],
        "headers": [["x-fixed", "yes"]],
    }));
    let built = of.build(&arguments(json!({
        "shop": "a/b ü", "lang": ["de", "en"], "trace": 7, "count": 2, "to": { "city": "Berlin" },
    })));
    let built = built.unwrap();
    assert_eq!(
        built.url.as_str(),
        "https://api.example/shops/a%2Fb%20%C3%BC/orders?v=2&language=de&language=en"
    );
    assert_eq!(
        built.recorded.as_str(),
        "https://api.example/shops/%7Bshop%7D/orders?v=2"
    );
    let headers: Vec<_> = built
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(headers, [("x-fixed", "yes"), ("x-trace", "7")]);
    let (kind, body) = built.body.unwrap();
    assert_eq!(kind, "application/json");
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body, json!({ "count": 2, "to": { "city": "Berlin" } }));
}

#[test]
fn a_form_and_a_whole_body_are_written_as_they_are_wanted() {
    let of = endpoint(json!({ "method": "post", "url": "https://api.example/", "body": "form" }));
    let built = of
        .build(&arguments(json!({ "a": "x&y", "b": [1, true], "c": null })))
        .unwrap();
    assert_eq!(built.body.unwrap().1, b"a=x%26y&b=1&b=true");
    assert!(of.build(&arguments(json!({ "a": { "b": 1 } }))).is_err());
    let of = endpoint(json!({
        "method": "put", "url": "https://api.example/", "places": [{ "name": "list", "place": "whole" }],
    }));
    let built = of.build(&arguments(json!({ "list": [1, 2] }))).unwrap();
    assert_eq!(built.body.unwrap().1, b"[1,2]");
}

#[test]
fn no_value_leads_to_another_path_server_or_header() {
    let of = endpoint(json!({ "method": "get", "url": "https://api.example/orders/{id}/state" }));
    for bad in [
        json!(".."),
        json!("."),
        json!(""),
        json!(["a"]),
        json!(null),
        json!({}),
    ] {
        assert!(of.build(&arguments(json!({ "id": bad }))).is_err(), "{bad}");
    }
    for fine in [
        "../../admin",
        "a?b=c",
        "a#b",
        "@evil.example",
        "%2e%2e",
        "a\\..\\b",
        "…",
    ] {
        let url = of.build(&arguments(json!({ "id": fine }))).unwrap().url;
        assert_eq!(url.host_str(), Some("api.example"), "{fine}");
        assert!(
            url.path().starts_with("/orders/") && url.path().ends_with("/state"),
            "{url}"
        );
        assert_eq!(
            (url.query(), url.path_segments().unwrap().count()),
            (None, 3),
            "{url}"
        );
    }
    let last = endpoint(json!({ "method": "get", "url": "https://api.example/orders/{id}" }));
    assert!(last.build(&arguments(json!({ "id": "." }))).is_err());
    let of = endpoint(json!({
        "method": "get", "url": "https://api.example/", "places": [{ "name": "a", "place": "header", "wire": "x-a" }],
    }));
    assert!(
        of.build(&arguments(json!({ "a": "x\r\nx-admin: yes" })))
            .is_err()
    );
}

#[test]
fn what_is_wrong_with_an_endpoint_is_told_by_its_field() {
    let nothing = || json!({ "type": "object" });
    let order = || json!({ "type": "object", "required": ["id"], "properties": { "id": { "type": "string" } } });
    let url = |url: &str| json!({ "method": "get", "url": url });
    assert_eq!(mistake(url("https://api.example/{id}"), order()), None);
    for bad in [
        "api.example/x",
        "https://{id}.example/",
        "https://api.example/{id",
        "https://api.example/?a={id}",
        "",
    ] {
        assert_eq!(mistake(url(bad), order()), Some("url"), "{bad}");
    }
    assert_eq!(
        mistake(url("https://api.example/{id}"), nothing()),
        Some("arguments")
    );
    let with = |key: &str, value: Value| {
        let mut settings = url("https://api.example/");
        settings[key] = value;
        settings
    };
    for (key, value) in [
        ("places", json!([{ "name": "other", "place": "query" }])),
        ("places", json!([{ "name": "id", "place": "body" }])),
        (
            "places",
            json!([{ "name": "id", "place": "header", "wire": "Host" }]),
        ),
        (
            "places",
            json!([{ "name": "id", "place": "header", "wire": "Authorization" }]),
        ),
        ("headers", json!([["Authorization", "Bearer x"]])),
        ("headers", json!([["x", "a\nb"]])),
        ("secret", json!({ "in": "header", "name": "a b" })),
        ("idempotency", json!("Content-Length")),
        ("takes", json!([{ "name": "state", "at": "order.state" }])),
    ] {
        assert_eq!(
            mistake(with(key, value.clone()), order()),
            Some(key),
            "{value}"
        );
    }
    assert!(Endpoint::read(&json!({ "method": "get", "url": "x", "urls": "y" })).is_err());
    assert!(Endpoint::read(&json!({ "method": "trace", "url": "x" })).is_err());
}

#[test]
fn only_what_may_be_repeated_is() {
    let of = |method: &str| endpoint(json!({ "method": method, "url": "https://api.example/" }));
    for (method, expected) in [
        ("get", true),
        ("put", true),
        ("delete", true),
        ("post", false),
        ("patch", false),
    ] {
        assert_eq!(of(method).is_repeatable(), expected, "{method}");
    }
    let keyed = json!({ "method": "post", "url": "https://api.example/", "idempotency": "Idempotency-Key" });
    assert!(endpoint(keyed).is_repeatable());
}
