//! Addresses, numbers, choices, names, yes and no, and the wish to stop, in ten languages.

use super::{
    Answer, Phrases, Text, answer, choice, corrects, email, is_question, is_said_loosely, name,
    number, phone, question_beside, wants_to_stop,
};
use crate::language::Language;

#[test]
fn addresses_are_found_in_sentences_and_spelled_out() {
    for (language, text, expected) in [
        (
            Language::En,
            "write to <Anna.Weber+x@example.co.uk>, please",
            "Anna.Weber+x@example.co.uk",
        ),
        (Language::En, "anna at example dot com", "anna@example.com"),
        (
            Language::De,
            "anna punkt weber ät beispiel punkt de",
            "anna.weber@beispiel.de",
        ),
        (
            Language::Fr,
            "anna arobase exemple point fr",
            "anna@exemple.fr",
        ),
        (
            Language::Es,
            "anna arroba ejemplo punto es",
            "anna@ejemplo.es",
        ),
        (
            Language::It,
            "anna chiocciola esempio punto it",
            "anna@esempio.it",
        ),
        (
            Language::Pt,
            "anna arroba exemplo ponto pt",
            "anna@exemplo.pt",
        ),
        (
            Language::Nl,
            "anna apenstaartje voorbeeld punt nl",
            "anna@voorbeeld.nl",
        ),
        (
            Language::Pl,
            "anna małpa example kropka pl",
            "anna@example.pl",
        ),
        (Language::Tr, "anna et ornek nokta com", "anna@ornek.com"),
        (
            Language::Ru,
            "anna собака example точка ru",
            "anna@example.ru",
        ),
    ] {
        let read = Text::new(text, language);
        assert_eq!(
            email(&read, true).map(|read| read.what).as_deref(),
            Some(expected),
            "{text}"
        );
    }
    for text in ["meet me at noon", "@anna", "a@b", "see you at example"] {
        assert_eq!(email(&Text::new(text, Language::En), true), None, "{text}");
    }
}

#[test]
fn numbers_of_telephones_are_told_from_dates() {
    for (text, expected) in [
        ("my number is 0171 2345678", Some("0171 2345678")),
        ("+49 (0)30 / 123-456 thanks", Some("+49 (0)30 / 123-456")),
        ("06.12.34.56.78", Some("06.12.34.56.78")),
        ("call 555-123-4567", Some("555-123-4567")),
        ("on 12.12.2026", None),
        ("2026-12-24", None),
        ("8.12. 15.30", None),
        ("4 people at 7", None),
        ("1234", None),
    ] {
        let read = Text::new(text, Language::En);
        assert_eq!(
            phone(&read, false).map(|read| read.what).as_deref(),
            expected,
            "{text}"
        );
    }
}

#[test]
fn numbers_stand_beside_their_units() {
    for (language, text, units, expected) in [
        (
            Language::En,
            "a table for four people",
            "people|persons",
            Some(4.0),
        ),
        (Language::En, "twenty-one people", "people", Some(21.0)),
        (
            Language::De,
            "für vier Personen",
            "Personen|Person",
            Some(4.0),
        ),
        (
            Language::Fr,
            "pour quatre personnes",
            "personnes",
            Some(4.0),
        ),
        (
            Language::Es,
            "somos 4 personas",
            "personas|somos",
            Some(4.0),
        ),
        (
            Language::It,
            "siamo in quattro persone",
            "persone",
            Some(4.0),
        ),
        (Language::Pt, "quatro pessoas", "pessoas", Some(4.0)),
        (Language::Nl, "vier personen", "personen", Some(4.0)),
        (Language::Pl, "cztery osoby", "osoby|osób", Some(4.0)),
        (Language::Tr, "dört kişi", "kişi", Some(4.0)),
        (
            Language::Ru,
            "четыре человека",
            "человека|человек",
            Some(4.0),
        ),
        (Language::De, "2,5 kg", "kg", Some(2.5)),
        (Language::De, "1.200 Stück", "Stück", Some(1200.0)),
        (Language::En, "at 4 o'clock", "people", None),
    ] {
        let units = Phrases::of(units.split('|'));
        let found = number(&Text::new(text, language), &units, false);
        assert_eq!(found.map(|read| read.what), expected, "{text}");
    }
    let units = Phrases::of(["people"]);
    let asked = |text: &str| number(&Text::new(text, Language::En), &units, true).map(|r| r.what);
    assert_eq!(asked("4"), Some(4.0));
    assert_eq!(asked("a table for six please"), Some(6.0));
    assert_eq!(asked("4 or 5"), None);
    assert_eq!(asked("many"), None);
}

#[test]
fn an_option_is_named_in_any_form() {
    let options = [
        Phrases::of(["haircut", "cut"]),
        Phrases::of(["full colour", "colour"]),
    ];
    let chosen = |text: &str, asked| {
        choice(&Text::new(text, Language::En), &options, asked).map(|read| read.what)
    };
    assert_eq!(chosen("I'd like a haircut", false), Some(0));
    assert_eq!(chosen("two haircuts", false), Some(0));
    assert_eq!(chosen("a full colour after the cut", false), Some(1));
    assert_eq!(chosen("the second one", true), Some(1));
    assert_eq!(chosen("2", true), Some(1));
    assert_eq!(chosen("the second one", false), None);
    assert_eq!(chosen("3", true), None);
}

#[test]
fn names_are_found_where_somebody_gives_one() {
    for (language, text, expected) in [
        (
            Language::En,
            "Hi, my name is Anna Weber and I need help",
            "Anna Weber",
        ),
        (
            Language::De,
            "Ich heiße Anna-Lena Weber.",
            "Anna-Lena Weber",
        ),
        (
            Language::Fr,
            "Je m'appelle Anne Dupont, bonjour",
            "Anne Dupont",
        ),
        (Language::Es, "me llamo Ana García", "Ana García"),
        (Language::It, "mi chiamo Anna Rossi", "Anna Rossi"),
        (Language::Pt, "o meu nome é Ana Silva", "Ana Silva"),
        (Language::Nl, "mijn naam is Anna de Vries", "Anna"),
        (Language::Pl, "nazywam się Anna Nowak", "Anna Nowak"),
        (Language::Tr, "benim adım Ayşe Yılmaz", "Ayşe Yılmaz"),
        (Language::Ru, "меня зовут Анна Иванова", "Анна Иванова"),
    ] {
        let found = name(&Text::new(text, language), false).map(|read| read.what);
        assert!(
            found
                .as_deref()
                .is_some_and(|found| found.starts_with(expected)),
            "{text}: {found:?}"
        );
    }
    let found = |text: &str, asked| name(&Text::new(text, Language::En), asked).map(|r| r.what);
    assert_eq!(found("anna weber", true).as_deref(), Some("anna weber"));
    assert_eq!(
        found("well, Anna Weber", true).as_deref(),
        Some("Anna Weber")
    );
    assert_eq!(found("I am looking for a dentist", false), None);
}

#[test]
fn yes_and_no_of_each_language() {
    for (language, yes, no) in [
        (Language::En, "yes, that's right", "no, not quite"),
        (Language::De, "ja, passt so", "nein, das stimmt nicht"),
        (Language::Fr, "oui, c'est ça", "non, ce n'est pas ça"),
        (Language::Es, "sí, correcto", "no, está mal"),
        (Language::It, "sì, va bene", "no, è sbagliato"),
        (Language::Pt, "sim, está certo", "não, está errado"),
        (Language::Nl, "ja, dat klopt", "nee, klopt niet"),
        (Language::Pl, "tak, zgadza się", "nie, źle"),
        (Language::Tr, "evet, doğru", "hayır, yanlış"),
        (Language::Ru, "да, все верно", "нет, неверно"),
    ] {
        assert_eq!(
            answer(&Text::new(yes, language)),
            Some(Answer::Yes),
            "{yes}"
        );
        assert_eq!(answer(&Text::new(no, language)), Some(Answer::No), "{no}");
    }
    // Answers to "does that suit you?" in its own words.
    for (language, yes, no) in [
        (Language::It, "mi va bene", "non va bene"),
        (Language::It, "per me va bene, grazie", "non mi va bene"),
        (Language::Pt, "serve", "não serve"),
        (Language::Pt, "pode ser", "não dá"),
        (Language::Nl, "dat past", "dat past niet"),
        (Language::Nl, "dat is goed", "dat is niet goed"),
        (Language::Pl, "pasuje", "nie pasuje"),
        (Language::Tr, "uyar", "uymaz"),
        (Language::Tr, "uygun", "uygun değil"),
        (Language::Ru, "подходит", "не подходит"),
        (Language::Ru, "меня устраивает", "не устраивает"),
    ] {
        let of = |text: &str| answer(&Text::new(text, language));
        assert_eq!(of(yes), Some(Answer::Yes), "{yes}");
        assert_eq!(of(no), Some(Answer::No), "{no}");
    }
    let of = |text: &str| answer(&Text::new(text, Language::En));
    assert_eq!(of("👍"), Some(Answer::Yes));
    assert_eq!(of("I don't know"), Some(Answer::Unsure));
    assert_eq!(of("none"), Some(Answer::Nothing));
    assert_eq!(
        of("right now my dog is barking and I cannot hear a word"),
        None
    );
    assert_eq!(of("yes, but actually no"), None);
    assert_eq!(of("my sink is leaking"), None);
}

#[test]
fn people_stop_in_many_words() {
    for (language, texts) in [
        (
            Language::En,
            [
                "cancel",
                "never mind",
                "I changed my mind",
                "forget it, thanks",
            ],
        ),
        (
            Language::De,
            [
                "abbrechen",
                "vergessen Sie es",
                "ich hab's mir anders überlegt",
                "doch nicht",
            ],
        ),
        (
            Language::Fr,
            [
                "annuler",
                "laissez tomber",
                "j'ai changé d'avis",
                "finalement non",
            ],
        ),
        (
            Language::Es,
            [
                "cancelar",
                "olvídelo",
                "he cambiado de idea",
                "mejor lo dejo",
            ],
        ),
        (
            Language::It,
            [
                "annulla",
                "lasci perdere",
                "ho cambiato idea",
                "non serve più",
            ],
        ),
        (
            Language::Pt,
            ["cancelar", "esqueça", "mudei de ideia", "deixa pra lá"],
        ),
        (
            Language::Nl,
            [
                "annuleren",
                "laat maar",
                "ik heb me bedacht",
                "toch maar niet",
            ],
        ),
        (
            Language::Pl,
            ["anuluj", "nieważne", "rozmyśliłam się", "jednak nie"],
        ),
        (
            Language::Tr,
            ["iptal", "boş ver", "vazgeçtim", "fikrimi değiştirdim"],
        ),
        (
            Language::Ru,
            ["отмена", "забудьте", "я передумал", "больше не хочу"],
        ),
    ] {
        for text in texts {
            assert!(wants_to_stop(&Text::new(text, language)), "{text}");
        }
    }
    for text in [
        "I want to cancel my subscription",
        "the bus stop",
        "yes",
        "my oven stops when I open it",
    ] {
        assert!(!wants_to_stop(&Text::new(text, Language::En)), "{text}");
    }
}

#[test]
fn a_correction_is_heard() {
    for (language, text) in [
        (Language::En, "no, I meant the 14th"),
        (Language::De, "nein, ich meinte den 14."),
        (Language::Fr, "non, je voulais dire le 14"),
        (Language::Es, "no, quise decir el 14"),
        (Language::It, "anzi, il 14"),
        (Language::Pt, "na verdade, dia 14"),
        (Language::Nl, "nee, ik bedoel de 14e"),
        (Language::Pl, "nie, miałem na myśli 14 grudnia"),
        (Language::Tr, "hayır, 14 aralık demek istedim"),
        (Language::Ru, "нет, я имел в виду 14 декабря"),
    ] {
        assert!(corrects(&Text::new(text, language)), "{text}");
    }
    assert!(!corrects(&Text::new("the 14th", Language::En)));
}

#[test]
fn a_question_is_seen_with_and_without_its_mark() {
    for (language, question, no_question) in [
        (Language::En, "do you have parking", "tomorrow at three"),
        (Language::De, "gibt es Parkplätze", "morgen um drei"),
        (
            Language::Fr,
            "est-ce que vous avez un parking",
            "demain à trois heures",
        ),
        (Language::Es, "hay aparcamiento cerca", "mañana a las tres"),
        (Language::It, "avete un parcheggio", "domani alle tre"),
        (Language::Pt, "há estacionamento aí", "amanhã às três"),
        (
            Language::Nl,
            "is er een parkeerplaats",
            "morgen om drie uur",
        ),
        (Language::Pl, "czy macie parking", "jutro o trzeciej"),
        (Language::Tr, "park yeriniz var mı?", "yarın saat üçte"),
        (Language::Ru, "есть ли у вас парковка", "завтра в три"),
    ] {
        assert!(is_question(&Text::new(question, language)), "{question}");
        assert!(
            !is_question(&Text::new(no_question, language)),
            "{no_question}"
        );
    }
}

#[test]
fn a_question_beside_a_value_is_found() {
    let mut text = Text::new("On 8.12. please. Do you have parking?", Language::De);
    text.take(&(1..5));
    assert_eq!(question_beside(&text), Some("Do you have parking?"));
    let mut text = Text::new("Can I come tomorrow?", Language::En);
    text.take(&(3..4));
    assert_eq!(question_beside(&text), None);
}

#[test]
fn a_phrase_is_heard_with_words_between() {
    let phrases = Phrases::of(["book an appointment"]);
    let heard = |text: &str| is_said_loosely(&Text::new(text, Language::En), &phrases);
    assert!(heard("I'd like to book a quick an appointment"));
    assert!(heard("Can I book an appointment for Tuesday?"));
    assert!(!heard("where is my appointment"));
    assert!(!heard("an appointment to book"));
}
