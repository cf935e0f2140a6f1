//! What somebody said that they will do, and until when.

use crate::analysis::conversation::{Conversation, Turn};
use crate::analysis::count::{Counted, language_of, said_at, sentence_at};
use crate::analysis::types::{Promise, Quote, Side};
use crate::analysis::words::{signals, words_of};
use crate::hours;

/// More are not listed; the latest count.
const MOST: usize = 12;

/// The promises that counted phrases show, in order.
pub(crate) fn promises(conversation: &Conversation, counted: &[Counted]) -> Vec<Promise> {
    let mut found = Vec::new();
    for one in counted.iter().filter(|one| one.promise) {
        let Some(turn) = conversation.turns.get(one.turn) else {
            continue;
        };
        let hits = signals().promise.all(&words_of(&turn.text));
        let mut before = String::new();
        for hit in hits {
            let sentence = sentence_at(&turn.text, hit.bytes.start);
            // "Will you …?" asks; it promises nothing.
            if sentence.ends_with(['?', '？']) || sentence == before {
                continue;
            }
            before.clone_from(&sentence);
            let quote = Quote {
                text: sentence,
                turn: one.turn,
            };
            found.push(promise(turn, quote));
        }
    }
    last(found)
}

/// Adds promises that a model found, whose quotes were verified; one that is known already is not added.
pub(crate) fn add(
    conversation: &Conversation,
    known: Vec<Promise>,
    quotes: Vec<Quote>,
) -> Vec<Promise> {
    let mut all = known;
    for quote in quotes {
        let is_known = all.iter().any(|one| {
            one.quote.turn == quote.turn
                && (one.quote.text.contains(&quote.text) || quote.text.contains(&one.quote.text))
        });
        if let Some(turn) = conversation.turns.get(quote.turn)
            && !is_known
            && !quote.text.ends_with(['?', '？'])
        {
            all.push(promise(turn, quote));
        }
    }
    all.sort_by_key(|one| one.quote.turn);
    last(all)
}

fn last(mut all: Vec<Promise>) -> Vec<Promise> {
    all.drain(..all.len().saturating_sub(MOST));
    all
}

fn promise(turn: &Turn, quote: Quote) -> Promise {
    Promise {
        by: match turn.who.is_business() {
            true => Side::Business,
            false => Side::Customer,
        },
        name: turn.name.clone(),
        what: quote.text.clone(),
        until: until(turn, &quote.text),
        quote,
    }
}

/// The day that a sentence names, if it is known when it was said.
fn until(turn: &Turn, sentence: &str) -> Option<String> {
    turn.at?;
    let mentions = hours::mentions(sentence, language_of(&turn.text), &said_at(turn));
    let dates = mentions.iter().filter_map(|one| one.until.or(one.date));
    dates.max().map(|date| date.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::conversation::Who;
    use crate::analysis::count::count;

    fn said(who: Who, at: Option<i64>, text: &str) -> Conversation {
        Conversation {
            turns: vec![Turn {
                who,
                name: Some("Ann".into()),
                at,
                text: text.to_owned(),
            }],
        }
    }

    fn found(conversation: &Conversation) -> Vec<Promise> {
        promises(conversation, &count(conversation))
    }

    #[test]
    fn a_promise_has_its_day() {
        // Wednesday, 2 December 2026.
        let at = 1_796_204_000_000;
        let one = found(&said(
            Who::Staff,
            Some(at),
            "Fine. I will send you the offer on Friday. Bye!",
        ));
        assert_eq!(one.len(), 1);
        assert_eq!(one[0].what, "I will send you the offer on Friday.");
        assert_eq!(one[0].by, Side::Business);
        assert_eq!(one[0].until.as_deref(), Some("2026-12-04"));
        let unknown = found(&said(
            Who::Staff,
            None,
            "I will send you the offer on Friday.",
        ));
        assert_eq!(unknown[0].until, None);
    }

    #[test]
    fn a_question_is_no_promise() {
        assert!(
            found(&said(
                Who::Customer,
                None,
                "What will I get if I'll pay now?"
            ))
            .is_empty()
        );
    }

    #[test]
    fn what_is_known_is_not_added_twice() {
        let conversation = said(
            Who::Staff,
            None,
            "I will call you tomorrow. We bring the papers along.",
        );
        let known = found(&conversation);
        let quote = |text: &str| Quote {
            text: text.to_owned(),
            turn: 0,
        };
        let quotes = vec![
            quote("call you tomorrow"),
            quote("We bring the papers along."),
        ];
        let all = add(&conversation, known, quotes);
        assert_eq!(all.len(), 2);
    }
}
