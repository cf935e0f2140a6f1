//! Yes and no, the wish to stop, and a correction.

use super::tokens::{Phrases, Text};

/// What a text answers to a question for yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Yes,
    No,
    /// They do not know.
    Unsure,
    /// There is nothing to say: "none".
    Nothing,
}

/// Longest message in which a wish to stop is looked for, in words; a longer one tells of something else.
const LONGEST_STOP: usize = 16;
/// Longest text that is a yes or a no beside its first word.
const LONGEST_ANSWER: usize = 6;

/// The answer with which a text begins, or of which it consists.
pub fn answer(text: &Text<'_>) -> Option<Answer> {
    let words = text.words;
    if text.is_empty() {
        let yes = text.raw().contains(['👍', '✅', '👌']);
        let no = text.raw().contains(['👎', '❌']);
        return match (yes, no) {
            (true, false) => Some(Answer::Yes),
            (false, true) => Some(Answer::No),
            _ => None,
        };
    }
    if text.find(&words.unsure).is_some() && text.len() <= LONGEST_ANSWER + 2 {
        return Some(Answer::Unsure);
    }
    let lists = [
        (&words.no, Answer::No),
        (&words.yes, Answer::Yes),
        (&words.none, Answer::Nothing),
    ];
    let first = (0..text.tokens.len()).find(|at| {
        let is_filler = words.fillers.at(&text.tokens, *at).is_some();
        let is_said = lists
            .iter()
            .any(|(list, _)| list.at(&text.tokens, *at).is_some());
        let is_mark = text.token(*at).is_some_and(|token| !token.is_word());
        is_said || !(is_filler || is_mark)
    })?;
    let begins = lists
        .iter()
        .filter_map(|(list, answer)| Some((list.at(&text.tokens, first)?, *answer)))
        .max_by_key(|(count, _)| *count);
    match begins {
        // "Right now I have no time" begins with a yes and is none.
        Some((count, Answer::Yes)) => is_plain(text, first + count).then_some(Answer::Yes),
        Some((count, Answer::Nothing)) => {
            (text.len() <= count + LONGEST_ANSWER).then_some(Answer::Nothing)
        }
        Some((_, answer)) => Some(answer),
        None if text.len() <= LONGEST_ANSWER => {
            let says = |list: &Phrases| text.find(list).is_some();
            match (says(&words.no), says(&words.yes)) {
                (true, false) => Some(Answer::No),
                (false, true) => Some(Answer::Yes),
                _ => None,
            }
        }
        None => None,
    }
}

/// Whether what follows a yes does not take it back: a mark, the end, more of it, or a few words.
fn is_plain(text: &Text<'_>, end: usize) -> bool {
    let ends = text.token(end).is_none_or(|token| !token.is_word());
    let words = text.words;
    let goes_on = [&words.yes, &words.fillers]
        .iter()
        .any(|list| list.at(&text.tokens, end).is_some());
    let denies = text.find(&words.no).is_some() || text.find(&words.correction).is_some();
    (ends || goes_on || text.len() <= LONGEST_ANSWER) && !denies
}

/// Whether somebody wants to end what they began, in whatever words.
pub fn wants_to_stop(text: &Text<'_>) -> bool {
    let words = text.words;
    if words.stop_alone.is_whole(&text.tokens) {
        return true;
    }
    // "No, stop." and "Ok, cancel please": all else are fillers and a no.
    let others = (0..text.tokens.len()).find_map(|at| {
        words
            .stop_alone
            .at(&text.tokens, at)
            .map(|count| at..at + count)
    });
    if let Some(place) = others {
        let rest = (0..text.tokens.len()).filter(|at| !place.contains(at));
        let mut rest = rest.filter(|at| text.token(*at).is_some_and(|token| token.is_word()));
        if rest.all(|at| {
            words.fillers.at(&text.tokens, at).is_some() || words.no.at(&text.tokens, at).is_some()
        }) {
            return true;
        }
    }
    text.len() <= LONGEST_STOP && text.find(&words.stop).is_some()
}

/// Whether a text says that something said before is to be another.
pub fn corrects(text: &Text<'_>) -> bool {
    let words = text.words;
    let begins_with_no =
        (0..text.tokens.len().min(2)).any(|at| words.no.at(&text.tokens, at).is_some());
    begins_with_no || text.find(&words.correction).is_some()
}

/// Whether a text asks something.
pub fn is_question(text: &Text<'_>) -> bool {
    let asks = ['?', '？', '؟']
        .iter()
        .any(|mark| text.raw().contains(*mark));
    let begins = |at: usize| {
        let fillers = &text.words.fillers;
        let mut before = 0..at;
        text.words.asks.at(&text.tokens, at).is_some()
            && before.all(|place| {
                text.token(place).is_some_and(|token| !token.is_word())
                    || fillers.at(&text.tokens, place).is_some()
            })
    };
    asks || (text.len() > 2 && (0..text.tokens.len().min(3)).any(begins))
}

/// A question that stands in a text beside what was read of it.
pub fn question_beside<'a>(text: &Text<'a>) -> Option<&'a str> {
    let raw = text.raw();
    let mut start = 0;
    for (at, mark) in raw.match_indices(['.', '!', '?', '\n', '？', '؟']) {
        let end = at + mark.len();
        // The dot of a date or an abbreviation ends no sentence.
        let goes_on = raw
            .get(end..)
            .is_some_and(|rest| !rest.is_empty() && !rest.starts_with(char::is_whitespace));
        if goes_on && mark == "." {
            continue;
        }
        let inside =
            |token: &&super::tokens::Token| token.range.start >= start && token.range.end <= end;
        let tokens: Vec<_> = text.tokens.iter().filter(inside).collect();
        let words = tokens.iter().filter(|token| token.is_word()).count();
        let untouched = tokens
            .iter()
            .all(|token| token.kind != super::tokens::Kind::Taken);
        if ["?", "？", "؟"].contains(&mark) && untouched && words > 1 {
            return raw.get(start..end).map(str::trim);
        }
        start = end;
    }
    None
}
