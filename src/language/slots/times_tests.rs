//! Clock times, as people write them in ten languages.

use jiff::civil::{Time, time as at};

use super::{Part, Text, TimeRead, settle, time};
use crate::language::Language;

fn read(language: Language, text: &str, asked: bool) -> Option<(Time, bool)> {
    let text = Text::new(text, language);
    match time(&text, asked)?.what {
        TimeRead::At { time, sure } => Some((time, sure)),
        _ => None,
    }
}

#[test]
fn times_of_each_language() {
    for (language, text, hour, minute) in [
        (Language::En, "at 3:30 pm", 15, 30),
        (Language::En, "half past three in the afternoon", 15, 30),
        (Language::En, "quarter to 4 pm", 15, 45),
        (Language::En, "at 15:30", 15, 30),
        (Language::En, "3 p.m.", 15, 0),
        (Language::En, "noon", 12, 0),
        (Language::De, "um 15 Uhr 30", 15, 30),
        (Language::De, "um 15.30 Uhr", 15, 30),
        (Language::De, "halb vier nachmittags", 15, 30),
        (Language::De, "Viertel vor vier am Nachmittag", 15, 45),
        (Language::De, "dreiviertel vier nachmittags", 15, 45),
        (Language::De, "gegen 16 Uhr", 16, 0),
        (Language::Fr, "à 15h30", 15, 30),
        (
            Language::Fr,
            "trois heures et demie de l'après-midi",
            15,
            30,
        ),
        (
            Language::Fr,
            "quatre heures moins le quart de l'après-midi",
            15,
            45,
        ),
        (Language::Fr, "midi", 12, 0),
        (Language::Es, "a las 3 y media de la tarde", 15, 30),
        (Language::Es, "a las 15:30", 15, 30),
        (
            Language::Es,
            "a las cuatro menos cuarto de la tarde",
            15,
            45,
        ),
        (Language::It, "alle 15:30", 15, 30),
        (Language::It, "alle tre e mezza di pomeriggio", 15, 30),
        (Language::Pt, "às 15h30", 15, 30),
        (Language::Pt, "às três e meia da tarde", 15, 30),
        (Language::Nl, "om half vier 's middags", 15, 30),
        (Language::Nl, "15.30 uur", 15, 30),
        (Language::Pl, "o 15:30", 15, 30),
        (Language::Pl, "wpół do czwartej po południu", 15, 30),
        (Language::Tr, "saat 15:30", 15, 30),
        (Language::Tr, "öğleden sonra saat üç buçuk", 15, 30),
        (Language::Ru, "в 15:30", 15, 30),
        (Language::Ru, "в половине четвертого дня", 15, 30),
    ] {
        let expected = Some((at(hour, minute, 0, 0), true));
        assert_eq!(read(language, text, false), expected, "{text}");
    }
}

#[test]
fn a_part_of_the_day_is_no_time_yet() {
    for (language, text, part) in [
        (Language::En, "in the afternoon", Part::Afternoon),
        (Language::De, "am Nachmittag", Part::Afternoon),
        (Language::Fr, "plutôt le matin", Part::Morning),
        (Language::Es, "por la tarde", Part::Afternoon),
        (Language::It, "di sera", Part::Evening),
        (Language::Pt, "de manhã", Part::Morning),
        (Language::Nl, "'s avonds", Part::Evening),
        (Language::Pl, "wieczorem", Part::Evening),
        (Language::Tr, "öğleden sonra", Part::Afternoon),
        (Language::Ru, "вечером", Part::Evening),
    ] {
        let text_read = Text::new(text, language);
        let found = time(&text_read, false).map(|read| read.what);
        assert_eq!(found, Some(TimeRead::In(part)), "{text}");
    }
}

#[test]
fn numbers_that_are_no_time_are_left_alone() {
    for text in [
        "4 people",
        "in 3 days",
        "10%",
        "a good one",
        "at a convenient place",
        "12 December",
        "$ 5",
    ] {
        assert_eq!(read(Language::En, text, false), None, "{text}");
    }
    assert_eq!(read(Language::En, "4", true), Some((at(4, 0, 0, 0), false)));
    assert_eq!(read(Language::En, "25", true), None);
}

#[test]
fn the_hours_of_the_business_settle_which_half_of_the_day() {
    let open = [(at(9, 0, 0, 0), at(18, 0, 0, 0))];
    assert_eq!(settle(at(3, 0, 0, 0), false, &open), at(15, 0, 0, 0));
    assert_eq!(settle(at(10, 0, 0, 0), false, &open), at(10, 0, 0, 0));
    assert_eq!(settle(at(3, 0, 0, 0), true, &open), at(3, 0, 0, 0));
    let evening = [(at(18, 0, 0, 0), at(23, 0, 0, 0))];
    assert_eq!(settle(at(8, 0, 0, 0), false, &evening), at(20, 0, 0, 0));
    assert_eq!(settle(at(5, 30, 0, 0), false, &[]), at(17, 30, 0, 0));
}
