//! Features of a text's words and characters, beside its vector. Must match `models/orders/features.py`.

use std::collections::HashMap;

const ADDRESSES: [&str; 8] = [
    "http://", "https://", "www.", ".com", ".net", ".org", ".info", ".example",
];
const SIGNS: &str = "<>{}[]#*|/\\=_`";
const QUOTES: &str = "\"“„«「";

/// Lists of word prefixes; an entry with `$` is a whole word.
pub(super) struct Words {
    lists: usize,
    whole: HashMap<String, Vec<usize>>,
    begin: HashMap<String, Vec<usize>>,
    /// Longest prefix, in characters.
    longest: usize,
}

impl Words {
    /// Each list is words separated by spaces.
    pub(super) fn new(lists: &[String]) -> Self {
        let mut words = Self {
            lists: lists.len(),
            whole: HashMap::new(),
            begin: HashMap::new(),
            longest: 0,
        };
        for (at, word) in lists
            .iter()
            .enumerate()
            .flat_map(|(at, list)| list.split_whitespace().map(move |word| (at, word)))
        {
            let (table, word) = match word.strip_suffix('$') {
                Some(whole) => (&mut words.whole, whole),
                None => (&mut words.begin, word),
            };
            let of = table.entry(word.to_owned()).or_default();
            if !of.contains(&at) {
                of.push(at);
            }
        }
        let longest = words.begin.keys().map(|w| w.chars().count()).max();
        words.longest = longest.unwrap_or(0);
        words
    }

    /// For each list, whether the text has one of its words and whether it has several; then eight other
    /// features.
    pub(super) fn of(&self, text: &str) -> Vec<f32> {
        let lower = text.to_lowercase().replace('’', "'");
        let (counts, total) = self.count(&lower);
        let yes = |is: bool| f32::from(u8::from(is));
        let mut out: Vec<f32> = counts
            .iter()
            .flat_map(|&count| [yes(count > 0), yes(count > 1)])
            .collect();
        let tokens: Vec<&str> = text.split_whitespace().collect();
        let count = |is: fn(&str) -> bool| tokens.iter().filter(|t| is(t)).count();
        let mail = |token: &&str| {
            token
                .split_once('@')
                .is_some_and(|(_, host)| host.contains('.'))
        };
        let signs = text.chars().filter(|c| SIGNS.contains(*c)).count();
        out.extend([
            share(10 * signs, text.chars().count().max(1)),
            share(count(is_capital), 4),
            yes(count(has_digit_inside) > 1),
            yes(count(is_long) > 0),
            yes(count(is_letter) > 8),
            yes(tokens.iter().any(mail) || ADDRESSES.iter().any(|a| lower.contains(a))),
            yes(text.contains(|c| QUOTES.contains(c))),
            share(total, 40),
        ]);
        out
    }

    /// The number of words from each list, and of all words.
    fn count(&self, lower: &str) -> (Vec<usize>, usize) {
        let mut counts = vec![0; self.lists];
        let mut total = 0;
        let runs = lower.split(|c: char| !c.is_alphanumeric() && c != '\'');
        for word in runs
            .map(|w| w.trim_start_matches('\''))
            .filter(|w| !w.is_empty())
        {
            total += 1;
            let ends = word.char_indices().map(|(at, c)| at + c.len_utf8());
            let mut found: Vec<usize> = ends
                .take(self.longest)
                .filter_map(|end| self.begin.get(word.get(..end)?))
                .chain(self.whole.get(word))
                .flatten()
                .copied()
                .collect();
            found.sort_unstable();
            found.dedup();
            for list in found {
                if let Some(count) = counts.get_mut(list) {
                    *count += 1;
                }
            }
        }
        (counts, total)
    }
}

/// `part / whole`, at most 1.
#[expect(clippy::cast_precision_loss, reason = "words and signs of a paragraph")]
fn share(part: usize, whole: usize) -> f32 {
    (part as f32 / whole as f32).min(1.0)
}

fn is_capital(token: &str) -> bool {
    token.chars().nth(2).is_some()
        && token.chars().any(char::is_uppercase)
        && !token.chars().any(char::is_lowercase)
}

fn is_long(token: &str) -> bool {
    token.chars().nth(24).is_some() && !token.contains(['.', '/'])
}

fn is_letter(token: &str) -> bool {
    let mut chars = token.chars();
    chars.next().is_some_and(char::is_alphabetic) && chars.next().is_none()
}

/// A digit between letters: `instruct10ns`.
fn has_digit_inside(token: &str) -> bool {
    let (mut letter, mut digit) = (false, false);
    for c in token.chars() {
        if c.is_alphabetic() {
            if letter && digit {
                return true;
            }
            (letter, digit) = (true, false);
        } else if c.is_ascii_digit() && letter {
            digit = true;
        } else {
            (letter, digit) = (false, false);
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_lists_and_signs_are_counted() {
        let lists = ["assist bot$", "say$ tell"].map(str::to_owned);
        let words = Words::new(&lists);
        let figures = words.of("Assistants and bots: tell, telling, saying <b>");
        assert_eq!(figures.len(), 2 * lists.len() + 8);
        assert_eq!(figures.get(..4), Some(&[1.0, 0.0, 1.0, 1.0][..]));
        assert!(figures.get(4).is_some_and(|signs| *signs > 0.4));
        let address = |text: &str| words.of(text).get(9).copied();
        assert_eq!(address("write to a@b.example"), Some(1.0));
        assert_eq!(address("write to us"), Some(0.0));
        assert!(
            has_digit_inside("instruct10ns")
                && !has_digit_inside("10b")
                && !has_digit_inside("b10")
        );
    }
}
