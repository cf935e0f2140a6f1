//! What a message says of its sender: e-mail address, telephone number and name, in any language of the front desk.

use std::sync::LazyLock;

use serde::Deserialize;

use super::phone::digit;
use super::{parse_email, parse_phone};
use crate::language::data;

/// What was found in a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InText {
    /// In lower case.
    pub email: Option<String>,
    /// As E.164.
    pub phone: Option<String>,
    /// A guess.
    pub name: Option<String>,
}

/// Longer messages are not searched, in bytes.
const LONGEST: usize = 4000;
/// Words of a name, and its characters.
const MOST_WORDS: usize = 4;
const LONGEST_NAME: usize = 80;
/// Without spaces nothing else tells where a name ends.
const LONGEST_IDEOGRAPHS: usize = 6;
/// Digits of what may be a telephone number.
const DIGITS: std::ops::RangeInclusive<usize> = 6..=18;

/// Finds how the sender of a message may be reached. `country` is the ISO 3166 code of the country that a number without
/// country code is meant in.
pub fn from_text(message: &str, country: Option<&str>) -> InText {
    if message.len() > LONGEST {
        return InText::default();
    }
    let (email, rest) = take_email(message);
    let (phone, rest) = take_phone(&rest, country);
    InText {
        email,
        phone,
        name: find_name(&rest),
    }
}

/// Stands where an address or a number was taken out: it ends a name.
const GAP: &str = "\n";

/// The first address, and the message without it. Only letters of ASCII count around the `@`, as Chinese has no spaces that
/// would part an address from the words beside it.
fn take_email(message: &str) -> (Option<String>, String) {
    let of_name = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+/=?^_`{|}~-.".contains(c);
    let of_host = |c: char| c.is_ascii_alphanumeric() || "-.".contains(c);
    for (at, _) in message.match_indices('@') {
        let (before, after) = (
            message.get(..at).unwrap_or_default(),
            message.get(at + 1..).unwrap_or_default(),
        );
        let from = before.trim_end_matches(of_name).len();
        let to = after.len() - after.trim_start_matches(of_host).len();
        let name = before.get(from..).unwrap_or_default();
        let host = after.get(..to).unwrap_or_default();
        // A full stop or a quote beside it belongs to the sentence.
        let name = name.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
        let host = host.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        let Ok(email) = parse_email(&format!("{name}@{host}")) else {
            continue;
        };
        let start = at - name.len();
        let end = at + 1 + host.len();
        return (Some(email), without(message, start, end));
    }
    (None, message.to_owned())
}

fn without(message: &str, from: usize, to: usize) -> String {
    let (before, after) = (message.get(..from), message.get(to..));
    [before.unwrap_or_default(), after.unwrap_or_default()].join(GAP)
}

/// The first number, and the message without it. One with country code comes before one without.
fn take_phone(message: &str, country: Option<&str>) -> (Option<String>, String) {
    let spans = number_spans(message);
    let read = |&(from, to): &(usize, usize)| {
        let text = message.get(from..to)?;
        if is_date(text) {
            return None;
        }
        Some((parse_phone(text, country).ok()?, from, to))
    };
    let is_international = |(from, to): &&(usize, usize)| {
        let text = message.get(*from..*to).unwrap_or_default();
        text.starts_with(['+', '\u{ff0b}']) || text.starts_with("00")
    };
    let found = spans
        .iter()
        .filter(is_international)
        .find_map(read)
        .or_else(|| spans.iter().find_map(read));
    match found {
        Some((number, from, to)) => (Some(number), without(message, from, to)),
        None => (None, message.to_owned()),
    }
}

/// Where digits stand together with what people write between them.
fn number_spans(message: &str) -> Vec<(usize, usize)> {
    const BETWEEN: &str = " \u{a0}\u{202f}-\u{2010}\u{2011}\u{2013}()/.";
    let mut spans = Vec::new();
    let mut open: Option<Span> = None;
    for (at, c) in message.char_indices() {
        let end = at + c.len_utf8();
        if digit(c).is_some() {
            let span = open.get_or_insert(Span::at(at));
            span.digits += 1;
            span.to = end;
        } else if "+\u{ff0b}(".contains(c)
            && open
                .as_ref()
                .is_none_or(|span| c != '(' || span.digits == 0)
        {
            // A plus sign begins another number.
            spans.extend(open.take().and_then(Span::close));
            open = Some(Span::at(at));
        } else if !BETWEEN.contains(c) {
            spans.extend(open.take().and_then(Span::close));
        }
    }
    spans.extend(open.and_then(Span::close));
    spans
}

struct Span {
    from: usize,
    to: usize,
    digits: usize,
}

impl Span {
    fn at(from: usize) -> Self {
        Self {
            from,
            to: from,
            digits: 0,
        }
    }

    fn close(self) -> Option<(usize, usize)> {
        DIGITS
            .contains(&self.digits)
            .then_some((self.from, self.to))
    }
}

/// Whether digits are a day, such as 2026-12-24 or 24.12.2026.
fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split(['-', '.', '/']).collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.trim().len()).collect();
    let numbers = parts
        .iter()
        .all(|part| part.trim().chars().all(|c| c.is_ascii_digit()));
    numbers
        && matches!(
            lengths.as_slice(),
            [4, 1 | 2, 1 | 2] | [1 | 2, 1 | 2, 2 | 4]
        )
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    cues: &'static str,
    may_be_cues: &'static str,
    particles: data::WordSet,
    others: data::WordSet,
}

static FILE: &str = include_str!("names.toml");
static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let file: File = data::read(FILE);
    let split = |text: &'static str, sure: bool| {
        let all = text.split('|').map(str::trim);
        all.filter(|cue| !cue.is_empty())
            .map(move |cue| (cue, sure))
    };
    let mut cues: Vec<_> = split(file.cues, true)
        .chain(split(file.may_be_cues, false))
        .collect();
    // "my name is" before "name".
    cues.sort_by_key(|(cue, _)| std::cmp::Reverse(cue.chars().count()));
    Words {
        cues,
        particles: file.particles,
        others: file.others,
    }
});

struct Words {
    /// With whether nothing but a name follows.
    cues: Vec<(&'static str, bool)>,
    particles: data::WordSet,
    others: data::WordSet,
}

/// The name in what is left of a message: what follows "my name is", or a part that consists of words with capital letters.
fn find_name(rest: &str) -> Option<String> {
    let ends = |c: char| ",;:.!?()[]<>|/\n。，、；：！？،؛".contains(c);
    let clauses: Vec<&str> = rest
        .split(ends)
        .map(str::trim)
        .filter(|clause| !clause.is_empty())
        .collect();
    let told = clauses.iter().enumerate().find_map(|(at, clause)| {
        let (after, sure) = after_cue(clause)?;
        // "Name: Ann Smith"
        let after = match after.is_empty() {
            true => *clauses.get(at + 1)?,
            false => after,
        };
        Some(leading_name(after, sure)?.0)
    });
    let alone = |clause: &&str| {
        let (name, rest) = leading_name(clause, false)?;
        let spaced = name.chars().any(char::is_uppercase);
        (rest == 0 && spaced).then_some(name)
    };
    told.or_else(|| clauses.iter().find_map(alone))
}

/// What stands behind the first cue of a clause, and whether it can only be a name.
fn after_cue(clause: &str) -> Option<(&str, bool)> {
    let lower = clause.to_lowercase();
    if lower.len() != clause.len() {
        return None;
    }
    let (end, sure) = WORDS.cues.iter().find_map(|(cue, sure)| {
        let at = lower.find(cue)?;
        let end = at + cue.len();
        let before = lower.get(..at)?.chars().next_back();
        let after = lower.get(end..)?.chars().next();
        // In Chinese a name follows without a space.
        let spaced = !cue.chars().any(is_ideograph);
        let alone = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
        (!spaced || (alone(before) && alone(after))).then_some((end, *sure))
    })?;
    Some((clause.get(end..)?.trim(), sure))
}

/// Whether a character is of the scripts that write without spaces.
fn is_ideograph(c: char) -> bool {
    ('\u{2e80}'..='\u{9fff}').contains(&c)
}

/// The words at the beginning of a text that are a name, and how many words follow. Names in small letters count only if they
/// are `sure`.
fn leading_name(text: &str, sure: bool) -> Option<(String, usize)> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let letters = |word: &str| word.chars().all(|c| c.is_alphabetic() || "'’-".contains(c));
    let is_small = |word: &str| word.chars().next().is_some_and(char::is_lowercase);
    let mut name: Vec<&str> = Vec::new();
    for word in words.iter().take(MOST_WORDS) {
        let lower = word.to_lowercase();
        let particle = !name.is_empty() && WORDS.particles.contains(&lower);
        let fits = sure && name.len() < 2 && name.iter().all(|word| is_small(word));
        if !letters(word)
            || (WORDS.others.contains(&lower) && !particle)
            || (is_small(word) && !particle && !fits)
        {
            break;
        }
        name.push(word);
    }
    // "Ann de" ends before its particle.
    while name.len() > 1
        && name
            .last()
            .is_some_and(|word| is_small(word) && WORDS.particles.contains(word))
    {
        name.pop();
    }
    let rest = words.len() - name.len();
    let name = name.join(" ");
    let longest = match name.chars().any(is_ideograph) {
        true => LONGEST_IDEOGRAPHS,
        false => LONGEST_NAME,
    };
    (1..=longest)
        .contains(&name.chars().count())
        .then_some((name, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_lists_are_sound() {
        data::check::<File>(FILE);
        assert!(WORDS.cues.len() > 40, "{}", WORDS.cues.len());
    }

    #[test]
    fn a_message_in_any_language_tells_how_to_reach_its_sender() {
        let e = Some("anna@example.com");
        for (message, country, name, email, phone) in [
            (
                "Anna Smith, 207 555 0199",
                "US",
                Some("Anna Smith"),
                None,
                Some("+12075550199"),
            ),
            ("anna@example.com", "US", None, e, None),
            (
                "My name is Anna, write to Anna@Example.com.",
                "US",
                Some("Anna"),
                e,
                None,
            ),
            (
                "Hi, it's me. Call me at (207) 555-0199, thanks!",
                "US",
                None,
                None,
                Some("+12075550199"),
            ),
            (
                "Ich heiße Anna Müller und meine Nummer ist 0170 1234567",
                "DE",
                Some("Anna Müller"),
                None,
                Some("+491701234567"),
            ),
            (
                "Je m'appelle Anna Dupont, tél. 06 12 34 56 78",
                "FR",
                Some("Anna Dupont"),
                None,
                Some("+33612345678"),
            ),
            (
                "Me llamo Ana, mi correo es anna@example.com",
                "ES",
                Some("Ana"),
                e,
                None,
            ),
            (
                "Sono Anna Rossi, cellulare 347 1234567",
                "IT",
                Some("Anna Rossi"),
                None,
                Some("+393471234567"),
            ),
            (
                "Meu nome é Ana Souza, celular (11) 91234-5678",
                "BR",
                Some("Ana Souza"),
                None,
                Some("+5511912345678"),
            ),
            (
                "Ik heet Anna de Vries, bel 06 12345678",
                "NL",
                Some("Anna de Vries"),
                None,
                Some("+31612345678"),
            ),
            (
                "Nazywam się Anna Nowak, telefon 512 345 678",
                "PL",
                Some("Anna Nowak"),
                None,
                Some("+48512345678"),
            ),
            (
                "Benim adım Ayşe, telefonum 0532 123 45 67",
                "TR",
                Some("Ayşe"),
                None,
                Some("+905321234567"),
            ),
            (
                "Меня зовут Анна, телефон 8 916 123-45-67",
                "RU",
                Some("Анна"),
                None,
                Some("+79161234567"),
            ),
            (
                "اسمي فاطمة، ورقم هاتفي ٠١٠٠١٢٣٤٥٦٧",
                "EG",
                Some("فاطمة"),
                None,
                Some("+201001234567"),
            ),
            (
                "我叫王芳，我的邮箱是anna@example.com谢谢",
                "CN",
                Some("王芳"),
                e,
                None,
            ),
            (
                "i am interested, my name is anna smith and my mail is anna@example.com",
                "US",
                Some("anna smith"),
                e,
                None,
            ),
            (
                "Anna +49 30 123456 or anna@example.com",
                "US",
                Some("Anna"),
                e,
                Some("+4930123456"),
            ),
        ] {
            let found = from_text(message, Some(country));
            let seen = (
                found.name.as_deref(),
                found.email.as_deref(),
                found.phone.as_deref(),
            );
            assert_eq!(seen, (name, email, phone), "{message}");
        }
    }

    #[test]
    fn dates_prices_and_sums_are_no_numbers() {
        for message in [
            "Can I come on 2026-12-24?",
            "On 24.12.2026 at 15.30",
            "Order 12345",
            "It cost 1,450.00 dollars",
            "call me maybe",
            "user@localhost",
            "@everyone",
            "",
        ] {
            let found = from_text(message, Some("DE"));
            assert_eq!((found.email, found.phone), (None, None), "{message}");
        }
        let long = "a@b.example ".repeat(1000);
        assert_eq!(from_text(&long, None), InText::default());
    }
}
