use super::{FILE, Lists, cut, data};
use crate::speech::Pronunciation;
use crate::speech::spoken::own::OwnWords;

fn parts(text: &str) -> Vec<String> {
    cut(text, &[])
        .into_iter()
        .map(|part| text[part].trim().to_owned())
        .collect()
}

#[test]
fn the_lists_are_complete() {
    let lists: Lists = data::check(FILE);
    let mut ends = lists.may_end.iter();
    assert!(ends.all(|word| lists.abbreviations.contains(word)));
    let mut light = lists.light.iter();
    assert!(light.all(|word| lists.conjunctions.contains(word)));
}

#[test]
fn cuts_at_ends_of_sentences() {
    for (text, wanted) in [
        ("Yes. We do! Do you?", vec!["Yes.", "We do!", "Do you?"]),
        (
            "Dr. Ho is in at 9 a.m. on Monday.",
            vec!["Dr. Ho is in at 9 a.m. on Monday."],
        ),
        (
            "We close at 5 p.m. See you.",
            vec!["We close at 5 p.m.", "See you."],
        ),
        ("It costs $4.95 now.", vec!["It costs $4.95 now."]),
        ("Invoice no. 5 is paid.", vec!["Invoice no. 5 is paid."]),
        ("No. We do not.", vec!["No.", "We do not."]),
        ("one\ntwo", vec!["one", "two"]),
        (
            "The year is 2026. It is fine.",
            vec!["The year is 2026.", "It is fine."],
        ),
        (
            "On December 24th, 2026 we close.",
            vec!["On December 24th, 2026 we close."],
        ),
    ] {
        assert_eq!(parts(text), wanted);
    }
}

#[test]
fn the_first_clause_is_short_where_there_is_a_place() {
    let text = "We are open on Saturday from 9am to 1pm, and closed on Sundays.";
    assert_eq!(parts(text)[0], "We are open on Saturday from 9am to 1pm,");
    let long = "The gluten-free focaccia is available every evening for all of our many guests who ask for it before ten";
    assert!(parts(long)[0].split(' ').count() <= 9, "{:?}", parts(long));
}

#[test]
fn parts_make_the_text_and_stay_short() {
    let long = "word ".repeat(4000);
    let solid = "x".repeat(20_000);
    let wide = "日本語".repeat(3000);
    for text in [long.as_str(), &solid, &wide, "", "  ", " a", "\n\n"] {
        let ranges = cut(text, &[]);
        let whole: String = ranges.iter().map(|part| &text[part.clone()]).collect();
        assert_eq!(whole, text);
        assert!(ranges.iter().all(|part| part.len() <= 320));
    }
    assert!(cut(&long, &[]).len() > 100);
}

#[test]
fn own_words_are_not_cut() {
    let words = [Pronunciation {
        word: "Acme. Corp. Now".to_owned(),
        say: "acme".to_owned(),
    }];
    let text = "Ask Acme. Corp. Now please.";
    assert_eq!(cut(text, &OwnWords::new(&words).find(text)).len(), 1);
}
