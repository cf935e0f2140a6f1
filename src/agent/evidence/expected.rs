//! What kind of thing a question asks for, and whether a place holds one: a price, a time, a duration,
//! a count, a phone number. A place without one cannot answer, however well its words fit.

use std::sync::LazyLock;

use regex::Regex;

/// A kind of answer: how a question asks for it, and what it looks like.
struct Kind {
    asked: &'static str,
    looks: &'static str,
}

/// English; questions in other languages are put into plain English before they come here.
const KINDS: [Kind; 7] = [
    Kind {
        asked: r"\bhow much (is|are|for|to|would|will|does|do|did|can)\b|\bhow much\W*$|\b(price|prices|cost|costs|fee|fees|charge for)\b|\bwhat (do|does|will|would|is) .{0,40}\b(charge|cost|run me|pay)\b|\bpay for\b",
        looks: r"[$€£¥]\s?\d|\d\s?([$€£]|usd|eur|gbp|chf|dollars?|euros?|cents)\b|\b(fee|price|cost|rate|yearly|monthly)[^|·:]{0,20}:\s*\d|\bfree\b|\b(no|without) (extra )?charge\b|\d\s?(%|percent)|\bincluded\b",
    },
    Kind {
        asked: r"\bhow many\b|\bhow old\b|\b(youngest|oldest|minimum|maximum) age\b|\bwhat percent",
        looks: r"\d|\b(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|hundred|thousand|million|half|no|none|several|both)\b",
    },
    Kind {
        asked: r"\bhow long (does|do|did|is|are|was|were|will|before|after|until|till|can|should|must|have)\b",
        looks: r"(\d|\b(a|an|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|several|few|half)\b)[^.|]{0,20}\b(seconds?|minutes?|hours?|days?|weeks?|months?|years?|decades?|centur(y|ies))\b|\bsame day\b|\buntil\b|\bsince\b|\d{4}",
    },
    Kind {
        asked: r"\b(phone|telephone|fax) ?(number|no\b|nr\b)|\bnumber (of|for)\b.*\b(phone|call)|\bwhat number\b",
        looks: r"\d{3}[\s).\-/]+\d{2,4}|\+\d",
    },
    Kind {
        asked: r"\be-?mail address\b|\bwhich e-?mail\b|\bwhat(’s|'s| is) .{0,30}e-?mail\b",
        looks: r"@",
    },
    Kind {
        asked: r"\bwhat time\b|\bwhen .{0,40}\b(open|close|closes|opens)\b|\bopening hours\b|\bbusiness hours\b",
        looks: r"\d\s?(am|pm|a\.m|p\.m|uhr|h\b)|\d:\d\d|\bnoon\b|\bmidnight\b|\bopen \d|\bclosed?\b|24/7|\b\d{1,2} to \d|\b(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)( thirty)? ?(to|till|until|–|-) ?(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b|o'clock\b",
    },
    Kind {
        asked: r"^\W*(and )?when (is|was|did|do|does|will|are|were|can)\b|\bwhat (year|date|day)\b|\bin (which|what) year\b",
        looks: r"\d|\b(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|noon|midnight|weekdays?|weekends?)\b|\b(mon|tues|wednes|thurs|fri|satur|sun|week)days?\b|\bweekends?\b|\b(january|february|march|april|may|june|july|august|september|october|november|december)\b|\b(after|before|until|once|every|daily|annually|century|today|tomorrow|now|during|when)\b",
    },
];

static COMPILED: LazyLock<Vec<(Regex, Regex)>> = LazyLock::new(|| {
    KINDS
        .iter()
        .filter_map(|kind| {
            let asked = Regex::new(&format!("(?i){}", kind.asked)).ok()?;
            let looks = Regex::new(&format!("(?i){}", kind.looks)).ok()?;
            Some((asked, looks))
        })
        .collect()
});

/// Whether a text holds every kind of thing that a question asks for.
pub(super) fn holds(question: &str, text: &str) -> bool {
    let question = question.replace('’', "'");
    COMPILED
        .iter()
        .filter(|(asked, _)| asked.is_match(&question))
        .all(|(_, looks)| looks.is_match(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_patterns_compile() {
        assert_eq!(COMPILED.len(), KINDS.len());
    }

    #[test]
    fn a_place_must_hold_what_is_asked_for() {
        for (question, text, expected) in [
            ("How much is a crown?", "Crown · Standard fee: $1450", true),
            ("How much is a crown?", "Crowns are made in Maine.", false),
            ("price for a bridge?", "Bridges: guarantee 5 years", false),
            ("How much is parking?", "Parking is free.", true),
            (
                "How many dentists work here?",
                "Dr. Fox is our dentist.",
                false,
            ),
            (
                "How many dentists work here?",
                "Three dentists work here.",
                true,
            ),
            (
                "How long does it take?",
                "It takes 10 to 12 working days.",
                true,
            ),
            ("How long does it take?", "Ask your hygienist.", false),
            (
                "can you give me the phone number of the surgeon",
                "We refer to a surgeon.",
                false,
            ),
            (
                "What time do you close on Friday?",
                "Friday: 8:00 am – 2:00 pm",
                true,
            ),
            (
                "When are you open on weekdays?",
                "We are open from nine to five on weekdays.",
                true,
            ),
            (
                "When does the garage close?",
                "Use the garage at Pearl Street.",
                false,
            ),
            ("When was it founded?", "It was founded in 1885.", true),
            (
                "When does the ferry leave?",
                "The ferry leaves at eight.",
                true,
            ),
            ("Who founded it?", "Nobody knows.", true),
            ("Do you take cards?", "We take Visa.", true),
        ] {
            assert_eq!(holds(question, text), expected, "{question} / {text}");
        }
    }
}
