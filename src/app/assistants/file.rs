//! An assistant as one TOML or JSON file, to take elsewhere, and as the flat object that the API and the file share. Neither has
//! any secret: workflows and tools are named only.

use serde_json::{Map, Value, json};

use super::edit::{Names, save};
use super::{AssistantError, Overview, get, make, wrong};
use crate::access::Member;
use crate::app::App;
use crate::store::assistants::{AssistantSettings, Body};
use crate::store::{StoreError, UnixMs};

/// Says what the file is, with the number of its format.
const MARK: &str = "frontdesk_assistant";
const FORMAT: i64 = 1;
/// In bytes.
pub const LARGEST: usize = 256 * 1024;
/// Fields of a version beside its settings.
const OWN: [&str; 4] = ["title", "instructions", "greeting", "model"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    Toml,
    Json,
}

/// What a version says as one flat object: `title`, `instructions`, `greeting`, `model`, and each setting that it has of its own.
pub fn flat(body: &Body) -> Map<String, Value> {
    let mut all = Map::new();
    all.insert("title".into(), json!(body.title));
    all.insert("instructions".into(), json!(body.instructions));
    all.insert("greeting".into(), json!(body.greeting));
    if let Some(model) = &body.model {
        all.insert("model".into(), json!(model));
    }
    if let Value::Object(settings) = json!(body.settings) {
        all.extend(settings);
    }
    all
}

/// # Errors
/// `Wrong` with the path of what has another shape, or that nobody knows.
pub fn read_flat(mut all: Map<String, Value>) -> Result<Body, AssistantError> {
    let mut text = |name: &str| match all.shift_remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(wrong(name, format!("`{name}` must be a text"))),
    };
    let [title, instructions, greeting, model] = OWN;
    let (title, instructions) = (text(title)?, text(instructions)?);
    let (greeting, model) = (text(greeting)?, text(model)?);
    let settings: AssistantSettings = serde_path_to_error::deserialize(Value::Object(all))
        .map_err(|error| {
            let path = error.path().to_string();
            let told = error.into_inner().to_string();
            match path.as_str() {
                "." => wrong("settings", told),
                _ => wrong(path.clone(), format!("{path}: {told}")),
            }
        })?;
    Ok(Body {
        title: title.unwrap_or_default(),
        instructions: instructions.unwrap_or_default(),
        greeting: greeting.unwrap_or_default(),
        model,
        settings,
    })
}

/// A version with these fields in place of those before; `null` takes one away, so that it is inherited.
///
/// # Errors
/// As [`read_flat`].
pub fn merge(body: &Body, changes: Map<String, Value>) -> Result<Body, AssistantError> {
    let mut all = flat(body);
    for (field, value) in changes {
        match value {
            Value::Null => drop(all.shift_remove(&field)),
            value => drop(all.insert(field, value)),
        }
    }
    read_flat(all)
}

/// Writes a version to a file.
///
/// # Errors
/// When it cannot be written, which is a fault.
pub fn export(name: &str, body: &Body, kind: FileKind) -> Result<String, AssistantError> {
    let mut all = Map::new();
    all.insert(MARK.into(), json!(FORMAT));
    all.insert("name".into(), json!(name));
    all.extend(flat(body));
    let fault = |error: String| AssistantError::Store(StoreError::Conflict(error.into()));
    match kind {
        FileKind::Json => {
            let text = serde_json::to_string_pretty(&all);
            text.map_err(|error| fault(error.to_string()))
        }
        FileKind::Toml => {
            let table = toml::Table::try_from(&all).map_err(|error| fault(error.to_string()))?;
            toml::to_string_pretty(&table).map_err(|error| fault(error.to_string()))
        }
    }
}

/// Reads a file that [`export`] wrote, or somebody else: its short name, and what it says.
///
/// # Errors
/// `Wrong` with a sentence for people.
pub fn parse(text: &str) -> Result<(Option<String>, Body), AssistantError> {
    if text.len() > LARGEST {
        return Err(wrong(
            "file",
            "the file is too large for an assistant; 256 KiB are allowed",
        ));
    }
    let mut all: Map<String, Value> = match text.trim_start().starts_with('{') {
        true => serde_json::from_str(text)
            .map_err(|error| wrong("file", format!("the file is no JSON: {error}")))?,
        false => toml::from_str(text).map_err(|error| {
            let told = error.to_string();
            wrong("file", format!("the file is no TOML: {}", told.trim()))
        })?,
    };
    match all.shift_remove(MARK).and_then(|format| format.as_i64()) {
        Some(FORMAT) => {}
        Some(other) => {
            let told =
                format!("the file has format {other}, and this Frontdesk reads format {FORMAT}");
            return Err(wrong(MARK, told));
        }
        None => {
            let told =
                format!("this is no file of an assistant: the line `{MARK} = {FORMAT}` is missing");
            return Err(wrong(MARK, told));
        }
    }
    let name = match all.shift_remove("name") {
        None => None,
        Some(Value::String(name)) => Some(name),
        Some(_) => return Err(wrong("name", "`name` must be a text")),
    };
    Ok((name, read_flat(all)?))
}

/// Takes a file in: as a new assistant, or, if there is one of the name, as its draft. `name` goes before the file's own. The
/// file may name workflows and tools that come later; [`super::warnings`] tells of them.
///
/// # Errors
/// When the file cannot be read, and when a setting is invalid.
pub async fn import(
    app: &App,
    by: &Member,
    text: &str,
    name: Option<&str>,
    now: UnixMs,
) -> Result<Overview, AssistantError> {
    let (own, body) = parse(text)?;
    let name = name.map(str::to_owned).or(own);
    let name =
        name.ok_or_else(|| wrong("name", "the file has no `name`; give the assistant one"))?;
    match get(&app.store, by, &name).await {
        Ok(there) => {
            let mut changes = flat(&body);
            // What the file does not say is inherited.
            for field in flat(&there.work()?).keys() {
                changes.entry(field.clone()).or_insert(Value::Null);
            }
            save(
                app,
                by,
                &name,
                changes,
                Some("From a file"),
                now,
                Names::Any,
            )
            .await
        }
        Err(AssistantError::Store(StoreError::NotFound(_))) => {
            make(app, by, &name, body, now).await
        }
        Err(other) => Err(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::assistants::{Ladder, Tone, TopicRule};

    fn body() -> Body {
        Body {
            title: "Marla".into(),
            instructions: "Speak for the shop.\nBe kind.".into(),
            greeting: "Hello".into(),
            model: None,
            settings: AssistantSettings {
                tone: Some(Tone::Brief),
                ladder: Ladder {
                    model: Some(false),
                    read_threshold: Some(0.82),
                    ..Ladder::default()
                },
                topics: vec![TopicRule {
                    name: "Tax".into(),
                    words: vec!["vat".into()],
                    ..TopicRule::default()
                }],
                ..AssistantSettings::default()
            },
        }
    }

    #[test]
    fn a_file_says_again_what_was_written() {
        for kind in [FileKind::Toml, FileKind::Json] {
            let text = export("desk", &body(), kind).unwrap();
            assert!(text.contains("0.82"), "{text}");
            assert_eq!(
                parse(&text).unwrap(),
                (Some("desk".into()), body()),
                "{text}"
            );
        }
    }

    #[test]
    fn a_bad_file_is_refused_with_what_is_wrong() {
        for (text, field) in [
            ("", MARK),
            ("title = 'Marla'", MARK),
            ("frontdesk_assistant = 2", MARK),
            ("frontdesk_assistant = 1\nname = 3", "name"),
            ("frontdesk_assistant = 1\ntitle = 3", "title"),
            ("frontdesk_assistant = 1\nnonsense = 3", "settings"),
            (
                "frontdesk_assistant = 1\n[ladder]\nmodel = 'yes'",
                "ladder.model",
            ),
            ("frontdesk_assistant = 1\ntone = 'rude'", "tone"),
            ("{\"frontdesk_assistant\": 1", "file"),
            ("= = =", "file"),
        ] {
            match parse(text) {
                Err(AssistantError::Wrong {
                    field: found,
                    detail,
                }) => {
                    let known =
                        found == field || (field == "settings" && detail.contains("nonsense"));
                    assert!(known, "{text}: {found}: {detail}");
                }
                other => panic!("{text}: {other:?}"),
            }
        }
        let huge = format!("frontdesk_assistant = 1\ntitle = '{}'", "x".repeat(LARGEST));
        assert!(parse(&huge).is_err());
    }

    #[test]
    fn null_makes_a_setting_inherited_and_what_is_absent_stays() {
        let changes = json!({"tone": null, "greeting": "Good day"});
        let Value::Object(changes) = changes else {
            return;
        };
        let merged = merge(&body(), changes).unwrap();
        assert_eq!(
            (merged.settings.tone, merged.greeting.as_str()),
            (None, "Good day")
        );
        assert_eq!(merged.settings.ladder, body().settings.ladder);
    }
}
