//! Detects the language of documents and visitors.

use serde::{Deserialize, Serialize};
use unicode_segmentation::UnicodeSegmentation;

use super::lists::tells;
use super::words::unaccented;

/// Named by ISO 639-1 codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English; also the assumption when nothing says otherwise.
    En,
    De,
    Es,
    Fr,
    It,
    Pt,
    Nl,
    Pl,
    Tr,
    Ru,
    Ar,
    Zh,
    Other,
}

impl Language {
    /// The languages that Frontdesk has word lists for. English comes first, because the first one wins a tie.
    pub const KNOWN: [Self; 12] = [
        Self::En,
        Self::De,
        Self::Es,
        Self::Fr,
        Self::It,
        Self::Pt,
        Self::Nl,
        Self::Pl,
        Self::Tr,
        Self::Ru,
        Self::Ar,
        Self::Zh,
    ];

    /// The ISO 639-1 code; "und" for `Other`.
    pub fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
            Self::Es => "es",
            Self::Fr => "fr",
            Self::It => "it",
            Self::Pt => "pt",
            Self::Nl => "nl",
            Self::Pl => "pl",
            Self::Tr => "tr",
            Self::Ru => "ru",
            Self::Ar => "ar",
            Self::Zh => "zh",
            Self::Other => "und",
        }
    }

    /// `None` for a language without word lists.
    pub fn of_code(code: &str) -> Option<Self> {
        Self::KNOWN.into_iter().find(|known| known.code() == code)
    }

    /// The name in English; "English" for `Other`.
    pub fn english_name(self) -> &'static str {
        match self {
            Self::En | Self::Other => "English",
            Self::De => "German",
            Self::Es => "Spanish",
            Self::Fr => "French",
            Self::It => "Italian",
            Self::Pt => "Portuguese",
            Self::Nl => "Dutch",
            Self::Pl => "Polish",
            Self::Tr => "Turkish",
            Self::Ru => "Russian",
            Self::Ar => "Arabic",
            Self::Zh => "Chinese",
        }
    }

    pub(super) fn from_detected(lang: whatlang::Lang) -> Self {
        match lang {
            whatlang::Lang::Eng => Self::En,
            whatlang::Lang::Deu => Self::De,
            whatlang::Lang::Spa => Self::Es,
            whatlang::Lang::Fra => Self::Fr,
            whatlang::Lang::Ita => Self::It,
            whatlang::Lang::Por => Self::Pt,
            whatlang::Lang::Nld => Self::Nl,
            whatlang::Lang::Pol => Self::Pl,
            whatlang::Lang::Tur => Self::Tr,
            whatlang::Lang::Rus => Self::Ru,
            whatlang::Lang::Ara => Self::Ar,
            whatlang::Lang::Cmn => Self::Zh,
            _ => Self::Other,
        }
    }
}

/// The language of a document's text; `None` if the text is too short to tell.
pub fn of_document(text: &str) -> Option<Language> {
    // The beginning is enough, and a whole book would take long.
    let start: String = text.chars().take(4000).collect();
    let info = whatlang::detect(&start)?;
    info.is_reliable()
        .then(|| Language::from_detected(info.lang()))
}

/// The language that a visitor writes, English if nothing tells. Checks the script first and then counts common words
/// of each language, because a statistical detector needs more than a few words; the detector decides what is left.
pub fn of_question(text: &str) -> Language {
    of_question_among(text, &[])
}

/// Like [`of_question`], with languages that are likely, the likeliest first. A statistical guess from a few misspelt
/// words does not outweigh them.
pub fn of_question_among(text: &str, likely: &[Language]) -> Language {
    let usual = likely.first().copied().unwrap_or(Language::En);
    match script(text) {
        Script::Latin => detect_latin(text, likely),
        Script::Is(language) => language,
        Script::None => usual,
    }
}

/// What the letters of a text say about its language.
enum Script {
    /// Letters that many languages use.
    Latin,
    /// Letters that identify the language.
    Is(Language),
    /// No letters.
    None,
}

fn script(text: &str) -> Script {
    let (mut latin, mut cyrillic, mut arabic, mut han, mut other) = (0, 0, 0, 0, 0);
    // Letters that Russian or Arabic do not have, and the syllables of Japanese.
    let (mut not_russian, mut not_arabic, mut kana) = (false, false, false);
    for c in text.chars().take(2000).filter(|c| c.is_alphabetic()) {
        match c {
            'a'..='z' | 'A'..='Z' | '\u{C0}'..='\u{24F}' | '\u{1E00}'..='\u{1EFF}' => latin += 1,
            '\u{400}'..='\u{52F}' => {
                cyrillic += 1;
                not_russian |=
                    matches!(c, 'і' | 'ї' | 'є' | 'ґ' | 'ў' | 'ј' | 'љ' | 'њ' | 'ћ' | 'ђ');
            }
            '\u{600}'..='\u{6FF}' | '\u{750}'..='\u{77F}' => {
                arabic += 1;
                not_arabic |= matches!(c, 'پ' | 'چ' | 'ژ' | 'گ' | 'ک' | 'ی' | 'ے' | 'ہ');
            }
            '\u{3400}'..='\u{9FFF}' => han += 1,
            '\u{3041}'..='\u{30FF}' => {
                other += 1;
                kana = true;
            }
            _ => other += 1,
        }
    }
    // One Chinese character says about as much as three letters.
    han *= 3;
    let most = latin.max(cyrillic).max(arabic).max(han).max(other);
    let told = |language, foreign| Script::Is(if foreign { Language::Other } else { language });
    match most {
        0 => Script::None,
        n if n == han => told(Language::Zh, kana),
        n if n == cyrillic => told(Language::Ru, not_russian),
        n if n == arabic => told(Language::Ar, not_arabic),
        n if n == other => Script::Is(Language::Other),
        _ => Script::Latin,
    }
}

/// Languages in Latin letters. English comes first, because the first one wins a tie.
const LATIN: [Language; 9] = [
    Language::En,
    Language::De,
    Language::Es,
    Language::Fr,
    Language::It,
    Language::Pt,
    Language::Nl,
    Language::Pl,
    Language::Tr,
];

/// Letters and marks that few languages use.
const MARKS: [(&str, &[Language]); 8] = [
    ("ß", &[Language::De]),
    ("ñ¿¡", &[Language::Es]),
    ("ãõ", &[Language::Pt]),
    ("łąęśżźćń", &[Language::Pl]),
    ("ğış", &[Language::Tr]),
    ("äöü", &[Language::De, Language::Tr]),
    ("èêœ", &[Language::Fr, Language::It]),
    ("ç", &[Language::Fr, Language::Pt, Language::Tr]),
];

fn detect_latin(text: &str, likely: &[Language]) -> Language {
    let start: String = text.chars().take(1000).collect();
    let lower = start.to_lowercase();
    let words: Vec<String> = start.unicode_words().map(unaccented).collect();
    let votes = LATIN.map(|language| {
        let known = words.iter().filter(|w| tells(language, w)).count();
        let marks = MARKS
            .iter()
            .filter(|(marks, of)| of.contains(&language) && lower.contains(|c| marks.contains(c)))
            .count();
        (language, known + marks)
    });
    let most = votes.iter().map(|v| v.1).max().unwrap_or(0);
    let best: Vec<Language> = votes.iter().filter(|v| v.1 == most).map(|v| v.0).collect();
    let detected =
        whatlang::detect(&start).map(|info| (Language::from_detected(info.lang()), info));
    let is_likely = |language: Language| likely.is_empty() || likely.contains(&language);
    // An unlikely language needs support for the guess: one of its words, or many words.
    let credible = |language: Language| {
        is_likely(language)
            || words.len() >= MANY_WORDS
            || votes
                .iter()
                .any(|v| v.0 == language && v.1 > 0 && v.1 == most)
    };
    let usual = likely.first().copied().unwrap_or(Language::En);
    // Short words are common in many languages, so a likely language wins if it is nearly as good.
    let close = |language: &&Language| {
        votes
            .iter()
            .any(|v| v.0 == **language && v.1 >= 2 && v.1 + 1 >= most)
    };
    if let Some(close) = likely.iter().find(close) {
        return *close;
    }
    match (best.as_slice(), detected) {
        // Several common words of one language, or one in a very short text if its language is likely.
        ([one], _) if most >= 2 || (most == 1 && words.len() <= 3 && is_likely(*one)) => *one,
        (_, Some((language, info)))
            if info.is_reliable() && words.len() >= 4 && credible(language) =>
        {
            language
        }
        (_, detected) if most > 0 => likely
            .iter()
            .find(|l| best.contains(l))
            .copied()
            .or_else(|| detected.map(|d| d.0).filter(|guess| best.contains(guess)))
            .or_else(|| (likely.is_empty() || most >= 2).then(|| best.first().copied())?)
            .unwrap_or(usual),
        _ => usual,
    }
}

/// With this many words, the statistical guess counts even for an unlikely language.
const MANY_WORDS: usize = 9;

#[cfg(test)]
#[path = "detect_tests.rs"]
mod tests;
