use serde_json::json;

use super::*;

fn schema(schema: Value) -> Schema {
    Schema::read(&schema).unwrap()
}

/// The mistakes as sentences.
fn told(of: &Schema, arguments: Value) -> Vec<String> {
    let Value::Object(arguments) = arguments else {
        panic!("arguments are an object");
    };
    of.check(&arguments).iter().map(Wrong::to_string).collect()
}

#[test]
fn each_rule_tells_what_an_argument_has_to_be() {
    let order = schema(json!({
        "type": "object",
        "required": ["product", "count"],
        "properties": {
            "product": { "type": "string", "minLength": 1, "maxLength": 5 },
            "count": { "type": "integer", "minimum": 1, "exclusiveMaximum": 10 },
            "price": { "type": "number", "multipleOf": 0.1 },
            "on": { "type": "string", "format": "date" },
            "at": { "type": "string", "format": "date-time" },
            "mail": { "type": "string", "format": "email" },
            "size": { "enum": ["s", "m", "l"] },
            "code": { "type": "string", "pattern": "^[A-Z]{2}[0-9]+$" },
            "tags": { "type": "array", "items": { "type": "string" }, "maxItems": 2, "uniqueItems": true },
            "to": { "type": "object", "required": ["city"], "additionalProperties": false,
                    "properties": { "city": { "type": "string" } } },
        },
    }));
    let fine = json!({
        "product": "lamp", "count": 2.0, "price": 0.3, "on": "2026-12-24", "at": "2026-12-24T09:30:00+01:00",
        "mail": "ada@example.org", "size": "m", "code": "AB1", "tags": ["a", "b"], "to": { "city": "Berlin" },
    });
    assert_eq!(told(&order, fine.clone()), Vec::<String>::new());
    for (field, value, sentence) in [
        ("product", json!(""), "`product` must not be empty"),
        (
            "product",
            json!("lamps!"),
            "`product` must have at most 5 characters",
        ),
        ("product", json!(7), "`product` must be text"),
        ("count", json!(0), "`count` must be at least 1"),
        ("count", json!(10), "`count` must be less than 10"),
        ("count", json!(1.5), "`count` must be a whole number"),
        ("count", json!("2"), "`count` must be a whole number"),
        ("price", json!(0.35), "`price` must be a multiple of 0.1"),
        (
            "on",
            json!("24.12.2026"),
            "`on` must be a date, such as 2026-12-24",
        ),
        (
            "on",
            json!("2026-02-30"),
            "`on` must be a date, such as 2026-12-24",
        ),
        (
            "mail",
            json!("ada@example"),
            "`mail` must be an e-mail address",
        ),
        (
            "mail",
            json!("a@b@c.de"),
            "`mail` must be an e-mail address",
        ),
        ("size", json!("xl"), "`size` must be `s`, `m` or `l`"),
        (
            "code",
            json!("ab1"),
            "`code` must have the form ^[A-Z]{2}[0-9]+$",
        ),
        (
            "tags",
            json!(["a", "a"]),
            "`tags` must not have an entry twice",
        ),
        ("tags", json!(["a", 1]), "`tags.1` must be text"),
        ("to", json!({}), "`to.city` is missing"),
        (
            "to",
            json!({ "city": "x", "zip": 1 }),
            "`to.zip` is not an argument of this tool",
        ),
        (
            "admin",
            json!(true),
            "`admin` is not an argument of this tool",
        ),
    ] {
        let mut wrong = fine.clone();
        wrong[field] = value.clone();
        assert_eq!(told(&order, wrong), [sentence], "{field}: {value}");
    }
    assert_eq!(
        told(&order, json!({})),
        ["`product` is missing", "`count` is missing"]
    );
    let at = told(
        &order,
        json!({ "product": "a", "count": 1, "at": "2026-12-24" }),
    );
    assert!(at[0].starts_with("`at` must be a date and time"), "{at:?}");
}

#[test]
fn forms_that_combine_are_checked() {
    let of = schema(json!({
        "type": "object",
        "properties": {
            "id": { "oneOf": [{ "type": "integer" }, { "type": "string", "pattern": "^o-" }] },
            "note": { "type": "string", "nullable": true },
            "limit": { "type": "number", "minimum": 0, "exclusiveMinimum": true },
            "both": { "allOf": [{ "type": "string" }, { "maxLength": 2 }] },
        },
    }));
    for fine in [
        json!({ "id": 7 }),
        json!({ "id": "o-7" }),
        json!({ "note": null }),
        json!({}),
    ] {
        assert_eq!(told(&of, fine), Vec::<String>::new());
    }
    assert_eq!(told(&of, json!({ "id": "7" })).len(), 1);
    assert_eq!(
        told(&of, json!({ "limit": 0 })),
        ["`limit` must be more than 0"]
    );
    assert_eq!(
        told(&of, json!({ "both": "abc" })),
        ["`both` must have at most 2 characters"]
    );
}

#[test]
fn an_essay_is_refused_although_no_length_was_set() {
    let of = schema(json!({ "type": "object", "properties": { "name": { "type": "string" } } }));
    let essay = "x".repeat(LONGEST_TEXT + 1);
    assert_eq!(
        told(&of, json!({ "name": essay })),
        ["`name` must have at most 4000 characters"]
    );
}

#[test]
fn what_cannot_be_checked_is_refused_with_its_place() {
    for (given, at) in [
        (json!({ "type": "object", "if": {} }), "/"),
        (
            json!({ "type": "object", "properties": { "a": { "$ref": "#/x" } } }),
            "/properties/a",
        ),
        (
            json!({ "type": "object", "properties": { "a": { "type": "string", "pattern": "(?=x)" } } }),
            "/properties/a/pattern",
        ),
        (
            json!({ "type": "object", "properties": { "a": { "type": "str" } } }),
            "/properties/a/type",
        ),
        (json!({ "type": "array" }), "/"),
        (json!("object"), "/"),
    ] {
        assert_eq!(Schema::read(&given).unwrap_err().at, at, "{given}");
    }
    let mut deep = json!({ "type": "string" });
    for _ in 0..40 {
        deep = json!({ "type": "object", "properties": { "a": deep } });
    }
    assert!(Schema::read(&deep).unwrap_err().what.contains("nested"));
}

#[test]
fn a_pattern_that_would_take_for_ever_elsewhere_ends_at_once() {
    let of = schema(json!({
        "type": "object",
        "properties": { "a": { "type": "string", "pattern": "^(a+)+$" } },
    }));
    let begun = std::time::Instant::now();
    let text = format!("{}!", "a".repeat(3_000));
    assert_eq!(told(&of, json!({ "a": text })).len(), 1);
    assert!(begun.elapsed().as_secs() < 2);
}

#[test]
fn texts_become_what_a_field_takes() {
    let order = schema(json!({
        "type": "object",
        "properties": {
            "count": { "type": "integer" },
            "price": { "type": ["number", "null"] },
            "gift": { "type": "boolean" },
            "code": { "type": "string" },
            "on": { "type": "string", "format": "date-time" },
            "note": { "type": "string" },
        },
    }));
    let texts = [
        ("count", "2"),
        ("price", "2.5"),
        ("gift", "true"),
        ("code", "007"),
        ("on", "2026-12-24 09:30:00"),
        ("note", " "),
    ];
    let texts = texts.map(|(name, text)| (name.to_owned(), text.to_owned()));
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    let read = order.read_texts(&texts.into(), &zone);
    let wanted = json!({
        "count": 2, "price": 2.5, "gift": true, "code": "007", "on": "2026-12-24T09:30:00+01:00",
    });
    assert_eq!(Value::Object(read.clone()), wanted);
    assert_eq!(order.check(&read), []);
    let wrong = [("count".to_owned(), "two".to_owned())].into();
    let wrong = order.read_texts(&wrong, &zone);
    assert_eq!(order.check(&wrong).len(), 1, "stays as it is, and is told");
}
