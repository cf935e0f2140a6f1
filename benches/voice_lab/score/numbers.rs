//! Figures as English words.

const SMALL: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 10] = [
    "", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
];
const GROUPS: [(u64, &str); 3] = [
    (1_000_000_000, "billion"),
    (1_000_000, "million"),
    (1000, "thousand"),
];

fn small(number: u64) -> &'static str {
    usize::try_from(number)
        .ok()
        .and_then(|n| SMALL.get(n))
        .unwrap_or(&"")
}

/// A whole number below a trillion; larger ones digit by digit.
pub(crate) fn cardinal(number: u64, out: &mut Vec<String>) {
    if number >= 1_000_000_000_000 {
        return digits(&number.to_string(), out);
    }
    let mut rest = number;
    for (size, name) in GROUPS {
        if rest >= size {
            cardinal(rest / size, out);
            out.push(name.into());
            rest %= size;
        }
    }
    if rest >= 100 {
        out.extend([small(rest / 100).into(), "hundred".into()]);
        rest %= 100;
    }
    if rest >= 20 {
        out.push(
            usize::try_from(rest / 10)
                .ok()
                .and_then(|n| TENS.get(n))
                .unwrap_or(&"")
                .to_string(),
        );
        rest %= 10;
        if rest == 0 {
            return;
        }
    }
    if rest > 0 || number == 0 {
        out.push(small(rest).into());
    }
}

/// A year as people say it: nineteen ninety, two thousand five, twenty twenty six.
pub(crate) fn year(number: u64, out: &mut Vec<String>) {
    if !(1100..2100).contains(&number) || (2000..2010).contains(&number) {
        return cardinal(number, out);
    }
    cardinal(number / 100, out);
    match number % 100 {
        0 => out.push("hundred".into()),
        rest @ 1..10 => out.extend(["oh".into(), small(rest).into()]),
        rest => cardinal(rest, out),
    }
}

/// Each digit by itself.
pub(crate) fn digits(figures: &str, out: &mut Vec<String>) {
    let each = figures.chars().filter_map(|c| c.to_digit(10));
    out.extend(each.map(|digit| small(u64::from(digit)).to_owned()));
}

/// The ordinal of a number: the last word changes.
pub(crate) fn ordinal(number: u64, out: &mut Vec<String>) {
    cardinal(number, out);
    let Some(last) = out.last_mut() else { return };
    *last = match last.as_str() {
        "one" => "first".into(),
        "two" => "second".into(),
        "three" => "third".into(),
        "five" => "fifth".into(),
        "eight" => "eighth".into(),
        "nine" => "ninth".into(),
        "twelve" => "twelfth".into(),
        word => match word.strip_suffix('y') {
            Some(stem) => format!("{stem}ieth"),
            None => format!("{word}th"),
        },
    };
}
