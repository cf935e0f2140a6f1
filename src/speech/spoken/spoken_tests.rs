use super::{Clause, Pronunciation, clauses, symbols, warm_up};

fn phonemes(text: &str) -> String {
    clauses(text, &[])
        .into_iter()
        .map(|clause| clause.phonemes)
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn parts_make_the_text_and_symbols_are_known() {
    for text in [
        "We are open on Saturday from 9am to 1pm, and closed on Sundays.",
        "Write to info@bluefin-dental.com 🎉 or <b>call</b> 555-0142!",
        "Siobhan, Łukasz & Zoë — naïve café; 東京 ½ 50€ #3 [1] **bold** \u{e000}\u{e100}\u{f8ff}",
        "<speak><break time=\"1s\"/>Hello</speak>",
        "\u{0}\u{7f}\u{200b}\u{feff}",
        "A\u{301} e\u{301} i̇ ﬁ Ⅷ ²³",
        "((((((((((",
        "https:// @ @a a@ a@b.c $ $$ 1/0 0/0 99:99 -- --- . . .",
        "O' 's ' d'Artagnan o'clock rock'n'roll",
    ] {
        let parts = clauses(text, &[]);
        let whole: String = parts.iter().map(|clause| clause.text.as_str()).collect();
        assert_eq!(whole, text);
        for Clause { phonemes, .. } in parts {
            let strange: String = phonemes
                .chars()
                .filter(|c| !symbols::KNOWN.contains(*c))
                .collect();
            assert!(strange.is_empty(), "{text}: {strange} in {phonemes}");
        }
    }
}

#[test]
fn what_cannot_be_said_is_silent() {
    for text in [
        "こんにちは",
        "🎉🎉",
        "",
        "   ",
        "***",
        "<break/>",
        "...",
        "Привет",
    ] {
        assert_eq!(phonemes(text).trim(), "", "{text}");
    }
}

#[test]
fn own_words_win() {
    let words = [
        Pronunciation {
            word: "Bluefin".to_owned(),
            say: "/bˈuːfɪn/".to_owned(),
        },
        Pronunciation {
            word: "SQL".to_owned(),
            say: "sequel".to_owned(),
        },
    ];
    let said = clauses("bluefin and sql", &words).remove(0).phonemes;
    assert!(
        said.starts_with("bˈuːfɪn ") && said.contains("sˈiːkw"),
        "{said}"
    );
}

#[test]
fn every_word_is_said() {
    for (text, count) in [
        ("Ask Mrs Hofmann or Mr Kowalski about Aetna and Cigna", 10),
        ("the glorptastic zwimble of Qxyrt", 5),
        ("Meet Brzęczyszczykiewicz at Hauptstraße", 4),
    ] {
        let said = phonemes(text);
        assert!(said.split(' ').count() >= count, "{text}: {said}");
    }
}

#[test]
fn long_texts_are_fast() {
    warm_up();
    let text = "Call 555-0142, pay $4.95 by 10:30 on May 5th and ask for Hofmann. ".repeat(60);
    let began = std::time::Instant::now();
    assert!(clauses(&text, &[]).len() >= 60);
    assert!(began.elapsed().as_secs() < 10);
}
