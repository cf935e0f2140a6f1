//! Compares an age with a rule (11 with "12 and under"), and finds the table row for an age.
//!
//! Only a few plain forms count as a rule, and only without other numbers beside them: "under 5s free, 5 to
//! 12 half price" is left to the visitor to read.

use unicode_segmentation::UnicodeSegmentation;

use super::rows::{Row, Table};
use super::{Computed, LISTS, MathQuestion, are_alike, content, words};
use crate::language::words::unaccented;

/// Numbers above this are not ages.
const OLDEST: u32 = 110;

/// A range of ages; `None` leaves that end open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Ages {
    /// Inclusive.
    from: Option<u32>,
    /// Inclusive.
    to: Option<u32>,
    /// Exclusive: "under 12".
    below: Option<u32>,
}

impl Ages {
    fn from(low: u32) -> Self {
        Self {
            from: Some(low),
            ..Self::default()
        }
    }

    fn up_to(high: u32) -> Self {
        Self {
            to: Some(high),
            ..Self::default()
        }
    }

    fn below(high: u32) -> Self {
        Self {
            below: Some(high),
            ..Self::default()
        }
    }

    fn contain(self, age: u32) -> bool {
        self.from.is_none_or(|low| low <= age)
            && self.to.is_none_or(|high| age <= high)
            && self.below.is_none_or(|high| age < high)
    }

    /// The comparison as shown: "4 ≤ 11 ≤ 12", "13 > 12", "11 < 12".
    fn show_comparison(self, age: u32) -> String {
        if let Some(low) = self.from.filter(|low| age < *low) {
            return format!("{age} < {low}");
        }
        if let Some(high) = self.to.filter(|high| *high < age) {
            return format!("{age} > {high}");
        }
        let low = self.from.map_or(String::new(), |low| format!("{low} ≤ "));
        match (self.to, self.below, self.from) {
            (Some(high), ..) => format!("{low}{age} ≤ {high}"),
            (_, Some(high), _) if high <= age => format!("{age} ≥ {high}"),
            (_, Some(high), _) => format!("{low}{age} < {high}"),
            (.., Some(low)) => format!("{age} ≥ {low}"),
            (None, None, None) => age.to_string(),
        }
    }
}

/// Compares the age in the question with the only age rule in a quotation.
pub(super) fn compare(question: &str, quotation: &str) -> Option<String> {
    Some(read_ages(quotation)?.show_comparison(read_asked_age(question)?))
}

/// Finds the only row of a table that covers the age in the question, if at least two rows have ages in that column.
pub(super) fn find_row(asked: &MathQuestion<'_>, table: &Table<'_>) -> Option<Computed> {
    let age = read_asked_age(asked.question)?;
    let quoted = table.rows.get(table.quoted)?;
    let (column, _) = quoted.cells.iter().find(|(_, v)| read_ages(v).is_some())?;
    let with_ages: Vec<(&Row<'_>, Ages)> = table
        .rows
        .iter()
        .filter_map(|row| {
            let cell = row.cells.iter().find(|(header, _)| header == column);
            Some((row, read_ages(cell?.1)?))
        })
        .collect();
    let mut fitting = with_ages.iter().filter(|(_, ages)| ages.contain(age));
    let (row, ages) = fitting.next()?;
    if fitting.next().is_some() || with_ages.len() < 2 {
        return None;
    }
    // Other words of the question must match the row too: "swimming for a 17 year old" must not find yoga.
    let said = words(asked.question);
    let holds = |row: &Row<'_>, word: &str| row.words().iter().any(|own| are_alike(own, word));
    let meant = content(&said, asked.language)
        .into_iter()
        .filter(|w| table.rows.iter().any(|row| holds(row, w)))
        .all(|w| holds(row, w));
    meant.then(|| Computed {
        formula: ages.show_comparison(age),
        rows: vec![row.range.clone()],
    })
}

fn split_tokens(text: &str) -> Vec<String> {
    text.split_word_bounds()
        .filter(|t| !t.trim().is_empty())
        .map(unaccented)
        .collect()
}

fn split_digits(word: &str) -> (&str, &str) {
    let end = word.find(|c: char| !c.is_ascii_digit());
    word.split_at(end.unwrap_or(word.len()))
}

fn is_number(token: &str) -> bool {
    token.starts_with(|c: char| c.is_ascii_digit())
}

/// The only number in a question, if it is an age.
fn read_asked_age(question: &str) -> Option<u32> {
    let tokens = split_tokens(question);
    let mut numbers = (0..tokens.len()).filter(|at| tokens.get(*at).is_some_and(|t| is_number(t)));
    let at = numbers.next().filter(|_| numbers.next().is_none())?;
    let word = |at: Option<usize>| at.and_then(|at| tokens.get(at)).map_or("", String::as_str);
    let (number, glued) = split_digits(word(Some(at)));
    let age: u32 = number.parse().ok().filter(|age| *age <= OLDEST)?;
    // Skip the hyphen of "11-year-old".
    let behind = at + 1 + usize::from(word(Some(at + 1)) == "-");
    let before = word(at.checked_sub(1));
    let followed = LISTS.age.years.contains(glued)
        || (glued.is_empty() && LISTS.age.years.contains(word(Some(behind))));
    let ends = matches!(word(Some(at + 1)), "" | "." | "," | ";" | "?" | "!")
        || LISTS.age.and.contains(word(Some(at + 1)));
    let of_child =
        ends && LISTS.age.is.contains(before) && tokens.iter().any(|t| LISTS.age.child.contains(t));
    (followed || (glued.is_empty() && (LISTS.age.aged.contains(before) || of_child))).then_some(age)
}

/// The only age rule in a cell or a sentence; `None` if it has other numbers.
fn read_ages(text: &str) -> Option<Ages> {
    let tokens = split_tokens(text);
    let word = |at: usize| tokens.get(at).map_or("", String::as_str);
    let numbers: Vec<usize> = (0..tokens.len())
        .filter(|at| is_number(word(*at)))
        .collect();
    let age = |at: usize| {
        let (number, rest) = split_digits(word(at));
        let plain = rest.is_empty() || rest == "s" || LISTS.age.years.contains(rest);
        number.parse::<u32>().ok().filter(|n| plain && *n <= OLDEST)
    };
    let of_people = tokens.iter().any(|t| {
        LISTS.age.child.contains(t) || LISTS.age.people.contains(t) || LISTS.age.aged.contains(t)
    });
    let back = |at: usize, by: usize| at.checked_sub(by).map_or("", word);
    match numbers[..] {
        [first, second] if second == first + 2 && LISTS.age.to.contains(word(first + 1)) => {
            let (low, high) = (age(first)?, age(second)?);
            let years = LISTS.age.years.contains(word(second + 1))
                || LISTS.age.years.contains(split_digits(word(second)).1);
            let aged = LISTS.age.aged.contains(back(first, 1));
            let who = LISTS.age.child.contains(back(first, 2))
                || LISTS.age.people.contains(back(first, 2));
            let in_brackets = back(first, 1) == "(" && word(second + 1) == ")" && who;
            (low < high && (years || aged || in_brackets)).then_some(Ages {
                from: Some(low),
                to: Some(high),
                below: None,
            })
        }
        [at] => {
            let number = age(at)?;
            let glued = split_digits(word(at)).1;
            let years = LISTS.age.years.contains(word(at + 1)) || LISTS.age.years.contains(glued);
            let mut behind = at + 1 + usize::from(LISTS.age.years.contains(word(at + 1)));
            while LISTS.age.old.contains(word(behind))
                && !LISTS.age.and.contains(word(behind + 1))
                && behind < at + 4
            {
                behind += 1;
            }
            let before = back(at, 1);
            let bound = word(behind + 1);
            if LISTS.age.and.contains(word(behind)) && LISTS.age.down.contains(bound) {
                return Some(Ages::up_to(number));
            }
            if LISTS.age.and.contains(word(behind)) && LISTS.age.up.contains(bound) {
                return Some(Ages::from(number));
            }
            if word(at + 1) == "+" {
                let who = |by| {
                    LISTS.age.child.contains(back(at, by))
                        || LISTS.age.people.contains(back(at, by))
                };
                let aged = LISTS.age.aged.contains(before) || who(1) || (before == "(" && who(2));
                return aged.then(|| Ages::from(number));
            }
            // A unit after the number makes it something else: "under 100 cm", "ab 10 Uhr".
            let bare = glued == "s" || matches!(word(at + 1), "" | "." | ")" | ";");
            if LISTS.age.below.contains(before) || is_younger_than(&tokens, at) {
                return (of_people && (years || bare)).then(|| Ages::below(number));
            }
            let up_to = LISTS.age.up_to.contains(before) || (before == "to" && back(at, 2) == "up");
            if up_to && years && of_people {
                return Some(Ages::up_to(number));
            }
            (LISTS.age.from.contains(before) && years && of_people).then(|| Ages::from(number))
        }
        _ => None,
    }
}

/// "younger than 12", "menores de 12", "moins de 12".
fn is_younger_than(tokens: &[String], at: usize) -> bool {
    let back = |by: usize| {
        at.checked_sub(by)
            .and_then(|at| tokens.get(at))
            .map_or("", String::as_str)
    };
    matches!((back(2), back(1)), ("younger", "than") | ("moins", "de"))
        || (back(2).starts_with("menor") && back(1) == "de")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::computed::tests::{asked, table};

    #[test]
    fn an_age_is_held_against_the_rule() {
        for (question, rule, expected) in [
            (
                "Is my 11-year-old free?",
                "Children 12 and under enter free.",
                "11 ≤ 12",
            ),
            (
                "my daughter is 13, is she free",
                "Children 12 years and under enter free.",
                "13 > 12",
            ),
            ("is a 5 yo allowed?", "Ticket: Child (4–12)", "4 ≤ 5 ≤ 12"),
            (
                "can a 12 year old come?",
                "Kids under 12s are not admitted.",
                "12 ≥ 12",
            ),
            ("I am 67 years old", "Seniors 65+ pay half.", "67 ≥ 65"),
            (
                "Mein Sohn ist 5. Was zahlt er?",
                "Kinder bis 6 Jahre frei",
                "5 ≤ 6",
            ),
            (
                "¿paga un niño de 3 años?",
                "Niños menores de 4 años gratis",
                "3 < 4",
            ),
            ("mon fils a 9 ans", "Enfants de moins de 10 ans", "9 < 10"),
            (
                "my son is 7",
                "Classes for children aged 5 to 8",
                "5 ≤ 7 ≤ 8",
            ),
        ] {
            let found = compare(question, rule);
            assert_eq!(found.as_deref(), Some(expected), "{question}");
        }
        let child = "Can my 5 year old come?";
        for (question, rule) in [
            ("Is my 11-year-old free?", "Children pay £4."),
            (child, "Children under 5 free, 5 to 12 half price."),
            (child, "Free under 5, half price 5 to 12."),
            (child, "Children under 5 and over 65s enter free."),
            (child, "Kinder von 6 bis unter 12 Jahren"),
            (child, "Kids' swimming from 10 am"),
            (child, "Kids' club open 9–17"),
            (child, "Kinder ab 6 Monaten"),
            (child, "Children under 100 cm free"),
            (child, "Kinder bis 18 Uhr"),
            (child, "Groups from 10 children"),
            (child, "Babies 6–18 months"),
            (child, "Dzieci od 5 zł"),
            (child, "Children 12 and under: £5"),
            (
                "11 children, what do we pay?",
                "Children 12 and under enter free.",
            ),
            ("do you open at 11?", "Children 12 and under enter free."),
            ("my kids are 5 and 11", "Children 12 and under enter free."),
            (
                "Do kids pay £10 an hour?",
                "Children 12 and under enter free.",
            ),
            ("an 11 year old", "Child ticket $12"),
        ] {
            assert_eq!(compare(question, rule), None, "{question} {rule}");
        }
    }

    #[test]
    fn the_row_for_an_age_is_found() {
        let text = "Tickets\nTicket: Infant (0–3) | Price: free\nTicket: Child (4–12) | Price: £6\n\
                    Ticket: Adult (13+) | Price: £10\nEnd.";
        let tickets = table(text, "Child (4", "");
        let found = find_row(&asked("price for a 13 year old?"), &tickets).unwrap();
        assert_eq!(found.formula, "13 ≥ 13");
        assert!(text.get(found.rows[0].clone()).unwrap().contains("Adult"));
        let found = find_row(&asked("price for a 4 year old?"), &tickets).unwrap();
        assert_eq!(found.formula, "4 ≤ 4 ≤ 12");
        assert_eq!(find_row(&asked("price for 13 adults?"), &tickets), None);
        let text = "Courses\nCourse: Swimming juniors (4–12) | Price: £6\nCourse: Yoga adults (16+) | Price: £10\nEnd.";
        let courses = table(text, "Swimming", "");
        assert_eq!(
            find_row(&asked("swimming for a 17 year old?"), &courses),
            None
        );
    }
}
