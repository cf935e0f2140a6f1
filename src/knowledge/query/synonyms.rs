//! Synonyms: the owner's, and everyday abbreviations and synonyms per language.

use serde::{Deserialize, Serialize};

use super::usual::usual;
use crate::language::Language;
use crate::language::words::{fold, stem, words};

/// The owner's synonyms; section "synonyms" of a workspace's settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Synonyms {
    /// Words or short phrases of the same meaning.
    #[serde(default)]
    pub groups: Vec<Vec<String>>,
}

impl Synonyms {
    pub const SECTION: &str = "synonyms";
    pub const MOST_GROUPS: usize = 500;
    /// Per group.
    pub const MOST_WORDS: usize = 20;
    /// Of a word or phrase, in characters.
    pub const LONGEST: usize = 60;

    /// Drops blanks, empty words and groups of fewer than two.
    ///
    /// # Errors
    /// A sentence that says which limit is exceeded.
    pub fn tidied(self) -> Result<Self, SynonymsError> {
        let mut groups = Vec::new();
        for group in self.groups {
            let mut tidy: Vec<String> = Vec::new();
            for word in group {
                let word = word.split_whitespace().collect::<Vec<_>>().join(" ");
                if word.chars().count() > Self::LONGEST {
                    return Err(SynonymsError::TooLong);
                }
                if words(&word).next().is_some() && !tidy.iter().any(|w| fold(w) == fold(&word)) {
                    tidy.push(word);
                }
            }
            if tidy.len() > Self::MOST_WORDS {
                return Err(SynonymsError::TooManyWords);
            }
            if tidy.len() > 1 {
                groups.push(tidy);
            }
        }
        if groups.len() > Self::MOST_GROUPS {
            return Err(SynonymsError::TooManyGroups);
        }
        Ok(Self { groups })
    }
}

/// Why synonyms cannot be saved: a sentence for their owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SynonymsError {
    /// A word that is a text.
    #[error(
        "a synonym is longer than {} characters: write words or short phrases",
        Synonyms::LONGEST
    )]
    TooLong,
    /// A group that is a list.
    #[error(
        "a group has more than {} words: make several groups of it",
        Synonyms::MOST_WORDS
    )]
    TooManyWords,
    /// More groups than are looked through.
    #[error(
        "there are more than {} groups: remove those that are not needed",
        Synonyms::MOST_GROUPS
    )]
    TooManyGroups,
}

/// A word or phrase that means the same as a word of the question.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Synonym {
    /// As in the list.
    pub(super) text: String,
    /// Against 1 for the word itself.
    pub(super) weight: f32,
}

/// Weight of an abbreviation written out, which is the same word.
const WRITTEN_OUT: f32 = 0.9;
/// Weight of the owner's synonyms.
const OWN: f32 = 0.8;
/// Weight of an everyday synonym, which often means only something similar.
const EVERYDAY: f32 = 0.35;

/// The synonyms of each word of a question; `stems` are its stems in order.
pub(super) fn of_words(stems: &[String], language: Language, own: &Synonyms) -> Vec<Vec<Synonym>> {
    let mut found: Vec<Vec<Synonym>> = vec![Vec::new(); stems.len()];
    for group in &own.groups {
        add(&mut found, stems, language, group, OWN, true);
    }
    let Some(usual) = usual(language) else {
        return found;
    };
    // Only from short to long: nobody who types the word means the abbreviation.
    for (short, long) in &usual.abbreviations {
        for at in 0..stems.len() {
            let meant = short.iter().any(|s| {
                stems
                    .get(at)
                    .is_some_and(|stem_| *stem_ == stem(language, &fold(s)))
            });
            if meant && let Some(place) = found.get_mut(at) {
                place.extend(long.iter().map(|text| Synonym {
                    text: text.clone(),
                    weight: WRITTEN_OUT,
                }));
            }
        }
    }
    for members in &usual.units {
        add(&mut found, stems, language, members, WRITTEN_OUT, false);
    }
    for members in &usual.everyday {
        add(&mut found, stems, language, members, EVERYDAY, false);
    }
    found
}

fn add(
    found: &mut [Vec<Synonym>],
    stems: &[String],
    language: Language,
    group: &[String],
    weight: f32,
    phrases: bool,
) {
    for (i, member) in group.iter().enumerate() {
        let sought: Vec<String> = words(member).map(|w| stem(language, &w.folded)).collect();
        if sought.is_empty() || (sought.len() > 1 && !phrases) || sought.len() > stems.len() {
            continue;
        }
        for at in 0..=stems.len() - sought.len() {
            if stems.get(at..at + sought.len()) != Some(sought.as_slice()) {
                continue;
            }
            for place in found.iter_mut().skip(at).take(sought.len()) {
                for (j, other) in group.iter().enumerate() {
                    if i != j && !place.iter().any(|s| s.text == *other) {
                        place.push(Synonym {
                            text: other.clone(),
                            weight,
                        });
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(question: &str, language: Language, own: &Synonyms) -> Vec<Vec<String>> {
        let stems: Vec<String> = words(question).map(|w| stem(language, &w.folded)).collect();
        of_words(&stems, language, own)
            .into_iter()
            .map(|at| at.into_iter().map(|s| s.text).collect())
            .collect()
    }

    #[test]
    fn abbreviations_and_own_groups_are_found() {
        let own = Synonyms {
            groups: vec![vec!["braces".into(), "clear aligners".into()]],
        };
        assert_eq!(
            of("appt tmrw", Language::En, &own),
            [["appointment"], ["tomorrow"]]
        );
        assert_eq!(of("brace", Language::En, &own), [["clear aligners"]]);
        assert_eq!(
            of("clear aligners", Language::En, &own),
            [["braces"], ["braces"]]
        );
        assert_eq!(of("rdv", Language::Fr, &own), [["rendez-vous"]]);
        assert_eq!(of("appt", Language::Fr, &own), [Vec::<String>::new()]);
        assert!(
            of("cost", Language::En, &own)
                .concat()
                .contains(&"price".to_owned())
        );
    }

    #[test]
    fn groups_are_tidied_and_bounded() {
        let own = Synonyms {
            groups: vec![
                vec![
                    " take  home ".into(),
                    "Take home".into(),
                    "at-home".into(),
                    "?".into(),
                ],
                vec!["alone".into()],
            ],
        };
        let tidy = own.tidied().expect("is fine");
        assert_eq!(tidy.groups, [["take home", "at-home"]]);
        let many = Synonyms {
            groups: vec![(0..30).map(|i| format!("w{i}")).collect()],
        };
        assert!(many.tidied().is_err());
    }
}
