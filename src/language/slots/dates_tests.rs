//! Dates, as people write them in ten languages.

use jiff::civil::{Date, date as day};

use super::{DateRead, Text, date};
use crate::language::Language;

/// A Wednesday.
const TODAY: Date = day(2026, 12, 2);

fn read(language: Language, text: &str, asked: bool) -> Option<DateRead> {
    let text = Text::new(text, language);
    date(&text, TODAY, None, asked).map(|read| read.what)
}

fn december(of_month: i8) -> Option<DateRead> {
    Some(DateRead::Day(day(2026, 12, of_month)))
}

#[test]
fn relative_days_of_each_language() {
    for (language, today, tomorrow, after, in_three) in [
        (
            Language::En,
            "today please",
            "tomorrow works",
            "the day after tomorrow",
            "in 3 days",
        ),
        (
            Language::De,
            "gerne heute",
            "morgen geht",
            "übermorgen bitte",
            "in drei Tagen",
        ),
        (
            Language::Fr,
            "aujourd'hui svp",
            "demain matin",
            "après-demain",
            "dans trois jours",
        ),
        (
            Language::Es,
            "hoy mismo",
            "mañana por la tarde",
            "pasado mañana",
            "dentro de 3 días",
        ),
        (
            Language::It,
            "oggi",
            "domani va bene",
            "dopodomani",
            "tra tre giorni",
        ),
        (
            Language::Pt,
            "hoje",
            "amanhã de manhã",
            "depois de amanhã",
            "daqui a 3 dias",
        ),
        (
            Language::Nl,
            "vandaag",
            "morgen graag",
            "overmorgen",
            "over drie dagen",
        ),
        (
            Language::Pl,
            "dzisiaj",
            "jutro rano",
            "pojutrze",
            "za 3 dni",
        ),
        (
            Language::Tr,
            "bugün",
            "yarın olur",
            "öbür gün",
            "3 gün sonra",
        ),
        (
            Language::Ru,
            "сегодня",
            "завтра утром",
            "послезавтра",
            "через три дня",
        ),
    ] {
        for (text, of_month) in [(today, 2), (tomorrow, 3), (after, 4), (in_three, 5)] {
            assert_eq!(read(language, text, false), december(of_month), "{text}");
        }
    }
}

#[test]
fn weekdays_of_each_language() {
    for (language, friday, next_week) in [
        (Language::En, "on Friday", "next week"),
        (Language::De, "am Freitag", "nächste Woche"),
        (Language::Fr, "vendredi prochain", "la semaine prochaine"),
        (Language::Es, "el viernes", "la próxima semana"),
        (Language::It, "venerdì", "la prossima settimana"),
        (Language::Pt, "na sexta-feira", "na próxima semana"),
        (Language::Nl, "op vrijdag", "volgende week"),
        (Language::Pl, "w piątek", "w przyszłym tygodniu"),
        (Language::Tr, "cuma günü", "gelecek hafta"),
        (Language::Ru, "в пятницу", "на следующей неделе"),
    ] {
        assert_eq!(read(language, friday, false), december(4), "{friday}");
        let week = Some(DateRead::Within(day(2026, 12, 7), day(2026, 12, 13)));
        assert_eq!(read(language, next_week, false), week, "{next_week}");
    }
    assert_eq!(read(Language::En, "next Friday", false), december(11));
    assert_eq!(
        read(Language::De, "nächste Woche am Dienstag", false),
        december(8)
    );
    assert_eq!(read(Language::En, "Tuesday next week", false), december(8));
    // Today is a Wednesday, which has a word of its own.
    assert_eq!(read(Language::En, "Wednesday", false), december(9));
}

#[test]
fn dates_of_the_calendar_of_each_language() {
    for (language, text) in [
        (Language::En, "on the 14th of December"),
        (Language::En, "December 14"),
        (Language::En, "2026-12-14"),
        (Language::En, "the 14th please"),
        (Language::De, "am 14. Dezember"),
        (Language::De, "am 14.12."),
        (Language::De, "am 14."),
        (Language::De, "am vierzehnten Dezember"),
        (Language::Fr, "le 14 décembre"),
        (Language::Fr, "le 14/12"),
        (Language::Fr, "le 14"),
        (Language::Es, "el 14 de diciembre"),
        (Language::Es, "el 14"),
        (Language::It, "il 14 dicembre"),
        (Language::Pt, "no dia 14 de dezembro"),
        (Language::Pt, "dia 14"),
        (Language::Nl, "14 december"),
        (Language::Nl, "de 14e"),
        (Language::Pl, "14 grudnia"),
        (Language::Tr, "14 aralık"),
        (Language::Ru, "14 декабря"),
        (Language::Ru, "14-го"),
    ] {
        assert_eq!(read(language, text, false), december(14), "{text}");
    }
}

#[test]
fn a_date_that_is_none_is_told_apart() {
    for (language, text) in [
        (Language::En, "February 31"),
        (Language::De, "am 31. Februar"),
        (Language::De, "am 30.02."),
        (Language::Fr, "le 31 février"),
        (Language::Es, "el 31 de febrero"),
    ] {
        assert_eq!(
            read(language, text, false),
            Some(DateRead::Impossible),
            "{text}"
        );
    }
    for (language, text) in [
        (Language::En, "as soon as possible"),
        (Language::De, "so bald wie möglich"),
        (Language::Fr, "dès que possible"),
        (Language::Es, "lo antes posible"),
        (Language::It, "il prima possibile"),
        (Language::Pt, "o mais rápido possível"),
        (Language::Nl, "zo snel mogelijk"),
        (Language::Pl, "jak najszybciej"),
        (Language::Tr, "en kısa sürede"),
        (Language::Ru, "как можно скорее"),
    ] {
        assert_eq!(read(language, text, false), Some(DateRead::Soon), "{text}");
    }
    let either = Some(DateRead::Either(vec![day(2026, 12, 7), day(2026, 12, 8)]));
    assert_eq!(read(Language::En, "Monday or Tuesday", false), either);
    assert_eq!(read(Language::De, "Montag oder Dienstag", false), either);
}

#[test]
fn the_later_of_two_counts_if_it_corrects_the_first() {
    assert_eq!(
        read(Language::En, "the 13th, no, I meant the 14th", false),
        december(14)
    );
    assert_eq!(
        read(Language::De, "am 13., nein, ich meine am 14.", false),
        december(14)
    );
    assert_eq!(
        read(Language::En, "from the 13th until the 14th", false),
        december(13)
    );
}

#[test]
fn a_number_alone_is_a_day_only_where_one_was_asked_for() {
    assert_eq!(read(Language::En, "14", true), december(14));
    for text in [
        "14",
        "14 people",
        "at 14:00",
        "room 14",
        "the first time",
        "14%",
    ] {
        assert_eq!(read(Language::En, text, false), None, "{text}");
    }
    assert_eq!(read(Language::De, "um 14 Uhr", true), None);
    assert_eq!(read(Language::De, "guten Morgen", false), None);
}

#[test]
fn a_day_alone_is_of_the_month_that_was_said_before() {
    let text = Text::new("no, the 14th", Language::En);
    let near = Some(day(2027, 2, 9));
    let found = date(&text, TODAY, near, false).map(|read| read.what);
    assert_eq!(found, Some(DateRead::Day(day(2027, 2, 14))));
}

#[test]
fn long_and_strange_texts_are_read_in_time() {
    let essay = "and then I thought about the 14th of nothing ".repeat(5_000);
    assert_eq!(read(Language::En, &essay, false), december(14));
    for text in [
        "",
        "...",
        "99.99.9999",
        "0000000000000000000000",
        "in 9999 months",
        "🗓️",
    ] {
        let found = read(Language::En, text, true);
        assert!(!matches!(found, Some(DateRead::Within(..))), "{text}");
    }
}
