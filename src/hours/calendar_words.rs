//! Names of days, months and small numbers in the languages that visitors write.

use jiff::civil::Weekday;

use super::words::{Kind, Token, is_like};

/// Days of the week, Monday first: names that mean only this, in all languages, and short forms
/// by language.
struct Names {
    language: &'static str,
    full: [&'static [&'static str]; 7],
    short: [&'static [&'static str]; 7],
}

#[rustfmt::skip]
const WEEKDAYS: &[Names] = &[
    Names {
        language: "en",
        full: [
            &["monday"],
            &["tuesday"],
            &["wednesday"],
            &["thursday"],
            &["friday"],
            &["saturday"],
            &["sunday"],
        ],
        short: [
            &["mon"],
            &["tue", "tues"],
            &["wed", "weds"],
            &["thu", "thur", "thurs"],
            &["fri"],
            &["sat"],
            &["sun"],
        ],
    },
    Names {
        language: "de",
        full: [
            &["montag"],
            &["dienstag"],
            &["mittwoch"],
            &["donnerstag"],
            &["freitag"],
            &["samstag", "sonnabend"],
            &["sonntag"],
        ],
        short: [
            &["mo"],
            &["di"],
            &["mi"],
            &["do"],
            &["fr"],
            &["sa"],
            &["so"],
        ],
    },
    Names {
        language: "es",
        full: [
            &["lunes"],
            &["martes"],
            &["miercoles"],
            &["jueves"],
            &["viernes"],
            &["sabado"],
            &["domingo"],
        ],
        short: [
            &["lun"],
            &["mar"],
            &["mie"],
            &["jue"],
            &["vie"],
            &["sab"],
            &["dom"],
        ],
    },
    Names {
        language: "fr",
        full: [
            &["lundi"],
            &["mardi"],
            &["mercredi"],
            &["jeudi"],
            &["vendredi"],
            &["samedi"],
            &["dimanche"],
        ],
        short: [
            &["lun"],
            &["mar"],
            &["mer"],
            &["jeu"],
            &["ven"],
            &["sam"],
            &["dim"],
        ],
    },
    Names {
        language: "it",
        full: [
            &["lunedi"],
            &["martedi"],
            &["mercoledi"],
            &["giovedi"],
            &["venerdi"],
            &["sabato"],
            &["domenica"],
        ],
        short: [
            &["lun"],
            &["mar"],
            &["mer"],
            &["gio"],
            &["ven"],
            &["sab"],
            &["dom"],
        ],
    },
    Names {
        language: "pt",
        full: [&[], &[], &[], &[], &[], &["sabado"], &["domingo"]],
        short: [
            &["segunda"],
            &["terca"],
            &["quarta"],
            &["quinta"],
            &["sexta"],
            &["sab"],
            &["dom"],
        ],
    },
    Names {
        language: "nl",
        full: [
            &["maandag"],
            &["dinsdag"],
            &["woensdag"],
            &["donderdag"],
            &["vrijdag"],
            &["zaterdag"],
            &["zondag"],
        ],
        short: [
            &["ma"],
            &["di"],
            &["wo"],
            &["do"],
            &["vr"],
            &["za"],
            &["zo"],
        ],
    },
    Names {
        language: "pl",
        full: [
            &["poniedzialek"],
            &["wtorek"],
            &["sroda", "srode"],
            &["czwartek"],
            &["piatek"],
            &["sobota", "sobote"],
            &["niedziela", "niedziele"],
        ],
        short: [
            &["pon"],
            &["wt"],
            &["sr"],
            &["czw"],
            &["pt"],
            &["sob"],
            &["ndz"],
        ],
    },
    Names {
        language: "tr",
        full: [
            &["pazartesi"],
            &["sali"],
            &["carsamba"],
            &["persembe"],
            &["cuma"],
            &["cumartesi"],
            &["pazar"],
        ],
        short: [&[], &[], &[], &[], &[], &[], &[]],
    },
];

#[rustfmt::skip]
const DAYS: [Weekday; 7] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
    Weekday::Sunday,
];

/// A day of the week as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NamedDay {
    pub(super) day: Weekday,
    /// Written as a habit: "saturdays", "samstags".
    pub(super) habit: bool,
    /// A short form.
    pub(super) short: bool,
}

/// The day of the week that a word names. Short forms count in their own language, and the English
/// ones everywhere.
pub(super) fn weekday(token: &Token, language: &str) -> Option<NamedDay> {
    if token.kind != Kind::Word {
        return None;
    }
    let word = token.text.as_str();
    let singular = word.strip_suffix('s').filter(|w| w.len() > 4);
    for names in WEEKDAYS {
        for (forms, day) in names.full.iter().zip(DAYS) {
            let plain = forms.iter().any(|f| is_like(word, f));
            let exact = forms.contains(&word);
            let habit = !exact && singular.is_some_and(|s| forms.contains(&s));
            if plain || habit {
                return Some(NamedDay {
                    day,
                    habit,
                    short: false,
                });
            }
        }
    }
    let own = WEEKDAYS
        .iter()
        .filter(|n| n.language == language || n.language == "en");
    for names in own {
        // Two letters are other words too, unless they are written as a name.
        for (forms, day) in names.short.iter().zip(DAYS) {
            let plural = singular_short(word);
            if forms.contains(&word) && (word.len() > 2 || token.capital) {
                return Some(NamedDay {
                    day,
                    habit: false,
                    short: true,
                });
            }
            if plural.is_some_and(|w| forms.contains(&w)) {
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

type MonthForms = &'static [&'static str];

/// Names and short forms of the months in all languages; a day stands beside them, so they may be short.
#[rustfmt::skip]
const MONTHS: [MonthForms; 12] = [
    &["january", "jan", "januar", "janner", "enero", "ene", "janvier", "janv", "gennaio", "gen", "januari", "janeiro", "stycznia", "ocak"],
    &["february", "feb", "februar", "febrero", "fevrier", "fevr", "febbraio", "februari", "fevereiro", "lutego", "subat"],
    &["march", "mar", "marz", "mrz", "marzo", "mars", "maart", "marco", "marca", "mart"],
    &["april", "apr", "abril", "abr", "avril", "avr", "aprile", "kwietnia", "nisan"],
    &["may", "mai", "mayo", "maggio", "mag", "mei", "maio", "maja", "mayis"],
    &["june", "jun", "juni", "junio", "juin", "giugno", "giu", "junho", "czerwca", "haziran"],
    &["july", "jul", "juli", "julio", "juillet", "juil", "luglio", "lug", "julho", "lipca", "temmuz"],
    &["august", "aug", "agosto", "ago", "aout", "augustus", "sierpnia", "agustos"],
    &["september", "sep", "sept", "septiembre", "setiembre", "septembre", "settembre", "set", "setembro", "wrzesnia", "eylul"],
    &["october", "oct", "oktober", "okt", "octubre", "octobre", "ottobre", "ott", "outubro", "pazdziernika", "ekim"],
    &["november", "nov", "noviembre", "novembre", "novembro", "listopada", "kasim"],
    &["december", "dec", "dezember", "dez", "diciembre", "dic", "decembre", "dicembre", "dezembro", "grudnia", "aralik"],
];

/// The month that a word names, 1 to 12.
pub(super) fn month(token: &Token) -> Option<i8> {
    if token.kind != Kind::Word {
        return None;
    }
    let word = token.text.as_str();
    let found = MONTHS.iter().position(|forms| {
        forms
            .iter()
            .any(|f| *f == word || (f.len() >= 6 && is_like(word, f)))
    })?;
    i8::try_from(found + 1).ok()
}

/// Whether a word means a month even with no day beside it.
pub(super) fn is_plain_month(token: &Token) -> bool {
    token.text.len() >= 5
        && !matches!(
            token.text.as_str(),
            "march" | "marca" | "mayis" | "marco" | "pazar"
        )
        && month(token).is_some()
}

/// Numbers that people write as words.
pub(super) fn small_number(token: &Token) -> Option<i16> {
    const WORDS: &[(i16, &[&str])] = &[
        (
            1,
            &[
                "one", "a", "an", "ein", "eine", "einem", "einer", "un", "una", "uno", "une",
            ],
        ),
        (2, &["two", "zwei", "dos", "deux", "due"]),
        (3, &["three", "drei", "tres", "trois", "tre"]),
        (4, &["four", "vier", "cuatro", "quatre", "quattro"]),
        (5, &["five", "funf", "cinco", "cinq", "cinque"]),
        (6, &["six", "sechs", "seis", "sei"]),
        (7, &["seven", "sieben", "siete", "sept", "sette"]),
        (8, &["eight", "acht", "ocho", "huit", "otto"]),
        (9, &["nine", "neun", "nueve", "neuf", "nove"]),
        (10, &["ten", "zehn", "diez", "dix", "dieci"]),
        (11, &["eleven", "elf", "once", "onze", "undici"]),
        (12, &["twelve", "zwolf", "doce", "douze", "dodici"]),
    ];
    token.number().or_else(|| {
        WORDS
            .iter()
            .find(|(_, words)| words.contains(&token.text.as_str()))
            .map(|(n, _)| *n)
    })
}

#[cfg(test)]
mod tests {
    use super::super::words::tokens;
    use super::*;

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
