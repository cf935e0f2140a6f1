//! One operation: its parameters and its body become arguments.

use serde_json::{Map, Value, json};

use super::refs::Refs;
use super::{Operation, text_of};
use crate::tools::endpoint::{Argument, BodyForm, Endpoint, Place, SecretPlace, Verb};
use crate::tools::schema::Schema;

/// Characters of a tool's name.
const LONGEST_NAME: usize = 60;
/// Headers that describe the exchange and are no parameters (OpenAPI 3.1, section 4.8.12.1).
const NO_PARAMETERS: &[&str] = &["accept", "content-type", "authorization"];

/// The arguments while they are gathered.
#[derive(Default)]
struct Gathered {
    properties: Map<String, Value>,
    required: Vec<String>,
    places: Vec<Argument>,
    body: BodyForm,
}

impl Gathered {
    /// Adds an argument; if its name is taken, under one that says where it goes.
    fn add(&mut self, wire: &str, place: Place, schema: Value, is_required: bool) {
        let before = match place {
            Place::Path => "path",
            Place::Query => "query",
            Place::Header => "header",
            Place::Body | Place::Whole => "body",
        };
        let name = match self.properties.contains_key(wire) {
            true => format!("{before}_{wire}"),
            false => wire.to_owned(),
        };
        if is_required {
            self.required.push(name.clone());
        }
        let wire = (name != wire).then(|| wire.to_owned());
        self.properties.insert(name.clone(), schema);
        self.places.push(Argument { name, place, wire });
    }
}

/// Reads an operation. What keeps it from being a tool is told in `problem`.
pub(super) fn read<'a>(
    refs: &Refs<'a>,
    root: &'a Value,
    server: Option<&str>,
    path: &str,
    item: &'a Value,
    method: Verb,
    described: &'a Value,
) -> Operation {
    let mut gathered = Gathered::default();
    let arguments = gather(refs, item, described, &mut gathered);
    let named = |key: &str, longest| text_of(described.get(key), longest);
    let spoken = format!("{} {path}", method.as_str());
    let id = Some(named("operationId", 200)).filter(|id| !id.is_empty());
    let title = Some(named("summary", 100)).filter(|title| !title.is_empty());
    let schema = json!({
        "type": "object",
        "properties": gathered.properties,
        "required": gathered.required,
        "additionalProperties": false,
    });
    let endpoint = Endpoint {
        method,
        url: format!("{}{path}", server.unwrap_or_default()),
        places: gathered.places,
        body: gathered.body,
        headers: Vec::new(),
        secret: secret_place(root, described),
        idempotency: None,
        takes: Vec::new(),
        talk: None,
    };
    let problem = arguments.err().or_else(|| {
        if server.is_none() {
            return Some(
                "the document names no server in full; enter the address by hand".to_owned(),
            );
        }
        match Schema::read(&schema) {
            Err(mistake) => Some(format!("its arguments cannot be checked: {mistake}")),
            Ok(read) => endpoint.check(&read).err().map(|(_, told)| told),
        }
    });
    Operation {
        name: name_of(id.as_deref().unwrap_or(&spoken)),
        method,
        path: path.to_owned(),
        title: title
            .or_else(|| id.clone())
            .unwrap_or(spoken)
            .chars()
            .take(100)
            .collect(),
        about: named("description", 2_000),
        arguments: schema,
        endpoint,
        problem,
    }
}

fn gather<'a>(
    refs: &Refs<'a>,
    item: &'a Value,
    described: &'a Value,
    gathered: &mut Gathered,
) -> Result<(), String> {
    let list = |of: &'a Value| {
        of.get("parameters")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    };
    let mut parameters: Vec<&'a Value> = Vec::new();
    let key = |parameter: &Value| {
        let field = |name: &str| {
            parameter
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        (field("name"), field("in"))
    };
    for parameter in list(item).chain(list(described)) {
        let parameter = refs.follow(parameter)?;
        // Those of the operation replace those of the path.
        parameters.retain(|known| key(known) != key(parameter));
        parameters.push(parameter);
    }
    for parameter in parameters {
        add_parameter(refs, parameter, gathered)?;
    }
    match described.get("requestBody") {
        Some(body) => add_body(refs, refs.follow(body)?, gathered),
        None => Ok(()),
    }
}

fn add_parameter<'a>(
    refs: &Refs<'a>,
    parameter: &'a Value,
    gathered: &mut Gathered,
) -> Result<(), String> {
    let field = |name: &str| {
        parameter
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let (name, kind) = (field("name"), field("in"));
    let is_required = is_true(parameter, "required") || kind == "path";
    let place = match kind {
        "path" => Place::Path,
        "query" => Place::Query,
        "header" if NO_PARAMETERS.contains(&name.to_ascii_lowercase().as_str()) => return Ok(()),
        "header" => Place::Header,
        // Cookies and what later versions add.
        _ if is_required => {
            return Err(format!(
                "`{name}` goes into a {kind}, which is not supported"
            ));
        }
        _ => return Ok(()),
    };
    let Some(schema) = parameter.get("schema") else {
        return match is_required {
            true => Err(format!(
                "`{name}` is described by its content, which is not supported"
            )),
            false => Ok(()),
        };
    };
    let mut schema = refs.write_out(schema)?;
    let kinds = schema.get("type").cloned().unwrap_or_default();
    let is_plain_style = matches!(field("style"), "" | "form" | "simple")
        && parameter.get("explode") != Some(&Value::Bool(false));
    let is_single = kinds != "array" && kinds != "object";
    let is_list = kinds == "array" && place == Place::Query && is_plain_style;
    if !is_single && !is_list {
        return match is_required {
            true => Err(format!(
                "`{name}` is written in a form that is not supported"
            )),
            false => Ok(()),
        };
    }
    let about = text_of(parameter.get("description"), 500);
    if let Value::Object(fields) = &mut schema
        && !about.is_empty()
    {
        fields.insert("description".to_owned(), Value::String(about));
    }
    gathered.add(name, place, schema, is_required);
    Ok(())
}

fn add_body<'a>(refs: &Refs<'a>, body: &'a Value, gathered: &mut Gathered) -> Result<(), String> {
    let is_required = is_true(body, "required");
    let content = body.get("content").and_then(Value::as_object);
    let kind = |media: &str| {
        media
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase()
    };
    let of = |wanted: &dyn Fn(&str) -> bool| {
        let mut kinds = content.into_iter().flatten();
        kinds
            .find(|(media, _)| wanted(&kind(media)))
            .and_then(|(_, media)| media.get("schema"))
    };
    let json = of(&|media| media == "application/json" || media.ends_with("+json"));
    let form = of(&|media| media == "application/x-www-form-urlencoded");
    let schema = match (json, form) {
        (Some(schema), _) => schema,
        (None, Some(schema)) => {
            gathered.body = BodyForm::Form;
            schema
        }
        (None, None) if is_required => {
            return Err("its body is neither JSON nor a form, which is not supported".to_owned());
        }
        (None, None) => return Ok(()),
    };
    let schema = merge(refs.write_out(schema)?);
    let properties = schema.get("properties").and_then(Value::as_object);
    let Some(properties) = properties.filter(|properties| !properties.is_empty()) else {
        gathered.add("body", Place::Whole, schema, is_required);
        return Ok(());
    };
    let required = schema.get("required").and_then(Value::as_array);
    let required: Vec<&str> = required
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    for (name, inner) in properties {
        // The server sets it.
        if !is_true(inner, "readOnly") {
            let is_needed = is_required && required.contains(&name.as_str());
            gathered.add(name, Place::Body, inner.clone(), is_needed);
        }
    }
    Ok(())
}

/// Joins the objects of an `allOf` into one, if all of them are plain objects.
fn merge(schema: Value) -> Value {
    let Some(parts) = schema.get("allOf").and_then(Value::as_array) else {
        return schema;
    };
    let parts: Vec<Value> = parts
        .iter()
        .cloned()
        .map(merge)
        .chain([schema.clone()])
        .collect();
    let is_plain = |part: &Value| {
        ["anyOf", "oneOf"]
            .iter()
            .all(|key| part.get(*key).is_none())
    };
    if !parts.iter().all(is_plain) {
        return schema;
    }
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for part in &parts {
        let named = part.get("properties").and_then(Value::as_object);
        properties.extend(
            named
                .into_iter()
                .flatten()
                .map(|(name, inner)| (name.clone(), inner.clone())),
        );
        required.extend(
            part.get("required")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .cloned(),
        );
    }
    json!({ "type": "object", "properties": properties, "required": required })
}

/// Where the secret goes, by the first scheme that is named.
fn secret_place(root: &Value, described: &Value) -> SecretPlace {
    let wanted = described.get("security").or_else(|| root.get("security"));
    let first = wanted
        .and_then(Value::as_array)
        .and_then(|all| all.first())
        .and_then(Value::as_object);
    let Some(name) = first.and_then(|scheme| scheme.keys().next()) else {
        return SecretPlace::None;
    };
    let schemes = root.pointer("/components/securitySchemes");
    let Some(scheme) = schemes.and_then(|schemes| schemes.get(name)) else {
        return SecretPlace::None;
    };
    let field = |name: &str| scheme.get(name).and_then(Value::as_str).unwrap_or_default();
    let name = field("name").to_owned();
    match (
        field("type"),
        field("scheme").to_ascii_lowercase().as_str(),
        field("in"),
    ) {
        ("http", "basic", _) => SecretPlace::Basic {
            user: String::new(),
        },
        ("apiKey", _, "header") => SecretPlace::Header { name },
        ("apiKey", _, "query") => SecretPlace::Query { name },
        ("http", "bearer", _) | ("oauth2" | "openIdConnect", ..) => SecretPlace::Bearer,
        _ => SecretPlace::None,
    }
}

fn is_true(value: &Value, name: &str) -> bool {
    value.get(name) == Some(&Value::Bool(true))
}

/// `getOrderById` and `get /orders/{id}` as `get_order_by_id` and `get_orders_id`.
fn name_of(text: &str) -> String {
    let mut name = String::new();
    let mut was_small = false;
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            if c.is_ascii_uppercase() && was_small {
                name.push('_');
            }
            name.push(c.to_ascii_lowercase());
        } else if !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
        was_small = c.is_ascii_lowercase() || c.is_ascii_digit();
    }
    let begins_well = name.starts_with(|c: char| c.is_ascii_lowercase());
    if !begins_well {
        name.insert_str(0, "call_");
    }
    name.truncate(LONGEST_NAME);
    name.trim_end_matches('_').to_owned()
}
