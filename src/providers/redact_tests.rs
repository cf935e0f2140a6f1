use super::*;

fn all(names: &[&str]) -> Redaction {
    Redaction {
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        ..Redaction::default()
    }
}

fn redacted(text: &str) -> String {
    Redactor::new(&all(&["Ann Smith", "Ann", "Çelik"]), [text]).redact(text)
}

#[test]
fn addresses_numbers_and_names_are_replaced() {
    for (text, wanted) in [
        ("write to ann.b+x@mail.example.com.", "write to [EMAIL_1]."),
        (
            "a@b is no address, a@b.c neither",
            "a@b is no address, a@b.c neither",
        ),
        ("call +49 30 1234567!", "call [PHONE_1]!"),
        (
            "call (030) 123 45 67 or 0171/2345678",
            "call [PHONE_1] or [PHONE_2]",
        ),
        ("555-123-4567", "[PHONE_1]"),
        ("card 4111 1111 1111 1111 12/27", "card [CARD_1] 12/27"),
        ("card 4111 1111 1111 1112", "card 4111 1111 1111 1112"),
        (
            "378282246310005 and 5500-0055-5555-5559",
            "[CARD_1] and [CARD_2]",
        ),
        (
            "IBAN DE89 3704 0044 0532 0130 00 and more",
            "IBAN [IBAN_1] and more",
        ),
        ("de89370400440532013000", "[IBAN_1]"),
        ("GB82WEST12345698765432.", "[IBAN_1]."),
        ("DE89 3704 0044 0532 0130 02", "DE89 3704 0044 0532 0130 02"),
        (
            "Ann Smith and ANN and Annie and çelik",
            "[NAME_1] and [NAME_2] and Annie and [NAME_3]",
        ),
        (
            "on 01.12.2026 at 10:30, 2026-12-01, 0.1234567",
            "on 01.12.2026 at 10:30, 2026-12-01, 0.1234567",
        ),
        (
            "order 4711, room 12, 1,299.00 EUR",
            "order 4711, room 12, 1,299.00 EUR",
        ),
        ("", ""),
    ] {
        assert_eq!(redacted(text), wanted, "{text}");
    }
}

#[test]
fn the_same_value_has_the_same_placeholder_and_a_foreign_one_is_left_alone() {
    let texts = [
        "I am [EMAIL_1], write to a@b.example",
        "a@b.example or c@d.example",
    ];
    let mut redactor = Redactor::new(&all(&[]), texts);
    assert_eq!(
        redactor.redact(texts[0]),
        "I am [EMAIL_1], write to [EMAIL_2]"
    );
    assert_eq!(redactor.redact(texts[1]), "[EMAIL_2] or [EMAIL_3]");
    let restored = redactor
        .restorer()
        .whole("[EMAIL_1] [EMAIL_2] [EMAIL_3] [EMAIL_4]");
    assert_eq!(restored, "[EMAIL_1] a@b.example c@d.example [EMAIL_4]");
}

#[test]
fn it_is_put_back_wherever_the_pieces_end() {
    let text = "Ann Smith, +49 30 1234567, a@b.example [sic] [x";
    let mut redactor = Redactor::new(&all(&["Ann Smith"]), [text]);
    let sent = redactor.redact(text);
    assert!(!sent.contains("Ann") && !sent.contains("1234567") && !sent.contains('@'));
    for size in 1..8 {
        let mut restorer = redactor.restorer();
        let letters: Vec<char> = sent.chars().collect();
        let mut shown = String::new();
        for piece in letters.chunks(size) {
            shown.push_str(&restorer.push(&piece.iter().collect::<String>()));
        }
        shown.push_str(&restorer.finish());
        assert_eq!(shown, text, "{size}");
    }
}

#[test]
fn what_is_put_back_into_json_keeps_it_json() {
    let name = "Ann \"the boss\" \\ Smith";
    let mut redactor = Redactor::new(&all(&[name]), [name]);
    let sent = redactor.redact(name);
    let json = redactor
        .restorer_of_json()
        .whole(&format!("{{\"who\":\"{sent}\"}}"));
    let read: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(read["who"], name);
}

#[test]
fn nothing_is_replaced_that_the_owner_left_off() {
    let rules = Redaction {
        emails: false,
        phones: false,
        cards: false,
        ibans: false,
        names: Vec::new(),
    };
    let text = "a@b.example +49 30 1234567 4111111111111111 DE89370400440532013000";
    let mut redactor = Redactor::new(&rules, [text]);
    assert_eq!(redactor.redact(text), text);
    assert!(!redactor.has_replaced());
}
