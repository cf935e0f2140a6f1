//! Answers as programs write them.

use super::*;

const ANSWER: &str = "We open at nine.\n\nKind regards\nAnna";

fn cut(below: &str) -> String {
    own_words(&format!("{ANSWER}\n\n{below}"))
}

#[test]
fn quotations_of_programs_are_cut_off() {
    for below in [
        // Gmail.
        "On Tue, Dec 1, 2026 at 6:34 PM Front desk <desk@example.com> wrote:\n> A visitor waits\n",
        "On Tue, Dec 1, 2026 at 6:34 PM Front desk <\ndesk+r.0123@example.com> wrote:\n\n> A visitor waits",
        "Am Di., 1. Dez. 2026 um 18:34 Uhr schrieb Front desk <desk@example.com>:\n> Jemand wartet",
        "Le mar. 1 déc. 2026 à 18:34, Front desk <desk@example.com> a écrit :\n> Quelqu'un attend",
        "Le mar. 1 déc. 2026 à 18:34, Front desk <desk@example.com> a\u{a0}écrit\u{a0}:\n> Quelqu'un attend",
        "El mar, 1 dic 2026 a las 18:34, Front desk (<desk@example.com>) escribió:\n> Alguien espera",
        "Em ter., 1 de dez. de 2026 às 18:34, Front desk <desk@example.com> escreveu:\n> Alguém espera",
        // Apple Mail.
        "> On 1. Dec 2026, at 18:34, Front desk <desk@example.com> wrote:\n> \n> A visitor waits",
        "> Am 01.12.2026 um 18:34 schrieb Front desk <desk@example.com>:\n> \n> Jemand wartet",
        "On 1. Dec 2026, at 18:34, Front desk <desk@example.com> wrote:\n\nA visitor waits",
        // Thunderbird.
        "Am 01.12.26 um 18:34 schrieb Front desk:\n> Jemand wartet",
        // Outlook.
        "________________________________\nFrom: Front desk <desk@example.com>\nSent: Tuesday, December 1, 2026 6:34 PM\nTo: Anna\nSubject: A visitor waits\n\nSomebody asks",
        "From: Front desk <desk@example.com>\nSent: Tuesday, December 1, 2026 6:34 PM\nTo: Anna\nSubject: A visitor waits\n\nSomebody asks",
        "-----Original Message-----\nFrom: Front desk\nSomebody asks",
        "Von: Front desk <desk@example.com>\nGesendet: Dienstag, 1. Dezember 2026 18:34\nAn: Anna\nBetreff: Jemand wartet",
        "-----Ursprüngliche Nachricht-----\nVon: Front desk\nJemand wartet",
        "De : Front desk <desk@example.com>\nEnvoyé : mardi 1 décembre 2026 18:34\nÀ : Anna\nObjet : Quelqu’un attend",
        "De: Front desk <desk@example.com>\nEnviado: martes, 1 de diciembre de 2026 18:34\nPara: Anna\nAsunto: Alguien espera",
        "De: Front desk <desk@example.com>\nEnviada em: terça-feira, 1 de dezembro de 2026 18:34\nPara: Anna\nAssunto: Alguém espera",
        "*From:* Front desk <desk@example.com>\n*Sent:* Tuesday\n*To:* Anna\n*Subject:* A visitor waits",
        // Another language, with our line below.
        "Dnia 1 grudnia 2026 o 18:34 Front desk <desk@example.com> napisał(a):\n> Ktoś czeka",
        &format!(
            "1 декабря 2026 г. Front desk <desk@example.com> пишет:\n\n{INVITATION}\n\nA visitor waits"
        ),
        &format!("{INVITATION}\n\nA visitor waits"),
        "## Reply above this line. Your words go to\nthe visitor. ##\n\nA visitor waits",
        // Signatures.
        "-- \nAnna Example\n+49 30 1234567",
        "Sent from my iPhone",
        "Von meinem iPhone gesendet",
        "Sent from my iPhone\n\n> On 1. Dec 2026, at 18:34, Front desk wrote:\n> A visitor waits",
    ] {
        assert_eq!(cut(below), ANSWER, "{below}");
    }
}

#[test]
fn words_of_the_person_stay() {
    for text in [
        "On Monday we wrote:\nclosed until nine",
        "From: the station take bus 12.\nIt stops at the door.",
        "Our address:\nanna@example.com",
        "Please write to anna@example.com:\nshe knows.",
        "De: 9 a 5, todos los días.",
        "Le prix :\n12 €",
        "Sent from my desk is the parcel.\nIt comes on Monday.",
        "- one\n- two\n\nthree",
    ] {
        assert_eq!(own_words(text), text, "{text}");
    }
}

#[test]
fn a_letter_of_any_length_is_read_in_one_go() {
    let began = std::time::Instant::now();
    let empty = format!("Yes.\n{}x", "\n".repeat(1 << 20));
    assert_eq!(own_words(&empty), "Yes.\n\nx");
    let quoted = "> A visitor waits\n".repeat(60_000);
    assert_eq!(own_words(&format!("At nine.\n\n{quoted}")), "At nine.");
    let said = "On Tue, 1 Dec 2026, Desk\n".repeat(40_000);
    assert!(own_words(&said).starts_with("On Tue"));
    assert!(began.elapsed() < std::time::Duration::from_secs(30));
}

#[test]
fn answers_between_the_lines_keep_their_words() {
    let text = "> When do you open?\nAt nine.\n> And on Sunday?\nWe are closed.\n";
    assert_eq!(own_words(text), "At nine.\nWe are closed.");
    assert_eq!(own_words("> only a quotation"), "");
    assert_eq!(own_words(""), "");
    assert_eq!(own_words("a\n\n\n\n\nb\r\n"), "a\n\nb");
}
