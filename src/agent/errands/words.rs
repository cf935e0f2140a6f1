//! Arguments in what visitors wrote: codes such as the number of an order, and whether a value stands there at all.

use regex::Regex;

use crate::agent::phrases::{SPOKEN, phrases};
use crate::language::Language;
use crate::language::numbers::small;
use crate::language::words::unaccented;
use crate::llm::{ChatMessage, Role};

/// Shortest and longest code, in characters. Shorter figures are counts and days where nobody asked for a code.
const SHORTEST: usize = 3;
const LONGEST: usize = 40;
/// Visitor's messages before this one that are looked at.
const EARLIER: usize = 3;

/// What the visitor wrote, newest first: the question, and a few messages before it.
pub(super) fn said<'a>(history: &'a [ChatMessage], question: &'a str) -> Vec<&'a str> {
    let visitor = history.iter().rev().filter(|said| said.role == Role::User);
    let earlier = visitor.take(EARLIER).map(|said| said.content.as_str());
    std::iter::once(question).chain(earlier).collect()
}

/// The question, with the one before it if that was answered by asking for something. Only where nothing is kept between
/// turns does it take the place of a run.
pub(super) fn asked(history: &[ChatMessage], question: &str) -> String {
    let last = |role| history.iter().rev().find(|said| said.role == role);
    let (answer, before) = (last(Role::Assistant), last(Role::User));
    match (answer, before) {
        (Some(answer), Some(before)) if asks_back(&answer.content) => {
            format!("{}\n{question}", before.content)
        }
        _ => question.to_owned(),
    }
}

fn asks_back(answer: &str) -> bool {
    SPOKEN.into_iter().any(|language| {
        let ask = phrases(language).tool_ask;
        let head = ask.split("{}").next().unwrap_or_default().trim_end();
        !head.is_empty() && answer.starts_with(head)
    })
}

/// The words of a text. Letters of scripts without spaces end a word, as do apostrophes and `#`: `1234` stands in
/// "order#1234's" and in "订单1234在哪里".
fn words(text: &str) -> impl Iterator<Item = &str> {
    let ends = |c: char| c.is_whitespace() || matches!(c, '\'' | '’' | '#' | '№') || is_unspaced(c);
    let words = text.split(ends).filter(|word| !word.is_empty());
    // "order:1234", but "15:30".
    words.map(|word| match word.split_once(':') {
        Some((label, value)) if label.chars().all(char::is_alphabetic) => value,
        _ => word,
    })
}

/// Whether words are written without spaces in the script of this letter: Chinese and Japanese.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}')
}

/// The only word that may be a code of this form. `asked`: the visitor answers the question for it.
pub(super) fn code(text: &str, form: Option<&Regex>, asked: bool) -> Option<String> {
    let mut found: Vec<String> = Vec::new();
    for word in words(text) {
        let is_money = word.contains(['$', '€', '£', '¥', '%']);
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        let length = word.chars().count();
        if is_money || length == 0 || length > LONGEST {
            continue;
        }
        let code = match form {
            Some(form) => in_form(word, form),
            None => has_code(word, asked).then(|| word.to_owned()),
        };
        if let Some(code) = code
            && !found.contains(&code)
        {
            found.push(code);
        }
    }
    match found.as_slice() {
        [one] => Some(one.clone()),
        // Of several nobody knows which is meant.
        _ => None,
    }
}

fn in_form(word: &str, form: &Regex) -> Option<String> {
    let upper = word.to_uppercase();
    [word, upper.as_str()]
        .into_iter()
        .find(|word| form.is_match(word))
        .map(str::to_owned)
}

fn has_code(word: &str, asked: bool) -> bool {
    let figures = word.chars().filter(char::is_ascii_digit).count();
    let marks = word.chars().filter(|c| matches!(c, '.' | '/')).count();
    let is_time_or_date = word.contains(':') || (marks > 0 && figures <= 8 && !is_lettered(word));
    let is_long = asked || word.chars().count() >= SHORTEST;
    // "14th", "3pm", "2nd" are no codes.
    let is_counted = !asked && figures <= 2 && is_lettered(word) && !word.contains('-');
    figures > 0 && is_long && !is_time_or_date && !is_counted && !word.contains('@')
}

fn is_lettered(word: &str) -> bool {
    word.chars().any(char::is_alphabetic)
}

/// Whether a value stands in what was said as whole words, whatever its case, accents, spaces and marks: `A-1234` stands in
/// "a 1234", and `12` does not stand in "12-34".
pub(super) fn stands(value: &str, said: &[&str]) -> bool {
    let wanted = letters(value);
    !wanted.is_empty() && said.iter().any(|text| holds(text, &wanted))
}

/// Letters and figures alone, as texts are compared.
fn letters(text: &str) -> String {
    let kept: String = text.chars().filter(|c| c.is_alphanumeric()).collect();
    unaccented(&kept)
}

fn holds(text: &str, wanted: &str) -> bool {
    // Where words have no ends, all of the text is one.
    if wanted.contains(is_unspaced) {
        return letters(text).contains(wanted);
    }
    let words: Vec<String> = words(text).map(letters).collect();
    (0..words.len()).any(|from| {
        let mut joined = String::new();
        for word in words.get(from..).unwrap_or_default() {
            joined.push_str(word);
            if joined.len() >= wanted.len() {
                break;
            }
        }
        joined == wanted
    })
}

/// The same for a number, which may be a word. Of a negative one nobody can tell its sign from a dash.
pub(super) fn number_stands(number: f64, said: &[&str], language: Language) -> bool {
    let is_it = |value: f64| (value - number).abs() < f64::EPSILON;
    let mut words = said.iter().flat_map(|text| words(text));
    words.any(|word| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        let small = small(language, &unaccented(word));
        small.is_some_and(|small| is_it(f64::from(small))) || readings(word).any(is_it)
    })
}

/// What figures may mean: `1.250` is 1.25 in some languages and 1250 in others.
fn readings(word: &str) -> impl Iterator<Item = f64> {
    let figures = word.trim_end_matches(char::is_alphabetic);
    let is_figures = figures.starts_with(|c: char| c.is_ascii_digit());
    let groups: Vec<&str> = figures.split(['.', ',']).collect();
    let is_grouped = groups.iter().skip(1).all(|group| group.len() == 3);
    let whole = is_grouped.then(|| groups.concat());
    let texts = [whole, Some(figures.replace(',', "."))];
    let texts = texts.into_iter().flatten().filter(move |_| is_figures);
    texts.filter_map(|text| text.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_the_only_word_that_looks_like_one() {
        let found = |text: &str| code(text, None, false);
        assert_eq!(
            found("What's the status of order 1234?").as_deref(),
            Some("1234")
        );
        assert_eq!(found("Where is #A-1234, please").as_deref(), Some("A-1234"));
        for none in [
            "I bought 2 lamps, where is my order?",
            "order 1234 or 5678?",
            "my order of 12.11.2026",
            "the one for $1450",
            "on the 14th at 3pm or 15:30",
            "write to anna2@example.com",
        ] {
            assert_eq!(found(none), None, "{none}");
        }
        assert_eq!(code("it is 7", None, true).as_deref(), Some("7"));
        for glued in [
            "订单1234在哪里？",
            "订单号：1234，谢谢",
            "What is order 1234's status?",
            "1234'ün durumu nedir?",
            "Bestellung:1234",
            "order#1234",
        ] {
            assert_eq!(found(glued).as_deref(), Some("1234"), "{glued}");
        }
        let form = Regex::new("^[A-Z]{2}-[0-9]{4}$").unwrap();
        let of_form = code("order ab-1234 of 2026", Some(&form), false);
        assert_eq!(of_form.as_deref(), Some("AB-1234"));
    }

    #[test]
    fn what_nobody_said_does_not_stand_there() {
        let said = ["Wo bleibt die Bestellung a 1234 nach Köln?"];
        assert!(stands("A-1234", &said) && stands("Koln", &said));
        for invented in ["123", "12345", "Bonn", "", "-"] {
            assert!(!stands(invented, &said), "{invented}");
        }
        assert!(stands("上海", &["我要去上海"]) && stands("1234", &["订单1234在哪里"]));
        // A part of a code is another code.
        assert!(!stands("12", &["order 12-34"]) && !stands("34", &["order 12-34"]));
        assert!(number_stands(4.0, &["a table for four"], Language::En));
        assert!(number_stands(12.0, &["12 people"], Language::En));
        assert!(number_stands(1250.0, &["1.250 Stück"], Language::De));
        assert!(number_stands(2.5, &["2,5 kg"], Language::De));
        for (invented, said) in [
            (2.0, "12 people"),
            (12.5, "125 people"),
            (1.25, "125 people"),
            (-5.0, "5 degrees"),
        ] {
            assert!(
                !number_stands(invented, &[said], Language::En),
                "{invented}"
            );
        }
    }

    #[test]
    fn an_answer_that_asked_for_something_is_known() {
        let ask = phrases(Language::De)
            .tool_ask
            .replace("{}", "Bestellnummer");
        let history = [
            ChatMessage::new(Role::User, "Wo ist meine Bestellung?"),
            ChatMessage::new(Role::Assistant, ask),
        ];
        assert_eq!(asked(&history, "1234"), "Wo ist meine Bestellung?\n1234");
        assert_eq!(asked(&history[..1], "1234"), "1234");
    }
}
