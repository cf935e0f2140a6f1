//! What a model reads of a conversation: as little as possible. A slow machine reads 28 tokens of the usual model in a second and
//! writes 7, so greetings go, long turns are cut to what tells something, and what is still too long loses its dullest turns.

use crate::analysis::conversation::{Conversation, Who};
use crate::analysis::count::Counted;
use crate::language::sentences::sentences;

/// Tokens of conversation in one window: about half a minute of reading on a slow machine.
pub(crate) const WINDOW_TOKENS: usize = 900;
/// Turns that share a window when they fit.
const TURNS: usize = 60;
/// More windows take minutes; a longer conversation is thinned instead.
pub(crate) const MOST_WINDOWS: usize = 6;
/// Characters of one turn, from generous to meagre; the first that fits is taken.
const LENGTHS: [usize; 7] = [1200, 400, 240, 160, 110, 80, 60];

/// A part of the conversation as the model reads it: a line for each turn, with the number of the turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) text: String,
}

struct Line {
    turn: usize,
    who: Who,
    text: String,
    worth: u32,
}

/// Cuts a conversation into windows of at most `tokens` each.
pub(crate) fn windows(
    conversation: &Conversation,
    counted: &[Counted],
    tokens: usize,
) -> Vec<Window> {
    let count = counted.len().div_ceil(TURNS).clamp(1, MOST_WINDOWS);
    let whole = tokens.saturating_mul(count);
    let mut lines = Vec::new();
    for longest in LENGTHS {
        lines = lines_of(conversation, counted, longest);
        if size(&lines) <= whole {
            break;
        }
    }
    thin(&mut lines, whole);
    pack(&lines, tokens)
}

fn lines_of(conversation: &Conversation, counted: &[Counted], longest: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    for one in counted {
        let Some(turn) = conversation.turns.get(one.turn) else {
            continue;
        };
        if one.small_talk || one.words == 0 {
            continue;
        }
        lines.push(Line {
            turn: one.turn,
            who: turn.who,
            text: squeeze(&turn.text, longest),
            worth: worth(one),
        });
    }
    lines
}

/// How much a turn tells.
fn worth(one: &Counted) -> u32 {
    let signs = [
        (one.commitment, 4),
        (one.refusal, 4),
        (!one.objections.is_empty(), 4),
        (one.promise, 3),
        (one.price, 3),
        (one.amount, 1),
        (one.reachable, 3),
        (one.wants && one.by_customer, 2),
        (one.done, 2),
        (one.time, 2),
        (one.numbers, 1),
        (one.asks && one.by_customer, 1),
        (one.by_customer, 1),
    ];
    signs
        .into_iter()
        .map(|(holds, adds)| if holds { adds } else { 0 })
        .sum()
}

/// The sentences of a turn that tell something, as many as fit: those with a question or a number first.
fn squeeze(text: &str, longest: usize) -> String {
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if flat.chars().count() <= longest {
        return flat;
    }
    let ranges = sentences(&flat);
    let mut order: Vec<usize> = (0..ranges.len()).collect();
    let tells = |at: &usize| {
        let text = ranges.get(*at).and_then(|range| flat.get(range.clone()));
        text.is_some_and(|text| text.contains(|c: char| c.is_ascii_digit() || c == '?'))
    };
    order.sort_by_key(|at| (!tells(at), *at));
    let (mut left, mut chosen) = (longest, Vec::new());
    for at in order {
        let Some(sentence) = ranges.get(at).and_then(|range| flat.get(range.clone())) else {
            continue;
        };
        let length = sentence.chars().count() + 1;
        if length <= left {
            left -= length;
            chosen.push(at);
        }
    }
    if chosen.is_empty() {
        let cut: String = flat.chars().take(longest).collect();
        return format!("{}…", cut.trim_end());
    }
    chosen.sort_unstable();
    let kept = chosen
        .into_iter()
        .filter_map(|at| flat.get(ranges.get(at)?.clone()));
    kept.collect::<Vec<_>>().join(" ")
}

/// Drops the turns that tell least until the rest fits; of equal ones those in the middle.
fn thin(lines: &mut Vec<Line>, tokens: usize) {
    let middle = lines.len() / 2;
    let mut order: Vec<(u32, usize, usize)> = lines
        .iter()
        .enumerate()
        .map(|(at, line)| (line.worth, at.abs_diff(middle), at))
        .collect();
    order.sort_unstable();
    let mut over = size(lines).saturating_sub(tokens);
    let mut dropped = vec![false; lines.len()];
    for (_, _, at) in order {
        if over == 0 {
            break;
        }
        let (Some(line), Some(gone)) = (lines.get(at), dropped.get_mut(at)) else {
            continue;
        };
        over = over.saturating_sub(line.tokens());
        *gone = true;
    }
    let mut gone = dropped.into_iter();
    lines.retain(|_| !gone.next().unwrap_or(false));
}

impl Line {
    fn written(&self) -> String {
        // In words, since summaries take over how the sides are called.
        let who = match self.who.is_business() {
            true => "Staff",
            false => "Customer",
        };
        format!("{} {who}: {}", self.turn, self.text)
    }

    fn tokens(&self) -> usize {
        estimate_tokens(&self.text) + 4
    }
}

fn size(lines: &[Line]) -> usize {
    lines.iter().map(Line::tokens).sum()
}

fn pack(lines: &[Line], tokens: usize) -> Vec<Window> {
    let mut windows = Vec::new();
    let (mut text, mut used) = (String::new(), 0);
    for line in lines {
        let needs = line.tokens();
        if used + needs > tokens && !text.is_empty() {
            windows.push(Window {
                text: std::mem::take(&mut text),
            });
            used = 0;
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&line.written());
        used += needs;
    }
    if !text.is_empty() {
        windows.push(Window { text });
    }
    windows
}

/// About how many tokens a model makes of a text: four letters of English for each, two of other alphabets, one sign of
/// Chinese.
pub(crate) fn estimate_tokens(text: &str) -> usize {
    let quarters: usize = text
        .chars()
        .map(|c| match c {
            c if c.is_ascii() => 1,
            '\u{0080}'..='\u{2FFF}' => 2,
            _ => 4,
        })
        .sum();
    quarters.div_ceil(4) + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::conversation::turn;
    use crate::analysis::count::count;

    fn long(turns: usize) -> Conversation {
        let numbered = |at: usize| {
            let who = match at.is_multiple_of(2) {
                true => Who::Customer,
                false => Who::Staff,
            };
            let text = format!(
                "We talked about this and that for a while without saying very much about it. Then came number {at}, and what \
                 does it cost? After that there were many more words that tell nobody anything at all, as people do."
            );
            turn(who, &text)
        };
        Conversation {
            turns: (0..turns).map(numbered).collect(),
        }
    }

    fn cut(conversation: &Conversation) -> Vec<Window> {
        windows(conversation, &count(conversation), WINDOW_TOKENS)
    }

    #[test]
    fn sixty_messages_fit_one_window() {
        let all = cut(&long(60));
        assert_eq!(all.len(), 1);
        assert!(estimate_tokens(&all[0].text) <= WINDOW_TOKENS);
        assert!(all[0].text.contains("what does it cost?"));
    }

    #[test]
    fn a_very_long_one_has_no_more_than_the_most_windows() {
        let all = cut(&long(3000));
        assert!((2..=MOST_WINDOWS + 1).contains(&all.len()), "{}", all.len());
        for window in &all {
            assert!(estimate_tokens(&window.text) <= WINDOW_TOKENS + WINDOW_TOKENS / 10);
        }
    }

    #[test]
    fn turns_keep_their_numbers_and_greetings_go() {
        let conversation = Conversation::of(&[
            (Who::Customer, "Hello!"),
            (Who::Staff, "Good morning"),
            (Who::Customer, "I need a room"),
            (Who::Assistant, "For how many?"),
        ]);
        let all = cut(&conversation);
        assert_eq!(all.len(), 1);
        assert_eq!(
            all[0].text,
            "2 Customer: I need a room\n3 Staff: For how many?"
        );
    }

    #[test]
    fn the_telling_sentences_of_a_long_turn_stay() {
        let text = "Well, well, well, so it is. The room costs 120 euros. And that is all there is to be said about it.";
        assert_eq!(
            squeeze(text, 60),
            "Well, well, well, so it is. The room costs 120 euros."
        );
        assert_eq!(
            squeeze(&"x".repeat(100), 10),
            format!("{}…", "x".repeat(10))
        );
    }
}
