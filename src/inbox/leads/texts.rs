//! What a visitor is told who left how to reach them.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::super::notices;
use super::{Desk, Slot};
use crate::language::Language;
use crate::language::data::{fill, read};
use crate::store::UnixMs;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Texts {
    /// Somebody will get back to them.
    lead: &'static str,
    /// Somebody calls at a time.
    callback: &'static str,
}

#[derive(Debug, Default, Deserialize)]
#[serde(transparent, bound(deserialize = "'de: 'static"))]
struct File(HashMap<&'static str, Texts>);

static FILE: &str = include_str!("texts.toml");
static TEXTS: LazyLock<File> = LazyLock::new(|| read(FILE));

/// What is said to somebody who left a wish, or chose a time for a call.
pub(super) fn noted(
    callback: Option<Slot>,
    desk: &Desk,
    language: Language,
    now: UnixMs,
) -> String {
    let texts = TEXTS.0.get(language.code()).or_else(|| TEXTS.0.get("en"));
    let Some(texts) = texts else {
        return String::new();
    };
    match callback {
        None => texts.lead.to_owned(),
        Some(slot) => {
            let (from, now) = (desk.local(slot.from), desk.local(now));
            let when = notices::write_when(&from, &now, language);
            fill(texts.callback, &[("when", &when)])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::data::{check, placeholders};

    #[test]
    fn every_language_has_both_texts() {
        let _: File = check(FILE);
        for language in Language::KNOWN {
            let texts = &TEXTS.0[language.code()];
            assert!(placeholders(texts.lead).is_empty());
            assert_eq!(placeholders(texts.callback), ["when"], "{language:?}");
        }
    }
}
