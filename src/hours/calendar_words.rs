//! Names of days, months and small numbers in the languages that visitors write.

use jiff::civil::Weekday;

use super::words::{Kind, Token, is_like};
use crate::language::{Language, calendar, numbers};

const DAYS: [Weekday; 7] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
    Weekday::Sunday,
];

/// A weekday as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NamedDay {
    pub(super) day: Weekday,
    /// In a form that means every week: "saturdays", "samstags".
    pub(super) habit: bool,
    /// An abbreviation.
    pub(super) short: bool,
}

/// The weekday that a word names. Abbreviations count in their own language, English ones in all.
pub(super) fn weekday(token: &Token, language: &str) -> Option<NamedDay> {
    if token.kind != Kind::Word {
        return None;
    }
    let word = token.text.as_str();
    let singular = word.strip_suffix('s').filter(|w| w.len() > 4);
    let is_one = |forms: &[String], word: &str| forms.iter().any(|form| form == word);
    for (_, names) in calendar::folded() {
        for (forms, day) in names.days.iter().zip(DAYS) {
            let plain = forms.iter().any(|f| is_like(word, f));
            let exact = is_one(forms, word);
            let habit = !exact && singular.is_some_and(|s| is_one(forms, s));
            if plain || habit {
                return Some(NamedDay {
                    day,
                    habit,
                    short: false,
                });
            }
        }
    }
    let own = calendar::folded()
        .iter()
        .filter(|(l, _)| l.code() == language || *l == Language::En);
    for (_, names) in own {
        // Two letters are other words too, unless they are written as a name.
        for (forms, day) in names.short_days.iter().zip(DAYS) {
            let plural = singular_short(word);
            if is_one(forms, word) && (word.len() > 2 || token.capital) {
                return Some(NamedDay {
                    day,
                    habit: false,
                    short: true,
                });
            }
            if plural.is_some_and(|w| is_one(forms, w)) {
                return Some(NamedDay {
                    day,
                    habit: true,
                    short: true,
                });
            }
        }
    }
    None
}

/// "sats" → "sat"; not "mons" → "mon" in words of two letters.
fn singular_short(word: &str) -> Option<&str> {
    word.strip_suffix('s').filter(|w| w.len() == 3)
}

/// The month that a word names in any language, 1 to 12. Abbreviations count, because the caller has seen a
/// day beside it.
pub(super) fn month(token: &Token) -> Option<i8> {
    if token.kind != Kind::Word {
        return None;
    }
    let word = token.text.as_str();
    let is_named = |forms: &[String]| {
        forms
            .iter()
            .any(|f| f == word || (f.len() >= 6 && is_like(word, f)))
    };
    let found = (0..12).find(|at| {
        calendar::folded().iter().any(|(_, names)| {
            let both = [names.months.get(*at), names.short_months.get(*at)];
            both.into_iter().flatten().any(|forms| is_named(forms))
        })
    })?;
    i8::try_from(found + 1).ok()
}

/// Whether a word means a month even without a day beside it.
pub(super) fn is_plain_month(token: &Token) -> bool {
    token.text.len() >= 5
        && !matches!(
            token.text.as_str(),
            "march" | "marca" | "mayis" | "marco" | "pazar"
        )
        && month(token).is_some()
}

/// Languages whose number words are known whatever the language of the question. Number words of others are
/// ordinary words here: Turkish "on" is ten.
const COUNTED: [Language; 5] = [
    Language::En,
    Language::De,
    Language::Es,
    Language::Fr,
    Language::It,
];

/// The value of a number word.
pub(super) fn small_number(token: &Token) -> Option<i16> {
    let word = token.text.as_str();
    // Articles count as one: "in a week".
    let article = matches!(
        word,
        "a" | "an" | "ein" | "eine" | "einem" | "einer" | "una" | "une"
    );
    token.number().or_else(|| {
        let mut said = COUNTED.iter();
        let number = said.find_map(|language| numbers::small(*language, word));
        number.or(article.then_some(1))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hours::words::tokens;

    #[test]
    fn weekdays_of_many_languages() {
        let day = |text: &str, language: &str| {
            weekday(&tokens(text)[0], language).map(|n| (n.day, n.habit))
        };
        assert_eq!(day("Saturdays", "en"), Some((Weekday::Saturday, true)));
        assert_eq!(day("dienstags", "de"), Some((Weekday::Tuesday, true)));
        assert_eq!(day("martes", "es"), Some((Weekday::Tuesday, false)));
        assert_eq!(day("Sa", "de"), Some((Weekday::Saturday, false)));
        assert_eq!(day("do", "en"), None);
        assert_eq!(day("so", "de"), None);
        assert_eq!(day("Cumartesi", "tr"), Some((Weekday::Saturday, false)));
    }
}
