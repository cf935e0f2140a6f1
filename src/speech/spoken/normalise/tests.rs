use super::normalise;
use crate::speech::spoken::pronounce::LETTER;

/// Normalises a text; letters that are spelled out show as capitals in brackets.
fn words(text: &str) -> String {
    let mut out = String::new();
    let mut named = false;
    for letter in normalise(text).chars() {
        if letter == LETTER {
            named = true;
        } else if named {
            out.push_str(&format!("[{}]", letter.to_ascii_uppercase()));
            named = false;
        } else {
            out.push(letter);
        }
    }
    let spaced = out.split_whitespace().collect::<Vec<_>>().join(" ");
    spaced
        .replace(" ,", ",")
        .replace(" .", ".")
        .replace(",,", ",")
}

fn check(cases: &[(&str, &str)]) {
    let wrong: Vec<String> = cases
        .iter()
        .filter(|(text, wanted)| words(text) != *wanted)
        .map(|(text, wanted)| format!("{text}\n   got {}\n  want {wanted}", words(text)))
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn numbers() {
    check(&[
        (
            "There are 1,048 seats",
            "There are one thousand forty eight seats",
        ),
        ("17.8 of 3/4", "seventeen point eight of three quarters"),
        ("2 1/2 cups", "two and a half cups"),
        ("½ price", "one half price"),
        (
            "the 1st, 22nd and 103rd",
            "the first, twenty second and one hundred third",
        ),
        ("2-3 days", "two to three days"),
        ("2–3 days", "two to three days"),
        ("-5 or 7", "minus five or seven"),
        (
            "in 2026 and 1999",
            "in twenty twenty six and nineteen ninety nine",
        ),
        ("the 1980s", "the nineteen eighties"),
        ("1,000,000", "one million"),
        ("Chapter IV", "Chapter four"),
        ("Henry VIII", "Henry the eighth"),
        ("15 or 50", "fifteen or fifty"),
        ("version 2.0.1", "version two point zero point one"),
    ]);
}

#[test]
fn money() {
    check(&[
        (
            "costs $120.50, or $299",
            "costs one hundred twenty dollars and fifty cents, or two hundred ninety nine dollars",
        ),
        ("$1.5 million", "one point five million dollars"),
        ("1.5 million dollars", "one point five million dollars"),
        (
            "€4.95 below €50",
            "four euros and ninety five cents below fifty euros",
        ),
        (
            "£1,204.99 was",
            "one thousand two hundred four pounds and ninety nine pence was",
        ),
        ("4,95 €", "four euros and ninety five cents"),
        ("$1 or $0.50", "one dollar or fifty cents"),
        ("$20-$30", "twenty to thirty dollars"),
        ("$20/hour", "twenty dollars per hour"),
        ("$5k", "five thousand dollars"),
        ("It is $30.", "It is thirty dollars."),
    ]);
}

#[test]
fn times_and_dates() {
    check(&[
        ("9am to 1pm", "nine [A] [M] to one [P] [M]"),
        ("at 10:30.", "at ten thirty."),
        ("until 5:45 p.m.", "until five forty five [P] [M]."),
        ("at 00:15 from", "at zero fifteen from"),
        ("at 9:05", "at nine oh five"),
        ("9:00-17:00", "nine o'clock to seventeen hundred"),
        ("9am-5pm", "nine [A] [M] to five [P] [M]"),
        (
            "December 24th, 2026 at",
            "December twenty fourth, twenty twenty six at",
        ),
        ("03/05/2026.", "March fifth, twenty twenty six."),
        ("25/12/2026", "December twenty fifth, twenty twenty six"),
        ("2026-12-24", "December twenty fourth, twenty twenty six"),
        ("Mon-Fri", "Monday to Friday"),
        ("Jan. 5", "January fifth"),
        ("5 May 2026", "fifth of May, twenty twenty six"),
        ("March 2025", "March twenty twenty five"),
        ("you may 2 times", "you may two times"),
    ]);
}

#[test]
fn phones_codes_and_addresses() {
    check(&[
        ("at 555-0142 or", "at five five five, zero one four two or"),
        (
            "(207) 555-0142",
            "two zero seven, five five five, zero one four two",
        ),
        (
            "+1 207 555 0142",
            "plus one, two zero seven, five five five, zero one four two",
        ),
        ("code is B7X9Q.", "code is [B] seven [X] nine [Q]."),
        ("ref. KX-0093", "reference [K] [X], zero zero nine three"),
        ("the A96.", "the [A] ninety six."),
        ("in Q3.", "in [Q] three."),
        (
            "invoice no. 10-4471",
            "invoice number one zero, four four seven one",
        ),
        ("room 204", "room two oh four"),
        ("COVID-19", "COVID nineteen"),
        ("a 24-hour line", "a twenty four hour line"),
        (
            "info@bluefin-dental.com.",
            "info at bluefin dash dental dot com.",
        ),
        (
            "www.casa-olivo.example/menu for",
            "[W] [W] [W] dot casa dash olivo dot example slash menu for",
        ),
        ("https://a-b.org", "[A] dash [B] dot org"),
        (
            "12 Quay St., 2nd floor, Portland, ME 04101.",
            "twelve Quay Street, second floor, Portland, Maine zero four one zero one.",
        ),
        ("from St. Mary's.", "from Saint Mary's."),
        (
            "account 123456789",
            "account one two three, four five six, seven eight nine",
        ),
    ]);
}

#[test]
fn units_abbreviations_and_signs() {
    check(&[
        ("3.5 km from", "three point five kilometers from"),
        (
            "240 V and a 20 A fuse;",
            "two hundred forty volts and a twenty amp fuse;",
        ),
        ("17.8 kg", "seventeen point eight kilograms"),
        (
            "20°C, 5% and 1 km",
            "twenty degrees Celsius, five percent and one kilometer",
        ),
        (
            "50 m² at 60 mph",
            "fifty square meters at sixty miles per hour",
        ),
        ("Dr. Adeyemi and Mrs. Ho", "Doctor Adeyemi and Missus Ho"),
        (
            "approx. 5, e.g. tea",
            "approximately five, for example, tea",
        ),
        ("salt & pepper", "salt and pepper"),
        ("5 + 2 = 7", "five plus two equals seven"),
        ("and/or", "and or"),
        ("No. We do not.", "No. We do not."),
        ("No. 5", "number five"),
        ("24/7", "twenty four seven"),
    ]);
}
