//! The widget's files: the script of the first load, and the parts that it fetches when they are used: voice, forms, work, other
//! languages, and the module of the audio threads.
//!
//! Other sites load the script by a tag, so it needs a `cross-origin` resource policy. Browsers fetch the rest with CORS. None
//! holds a secret.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Lists a folder's texts with their names.
macro_rules! texts {
    ($folder:literal, $ending:literal: $($name:literal)+) => {
        &[$(($name, include_str!(concat!("../../../assets/widget/", $folder, $name, $ending)))),+]
    };
}

/// The script of the first load. Its parts share one function's scope, in this order.
const FIRST: &[(&str, &str)] = texts!("", ".js":
    "nodes" "server" "words" "look" "log" "outbox" "live" "visit" "chat" "desk" "panel" "frontdesk" "api" "line");
const CALL: &str = include_str!("../../../assets/widget/call.js");
const VOICE: &str = include_str!("../../../assets/widget/voice.js");
const MORE: &str = include_str!("../../../assets/widget/more.js");
const WORK: &str = include_str!("../../../assets/widget/work.js");
const WORKLET: &str = include_str!("../../../assets/widget/audio.js");
const TYPES: &str = include_str!("../../../assets/widget/frontdesk.d.ts");

/// What the widget says, for each language an object of texts. English is part of the script.
const LANGUAGES: &[(&str, &str)] = texts!("languages/", ".json":
    "ar" "cs" "da" "de" "en" "es" "fa" "fr" "he" "it" "ja" "nl" "pl" "pt" "ru" "sv" "tr" "uk" "ur" "zh");

/// What a part that is fetched later uses of the script.
const KIT: &str = "const { HOME, PARTS, Problem, button, call, el, events, icon, language, newId, paragraphs, pause, t, \
                   worded } = KIT\n";

/// Caches keep the files for an hour, then revalidate them by their `ETag`.
const CACHE: &str = "public, max-age=3600, stale-while-revalidate=86400";

const SCRIPT: &str = "text/javascript; charset=utf-8";

struct File {
    text: String,
    kind: &'static str,
    /// Hash of the text.
    tag: String,
}

impl File {
    fn new(text: String, kind: &'static str) -> Self {
        let hash = hex::encode(Sha256::digest(text.as_bytes()));
        let tag = hash.chars().take(16).collect();
        Self { text, kind, tag }
    }

    fn part(body: &str, make: &str) -> Self {
        let text =
            format!("export default KIT => {{\n{KIT}{body}return desk => new {make}(desk)\n}}\n");
        Self::new(text, SCRIPT)
    }
}

/// Every file but the first, by its name.
static PARTS: LazyLock<BTreeMap<String, File>> = LazyLock::new(|| {
    let languages = LANGUAGES.iter().filter(|(code, _)| *code != "en");
    let mut parts: BTreeMap<_, _> = languages
        .map(|(code, words)| {
            let file = File::new((*words).to_owned(), "application/json");
            (format!("{code}.json"), file)
        })
        .collect();
    let voice = File::part(&format!("{CALL}{VOICE}"), "Talk");
    parts.insert("voice.js".into(), voice);
    parts.insert("more.js".into(), File::part(MORE, "More"));
    parts.insert("work.js".into(), File::part(WORK, "Work"));
    let types = File::new(TYPES.to_owned(), "text/plain; charset=utf-8");
    parts.insert("frontdesk.d.ts".into(), types);
    parts
});

static WORKLET_FILE: LazyLock<File> = LazyLock::new(|| File::new(WORKLET.to_owned(), SCRIPT));

static WIDGET: LazyLock<File> = LazyLock::new(|| {
    let english = LANGUAGES.iter().find(|(code, _)| *code == "en");
    let english: Value = english
        .and_then(|(_, words)| serde_json::from_str(words).ok())
        .unwrap_or_default();
    let languages: BTreeMap<&str, String> = LANGUAGES
        .iter()
        .filter(|(code, _)| *code != "en")
        .map(|(code, _)| (*code, part_path(&format!("{code}.json"))))
        .collect();
    let parts = json!({
        "audio": worklet_path(), "voice": part_path("voice.js"), "more": part_path("more.js"),
        "work": part_path("work.js"), "languages": languages,
    });
    let first: String = FIRST.iter().map(|(_, text)| *text).collect();
    let text =
        format!("(() => {{\nconst ENGLISH = {english}\nconst PARTS = {parts}\n{first}}})()\n");
    File::new(text, SCRIPT)
});

/// Path of a part with its version, which bypasses old caches.
fn part_path(name: &str) -> String {
    let version = PARTS.get(name).map_or("", |part| part.tag.as_str());
    format!("/widget-parts/{name}?v={version}")
}

/// Whether the widget speaks a language, an ISO 639-1 code.
pub(in crate::http) fn is_language(code: &str) -> bool {
    languages().any(|known| known == code)
}

/// The widget's languages as ISO 639-1 codes.
pub(in crate::http) fn languages() -> impl Iterator<Item = &'static str> {
    LANGUAGES.iter().map(|(code, _)| *code)
}

/// Path of the worklet module, with its version.
pub(in crate::http) fn worklet_path() -> String {
    format!("/widget-audio.js?v={}", WORKLET_FILE.tag)
}

/// Path of the element with its version, for this server's own pages.
pub(in crate::http) fn widget_path() -> String {
    format!("/widget.js?v={}", WIDGET.tag)
}

/// `GET /widget.js`
pub(in crate::http) async fn widget(headers: HeaderMap) -> Response {
    let mut response = serve(&WIDGET, &headers);
    response.headers_mut().insert(
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("cross-origin"),
    );
    response
}

/// `GET /widget-audio.js`
pub(in crate::http) async fn worklet(headers: HeaderMap) -> Response {
    serve(&WORKLET_FILE, &headers)
}

/// `GET /widget-parts/{name}`
pub(in crate::http) async fn part(Path(name): Path<String>, headers: HeaderMap) -> Response {
    match PARTS.get(&name) {
        Some(part) => serve(part, &headers),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn serve(file: &'static File, headers: &HeaderMap) -> Response {
    let etag = format!("\"{}\"", file.tag);
    let known = headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        // The compression layer makes our tags weak (`W/`).
        .any(|tags| {
            tags.split(',')
                .any(|one| one.trim().trim_start_matches("W/") == etag)
        });
    let common = [
        (header::ETAG, etag),
        (header::CACHE_CONTROL, CACHE.to_owned()),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*".to_owned()),
    ];
    if known {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    let kind = [(header::CONTENT_TYPE, file.kind)];
    (common, kind, file.text.as_str()).into_response()
}

#[cfg(test)]
#[path = "files_tests.rs"]
mod tests;
