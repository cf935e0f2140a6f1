//! Detects which language a question is in.

use super::Language;
use super::detect::of_document;
use super::lists::count_votes;
use super::words::words;

/// The language of a question, from its letters and its function words. Few words say little, so then the most frequent
/// language of the documents is the better guess. `documents` has their languages, the most frequent first.
pub fn language_among(question: &str, folded: &[&str], documents: &[Language]) -> Language {
    let votes = count_votes(folded);
    let detected = whatlang::detect(question);
    if let Some(info) = &detected
        && !matches!(info.script(), whatlang::Script::Latin)
    {
        return match Language::from_detected(info.lang()) {
            // Ukrainian, Bulgarian and others share its letters.
            Language::Other
                if votes
                    .iter()
                    .any(|(l, hits)| *l == Language::Ru && *hits > 0) =>
            {
                Language::Ru
            }
            by_letters => by_letters,
        };
    }
    let most = votes.iter().map(|(_, hits)| *hits).max().unwrap_or(0);
    let of = |language: Language| {
        votes
            .iter()
            .find(|(l, _)| *l == language)
            .map_or(0, |v| v.1)
    };
    let reliable = of_document(question);
    // The detector may miss the best language by one vote at most.
    if let Some(sure) = reliable
        && of(sure) + 1 >= most.max(1)
    {
        return sure;
    }
    // A tie: prefer the languages of the documents.
    let usual = documents.first().copied().unwrap_or(Language::En);
    let tied: Vec<Language> = votes.iter().filter(|v| v.1 == most).map(|v| v.0).collect();
    if most == 0 || tied.contains(&usual) {
        return usual;
    }
    documents
        .iter()
        .find(|d| tied.contains(d))
        .or_else(|| tied.first())
        .copied()
        .unwrap_or(usual)
}

/// The most likely language of a question, whatever languages the documents have.
pub fn language_of(question: &str) -> Language {
    let folded: Vec<String> = words(question).map(|w| w.folded).collect();
    let folded: Vec<&str> = folded.iter().map(String::as_str).collect();
    language_among(question, &folded, &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn language_table() {
        let en = [Language::En];
        let cases: &[(&str, &[Language], Language)] = &[
            ("and on sunday?", &en, Language::En),
            ("does she speak spanish?", &en, Language::En),
            ("gold crown", &en, Language::En),
            ("gold crown", &[Language::De, Language::En], Language::De),
            ("Wann habt ihr am Sonntag offen?", &en, Language::De),
            ("¿Cuánto cuesta una limpieza?", &en, Language::Es),
            ("Quels sont vos horaires ?", &en, Language::Fr),
            ("Quanto costa la pulizia dei denti?", &en, Language::It),
            ("Wat kost een kroon bij jullie?", &en, Language::Nl),
            ("Ile kosztuje korona?", &en, Language::Pl),
            ("Pazar günü açık mısınız?", &en, Language::Tr),
            ("Сколько стоит чистка зубов?", &en, Language::Ru),
            ("", &en, Language::En),
        ];
        for (question, documents, want) in cases {
            let folded: Vec<String> = words(question).map(|w| w.folded).collect();
            let folded: Vec<&str> = folded.iter().map(String::as_str).collect();
            assert_eq!(
                language_among(question, &folded, documents),
                *want,
                "{question}"
            );
        }
    }
}
