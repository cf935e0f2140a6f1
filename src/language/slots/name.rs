//! Finds the name that somebody gives of themselves.

use super::Read;
use super::tokens::Text;

/// Most words of a name.
const MOST: usize = 5;

/// The name in a text: behind "my name is", or all of a short text where it was `asked` for.
pub fn name(text: &Text<'_>, asked: bool) -> Option<Read<String>> {
    let words = text.words;
    let led = (0..text.tokens.len()).find_map(|at| {
        let count = words.name_is.at(&text.tokens, at)?;
        let start = at + count;
        let start = start + usize::from(text.is_mark(start, ':'));
        // "I am here because …" gives no name: its words begin with a capital letter, unless a machine wrote them down.
        let is_name =
            |at: usize| asked || text.token(at).is_some_and(|token| is_capital(text, token));
        let end = end_of(text, start);
        (end > start && is_name(start))
            .then_some(at..end)
            .map(|tokens| (start, tokens))
    });
    let (start, tokens) = match led {
        Some(found) => found,
        None if asked => {
            let start = skip_fillers(text);
            let end = end_of(text, start);
            let behind =
                (end..text.tokens.len()).any(|at| text.token(at).is_some_and(|t| t.is_word()));
            if behind && text.left() > MOST + 2 {
                return None;
            }
            (start, start..end)
        }
        None => return None,
    };
    let first = text.token(start)?.range.start;
    let last = text.token(tokens.end.checked_sub(1)?)?.range.end;
    let written = text.raw().get(first..last)?;
    let name = written.split_whitespace().collect::<Vec<_>>().join(" ");
    (tokens.end > start && name.chars().any(char::is_alphabetic))
        .then_some(Read { what: name, tokens })
}

fn is_capital(text: &Text<'_>, token: &super::tokens::Token) -> bool {
    let written = text.raw().get(token.range.clone()).unwrap_or_default();
    token.is_word() && written.starts_with(char::is_uppercase)
}

fn skip_fillers(text: &Text<'_>) -> usize {
    let is_filler = |at: &usize| {
        let list = &text.words.fillers;
        let mark = text.token(*at).is_some_and(|token| !token.is_word());
        mark || list.at(&text.tokens, *at).is_some()
    };
    let places = 0..text.tokens.len();
    let skipped = places.take_while(is_filler).count();
    // A name of nothing but such words stays one.
    if skipped == text.tokens.len() {
        0
    } else {
        skipped
    }
}

/// Where a name ends that begins at a token: before a mark, a word that goes on, or a number.
fn end_of(text: &Text<'_>, start: usize) -> usize {
    let mut end = start;
    while let Some(token) = text.token(end) {
        let joins = token.is_mark('-')
            || (token.is_mark('.')
                && end > start
                && text.token(end + 1).is_some_and(|t| t.is_word())
                && text
                    .token(end.saturating_sub(1))
                    .is_some_and(|t| t.text.len() <= 2));
        let is_word = token.is_word() && text.words.name_ends.at(&text.tokens, end).is_none();
        if !(is_word || joins) || end - start >= MOST * 2 {
            break;
        }
        end += 1;
    }
    let words = (start..end).filter(|at| text.token(*at).is_some_and(|token| token.is_word()));
    match words.count() {
        0..=MOST => end,
        _ => start,
    }
}
