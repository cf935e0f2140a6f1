//! Finds the last day to cancel or change a booking: "by when must I cancel for 12 June", where the document
//! says "7 days before arrival". Only for languages in the pattern below, and only for whole days.

use std::sync::LazyLock;

use jiff::ToSpan;
use jiff::civil::Date;
use regex::Regex;

use super::{LISTS, MathQuestion, says, words};
use crate::agent::rungs::Wording;
use crate::hours::mentions;
use crate::language::data::WordSet;

/// A number, its unit, and directly after it a word for "before".
static AHEAD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)(\d{1,3})\s+(days?|weeks?|hours?|hrs?|tage?n?|wochen?|stunden?|días?|semanas?|horas?|jours?|semaines?|heures?|giorni|giorno|settiman[ae]|or[ae])\s+(?:before|prior|beforehand|vor|vorher|zuvor|antes|avant|prima)\b",
    )
    .ok()
});

/// Whether a question asks for the last day to cancel or change something.
pub(super) fn asks(question: &str) -> bool {
    let said = words(question);
    says(&said, &LISTS.until.until)
        && says(&said, &LISTS.until.undo)
        && !says(&said, &LISTS.until.booked)
}

/// "Saturday, 12 June − 7 days = Saturday, 5 June"
pub(super) fn find_last_day(asked: &MathQuestion<'_>, quotation: &str) -> Option<String> {
    let now = asked.now.filter(|_| asks(asked.question))?;
    let mentions = mentions(asked.question, asked.language.code(), now);
    let [day] = mentions.as_slice() else {
        return None;
    };
    if day.until.is_some() || day.recurring || day.time.is_some() {
        return None;
    }
    let date = day.date?;
    // "12 to 15 June": the number outside the date makes it ambiguous.
    let other = |at: usize, c: char| c.is_ascii_digit() && !day.range.contains(&at);
    if asked.question.char_indices().any(|(at, c)| other(at, c)) {
        return None;
    }
    // A second number may be a condition of its own.
    if quotation
        .split(|c: char| !c.is_ascii_digit())
        .filter(|n| !n.is_empty())
        .count()
        != 1
    {
        return None;
    }
    let found = AHEAD.as_ref()?.captures(quotation)?;
    let (count, unit) = (found.get(1)?.as_str(), found.get(2)?.as_str());
    let before = subtract(date, count.parse().ok()?, unit)?;
    let wording = Wording {
        language: asked.language.code(),
        twelve: false,
        year: now.year(),
    };
    let (date, before) = (wording.date(date), wording.date(before));
    Some(format!("{date} − {count} {unit} = {before}"))
}

fn subtract(day: Date, count: i64, unit: &str) -> Option<Date> {
    let unit = unit.to_lowercase();
    let is = |begins: &WordSet| begins.iter().any(|b| unit.starts_with(b));
    let span = if is(&LISTS.until.weeks) {
        count.weeks()
    } else if is(&LISTS.until.days) {
        count.days()
    } else if count % 24 == 0 {
        (count / 24).days()
    } else {
        return None;
    };
    day.checked_sub(span).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::computed::tests::asked;

    #[test]
    fn the_last_day_is_reckoned() {
        for (question, rule, expected) in [
            (
                "We arrive on 12 June. By when can I cancel for free?",
                "Free cancellation up to 7 days before arrival.",
                "Friday, 12 June − 7 days = Friday, 5 June",
            ),
            (
                "until when can I change my booking for June 12?",
                "Changes: 48 hours before the appointment.",
                "Friday, 12 June − 48 hours = Wednesday, 10 June",
            ),
            (
                "Bis wann kann ich den Termin am 12. Juni absagen?",
                "Absagen bitte spätestens 2 Wochen vorher.",
                "Freitag, 12. Juni − 2 Wochen = Freitag, 29. Mai",
            ),
        ] {
            assert_eq!(
                find_last_day(&asked(question), rule).as_deref(),
                Some(expected),
                "{question}"
            );
        }
        let cancel = "By when can I cancel for 12 June?";
        for (question, rule) in [
            (
                "Can I cancel on 12 June?",
                "Free cancellation up to 7 days before arrival.",
            ),
            (
                "By when can I cancel?",
                "Free cancellation up to 7 days before arrival.",
            ),
            (
                "I booked on 3 May. By when can I cancel?",
                "7 days before arrival.",
            ),
            (
                "By when do I get my refund if I cancel on 12 June?",
                "Refunds are paid within 7 days once approved.",
            ),
            (
                "How late can I book for 12 June?",
                "Tables can be booked up to 90 days in advance.",
            ),
            (cancel, "7 working days before arrival."),
            (cancel, "Refunds take 7 days."),
            (cancel, "7 days before arrival 50 %, 2 days before nothing."),
            (cancel, "5 jours ouvrés avant l'arrivée"),
            (
                "By when can I cancel for 12 to 15 June?",
                "7 days before arrival.",
            ),
            (
                "By when can I cancel for 12 June at 3 pm?",
                "48 hours before the appointment.",
            ),
        ] {
            assert_eq!(
                find_last_day(&asked(question), rule),
                None,
                "{question} {rule}"
            );
        }
    }
}
