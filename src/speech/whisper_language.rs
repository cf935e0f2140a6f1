//! Languages by code and name, from whisper.cpp's own table.

use whisper_rs::{get_lang_max_id, get_lang_str, get_lang_str_full};

use super::error::SpeechError;

/// Returns Whisper's code for `language`: an ISO 639-1 code or an English name in any case, with or
/// without a region (`en-US`, `German`).
pub fn language_code(language: &str) -> Result<&'static str, SpeechError> {
    let unknown = || SpeechError::UnknownLanguage {
        code: language.to_owned(),
    };
    let lower = language.trim().to_ascii_lowercase();
    let primary = lower.split(['-', '_']).next().unwrap_or_default();
    // whisper.cpp uses the old code for Javanese, and `no` for Norwegian Bokmål.
    let primary = match primary {
        "jv" => "jw",
        "nb" => "no",
        "iw" => "he",
        "fil" => "tl",
        other => other,
    };
    (0..=get_lang_max_id())
        .find(|&id| get_lang_str(id) == Some(primary) || get_lang_str_full(id) == Some(primary))
        .and_then(get_lang_str)
        .ok_or_else(unknown)
}

/// The English name in lower case, such as `english`; an unknown code is returned unchanged.
pub fn language_name(code: &str) -> &str {
    let known = (0..=get_lang_max_id()).find(|&id| get_lang_str(id) == Some(code));
    known.and_then(get_lang_str_full).unwrap_or(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_names_and_regions_are_understood() {
        for (given, code) in [
            ("en", "en"),
            ("EN-us", "en"),
            ("pt_BR", "pt"),
            ("German", "de"),
            (" fr ", "fr"),
        ] {
            assert_eq!(language_code(given).unwrap(), code);
        }
    }

    #[test]
    fn nonsense_is_refused_with_a_remedy() {
        for bad in ["", "xx", "klingon", "e\0n"] {
            assert!(
                language_code(bad)
                    .unwrap_err()
                    .to_string()
                    .contains("ISO 639-1")
            );
        }
    }

    #[test]
    fn codes_have_names() {
        assert_eq!(language_name("en"), "english");
        assert_eq!(language_name("es"), "spanish");
        assert_eq!(language_name("??"), "??");
    }
}
