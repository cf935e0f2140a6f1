use jiff::civil::date;

use super::*;

#[test]
fn a_document_tells_its_day() {
    let cases = [
        (
            "Office fees. Effective January 15, 2024.",
            Language::En,
            Some(date(2024, 1, 15)),
        ),
        (
            "Handbook\nRevised March 2, 2026",
            Language::En,
            Some(date(2026, 3, 2)),
        ),
        (
            "Last update: 2026-06-15",
            Language::En,
            Some(date(2026, 6, 15)),
        ),
        (
            "Updated April 20, 2026\nUpdated 2 May 2026",
            Language::En,
            Some(date(2026, 5, 2)),
        ),
        (
            "Price list, fees effective February 1 2026",
            Language::En,
            Some(date(2026, 2, 1)),
        ),
        (
            "Patient Handbook\n2026 edition",
            Language::En,
            Some(date(2026, 1, 1)),
        ),
        (
            "Last updated 06/07/2026",
            Language::En,
            Some(date(2026, 6, 7)),
        ),
        (
            "Last updated 25/07/2026",
            Language::En,
            Some(date(2026, 7, 25)),
        ),
        ("Updated March 2026", Language::En, Some(date(2026, 3, 1))),
        (
            "Preisliste. Stand: 1. März 2026",
            Language::De,
            Some(date(2026, 3, 1)),
        ),
        ("Gültig ab 01.02.2026", Language::De, Some(date(2026, 2, 1))),
        (
            "Tarifs en vigueur au 1er janvier 2026",
            Language::Fr,
            Some(date(2026, 1, 1)),
        ),
        (
            "Mis à jour le 05/06/2026",
            Language::Fr,
            Some(date(2026, 6, 5)),
        ),
        (
            "Actualizado el 3 de mayo de 2026",
            Language::Es,
            Some(date(2026, 5, 3)),
        ),
        (
            "Listino aggiornato al 10 settembre 2026",
            Language::It,
            Some(date(2026, 9, 10)),
        ),
        (
            "Atualizado em 7 de outubro de 2026",
            Language::Pt,
            Some(date(2026, 10, 7)),
        ),
        // A date alone is of something, not of the document.
        ("The party is on March 2, 2026.", Language::En, None),
        ("Founded in 1998. Call 555-0177.", Language::En, None),
        (
            "Effective immediately.\nBorn January 15, 2024",
            Language::En,
            None,
        ),
        ("Updated February 31, 2026", Language::En, None),
        ("Offer valid until March 31, 2026", Language::En, None),
        ("Prices 2024 and 2026", Language::En, None),
        ("", Language::En, None),
    ];
    for (text, language, of) in cases {
        assert_eq!(said(text, language).of, of, "{text}");
    }
}

#[test]
fn the_end_of_a_long_text_counts_and_its_middle_does_not() {
    let middle = format!(
        "{}\nUpdated May 1, 2020\n{}",
        "word ".repeat(2_000),
        "word ".repeat(2_000)
    );
    assert_eq!(said(&middle, Language::En).of, None);
    let end = format!("{middle}\nLast reviewed: 12 June 2026");
    assert_eq!(said(&end, Language::En).of, Some(date(2026, 6, 12)));
}

#[test]
fn what_holds_no_more_says_so() {
    let today = date(2026, 11, 22);
    for (text, warns) in [
        (
            "Fees 2024. This list has been replaced by the 2026 list.",
            true,
        ),
        ("This policy is no longer valid.", true),
        ("Diese Preisliste ist nicht mehr gültig.", true),
        ("Offer valid until March 31, 2026.", true),
        ("Offer valid until March 31, 2027.", false),
        ("Until December 31, 2025 we took another insurance.", false),
        (
            "This sheet will be replaced when the next schedule is issued.",
            false,
        ),
        ("This list replaces all earlier lists.", false),
    ] {
        assert_eq!(
            said(text, Language::En).warning(today).is_some(),
            warns,
            "{text}"
        );
    }
}

#[test]
fn odd_texts_do_no_harm() {
    let long = "effective ".repeat(10_000);
    for text in [
        "İİİ updated 1 march 2026 İ",
        "99/99/9999 1-1-1 .../// 2026-13-40",
        &long,
        "🦷🦷 stand 🦷 2026",
    ] {
        let _ = said(text, Language::Other);
    }
    assert_eq!(
        said("İİİ updated 1 march 2026 İ", Language::Tr).of,
        Some(date(2026, 3, 1))
    );
}
