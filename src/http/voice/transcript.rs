//! A visitor's own conversation as a text, in their language: who said what, and when in the time zone of the business.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::inbox::desk::Desk;
use crate::inbox::turns::first_name;
use crate::language::data::{fill, read};
use crate::store::inbox::attachments;
use crate::store::messages::{self, Message, MessageState, Speaker};
use crate::store::{Connection, StoreError, UnixMs, users, visitors, workspaces};

/// In messages, the latest.
const LONGEST: u32 = 2000;
const RIGHT_TO_LEFT: [&str; 4] = ["ar", "fa", "he", "ur"];
/// Right-to-left mark: a line that begins with it is set from the right, whatever follows (Unicode Standard Annex 9).
const FROM_RIGHT: &str = "\u{200f}";

/// The headings of one language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Texts {
    title: &'static str,
    zone: &'static str,
    you: &'static str,
    assistant: &'static str,
    staff: &'static str,
    /// Stands first in an e-mail: anybody may have entered the address.
    mail: &'static str,
    /// How day and time are written, for `strftime`.
    date: &'static str,
}

#[derive(Debug, Default, Deserialize)]
#[serde(transparent, bound(deserialize = "'de: 'static"))]
struct File(HashMap<&'static str, Texts>);

static FILE: &str = include_str!("transcript.toml");
static TEXTS: LazyLock<File> = LazyLock::new(|| read(FILE));

/// A conversation as its visitor may keep it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Transcript {
    /// ISO 639-1, of the headings.
    pub(super) language: &'static str,
    pub(super) title: String,
    /// Says whose wish an e-mail with it was.
    pub(super) note: String,
    /// Empty before something was said.
    pub(super) text: String,
}

/// Writes a visitor's conversation in the language that their widget speaks, else the one that they write in, else English.
pub(super) fn write(
    conn: &Connection,
    visitor: &visitors::Visitor,
    wanted: Option<&str>,
    now: UnixMs,
) -> Result<Transcript, StoreError> {
    let own = visitors::find_conversation(conn, visitor)?;
    let written = own.as_ref().and_then(|own| own.language.as_deref());
    let known = |code: Option<&str>| {
        let code = code?.split(['-', '_']).next()?.to_ascii_lowercase();
        TEXTS.0.get_key_value(code.as_str())
    };
    let found = known(wanted)
        .or_else(|| known(written))
        .or_else(|| known(Some("en")));
    let Some((&language, texts)) = found else {
        return Ok(Transcript::default());
    };
    let workspace = visitor.workspace;
    let business = workspaces::get(conn, workspace)?.title.clone();
    let from_right = RIGHT_TO_LEFT.contains(&language);
    let line = |text: String| match from_right {
        true => format!("{FROM_RIGHT}{text}"),
        false => text,
    };
    // A name keeps the direction of its own letters.
    let name = |name: &str| match from_right {
        true => format!("\u{2068}{name}\u{2069}"),
        false => name.to_owned(),
    };
    let shown = name(&business);
    let mut transcript = Transcript {
        language,
        title: fill(texts.title, &[("business", &shown)]),
        note: line(fill(texts.mail, &[("business", &shown)])),
        text: String::new(),
    };
    let Some(own) = own else {
        return Ok(transcript);
    };
    let desk = Desk::of_conversation(conn, &own, now)?;
    let files = attachments::since(conn, &own, 0)?;
    let zone = desk.local(now);
    let zone = zone.time_zone().iana_name().unwrap_or("UTC");
    let mut pieces = vec![
        line(transcript.title.clone()),
        line(fill(texts.zone, &[("zone", &name(zone))])),
    ];
    for message in messages::list(conn, &own, LONGEST)? {
        let sent = files.iter().filter(|file| file.message == message.id);
        let mut said: Vec<String> = sent
            .map(|file| format!("\u{1f4ce} {}", file.name))
            .collect();
        let text = message.text.trim();
        if !text.is_empty() && message.state != MessageState::Failed {
            said.insert(0, text.to_owned());
        }
        if said.is_empty() {
            continue;
        }
        let at = desk.local(message.created_at);
        let at = at.strftime(texts.date).to_string();
        let who = match message.role {
            Speaker::User => texts.you.to_owned(),
            Speaker::Assistant => texts.assistant.to_owned(),
            Speaker::Agent => match author(conn, &message)? {
                Some(first) => format!("{} ({})", name(&first), texts.staff),
                None => texts.staff.to_owned(),
            },
            Speaker::System => shown.clone(),
        };
        let head = line(format!("{at} · {who}"));
        pieces.push(format!("\n{head}\n{}", said.join("\n")));
    }
    transcript.text = pieces.join("\n") + "\n";
    Ok(transcript)
}

/// First name of the person who wrote a message, if their account is still there.
fn author(conn: &Connection, message: &Message) -> Result<Option<String>, StoreError> {
    let Some(author) = message.author else {
        return Ok(None);
    };
    match users::get(conn, author) {
        Ok(user) => Ok(Some(first_name(&user.name).to_owned())),
        Err(StoreError::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::voice::files::languages;
    use crate::language::data::{check, placeholders};

    #[test]
    fn every_language_of_the_widget_has_every_heading() {
        let _: File = check(FILE);
        assert_eq!(TEXTS.0.len(), languages().count());
        let at = jiff::civil::date(2026, 12, 3).at(14, 5, 0, 0);
        for code in languages() {
            let texts = &TEXTS.0[code];
            for text in [texts.title, texts.mail] {
                assert_eq!(placeholders(text), ["business"], "{code}");
            }
            assert_eq!(placeholders(texts.zone), ["zone"], "{code}");
            let written = at.strftime(texts.date).to_string();
            assert!(
                written.contains("2026") && written.contains("05"),
                "{code}: {written}"
            );
        }
    }
}
