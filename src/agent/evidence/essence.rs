//! Shortens a long message for the reader, which reads about sixty tokens of a question, while people tell
//! a story first.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use crate::language::sentences::sentences;

/// Words that are sure to fit the reader's limit.
const MOST_WORDS: usize = 45;

/// Returns a short message as it is; otherwise its last question with as many sentences before it as fit, or
/// its beginning if it has no question.
pub(super) fn essence(message: &str) -> &str {
    let words = |range: &Range<usize>| {
        let text = message.get(range.clone()).unwrap_or_default();
        text.unicode_words().count()
    };
    if words(&(0..message.len())) <= MOST_WORDS {
        return message;
    }
    let units = sentences(message);
    let asks = |unit: &Range<usize>| {
        let text = message.get(unit.clone()).unwrap_or_default().trim_end();
        text.ends_with(['?', '？', '؟'])
    };
    let Some(last) = units.iter().rposition(asks) else {
        let end = message.unicode_word_indices().nth(MOST_WORDS);
        return message
            .get(..end.map_or(message.len(), |(at, _)| at))
            .unwrap_or(message);
    };
    let mut first = last;
    let mut room = MOST_WORDS.saturating_sub(units.get(last).map_or(0, &words));
    while let Some(before) = first.checked_sub(1)
        && let Some(size) = units.get(before).map(&words).filter(|size| *size <= room)
    {
        room -= size;
        first = before;
    }
    let start = units.get(first).map_or(0, |unit| unit.start);
    let end = units.get(last).map_or(message.len(), |unit| unit.end);
    message.get(start..end).unwrap_or(message).trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_story_is_cut_to_its_question() {
        let story =
            "We came to the lake with the whole family last summer and it rained all week. "
                .repeat(6);
        let asked = format!(
            "{story}This year we bring a dog. What does a cabin with a dog cost? Thanks a lot!"
        );
        let short = essence(&asked);
        assert!(
            short.ends_with("This year we bring a dog. What does a cabin with a dog cost?"),
            "{short}"
        );
        assert!(short.unicode_words().count() <= MOST_WORDS);
        assert_eq!(essence("Do you take dogs?"), "Do you take dogs?");
        assert_eq!(essence(&story).unicode_words().count(), MOST_WORDS);
        assert_eq!(essence(""), "");
    }
}
