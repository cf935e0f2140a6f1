use super::*;

fn now() -> Zoned {
    "2026-11-23T10:00:00-05:00[America/New_York]"
        .parse()
        .unwrap()
}

fn understood(question: &str, language: &str) -> Option<(Topic, &'static str)> {
    ask(
        question,
        language,
        None,
        "Harbor Dental",
        &["Pharmacy".into()],
        &now(),
    )
    .map(|a| (a.topic, a.language))
}

#[test]
fn questions_about_hours_are_known_in_many_languages() {
    for (question, language, told) in [
        ("u guys open tmrw?", "en", "en"),
        ("Are you open now?", "en", "en"),
        ("what are your hours?", "en", "en"),
        ("waht tiem do yuo colse on firday", "en", "en"),
        (
            "do u work saturdays every week? found an old sheet",
            "en",
            "en",
        ),
        (
            "Day before thanksgiving, how late are you there",
            "en",
            "en",
        ),
        ("Is the office open on Saturday the 21st?", "en", "en"),
        (
            "When does Harbor Dental close on Christmas Eve?",
            "en",
            "en",
        ),
        (
            "what are your hours between xmas and new year, like the 29th",
            "en",
            "en",
        ),
        (
            "when do you open again after new years? regular schedule i mean",
            "en",
            "en",
        ),
        ("when is the pharmacy open?", "en", "en"),
        ("Wie lange haben Sie dienstags geöffnet?", "de", "de"),
        ("habt ihr am Samstag offen?", "en", "de"),
        ("Habt ihr morgen auf?", "de", "de"),
        ("Öffnungszeiten?", "de", "de"),
        ("¿abren los domingos?", "es", "es"),
        ("¿A qué hora cierran el viernes?", "es", "es"),
        ("¿Cuál es el horario?", "es", "es"),
        ("Vous êtes ouverts le samedi ?", "fr", "fr"),
        ("Quels sont vos horaires ?", "fr", "fr"),
        ("Siete aperti domenica?", "it", "it"),
        ("A che ora chiudete oggi?", "it", "it"),
    ] {
        assert_eq!(
            understood(question, language),
            Some((Topic::Hours, told)),
            "{question}"
        );
    }
}

#[test]
fn visits_appointments_and_contact_data() {
    let contact = |address, phone, email| Topic::Contact {
        address,
        phone,
        email,
    };
    for (question, topic) in [
        (
            "Could I come in on thursdays before work, around 8?",
            Topic::Visit { purpose: false },
        ),
        (
            "can I swing by Wednesday at 1pm to pick up my night guard",
            Topic::Visit { purpose: true },
        ),
        ("appointment sat jan 2 possible?", Topic::Appointment),
        ("adress & fone nr pls", contact(true, true, false)),
        ("what's your email?", contact(false, false, true)),
        ("Where are you located?", contact(true, false, false)),
        ("Wie ist Ihre Telefonnummer?", contact(false, true, false)),
    ] {
        assert_eq!(
            understood(question, "en").map(|a| a.0),
            Some(topic),
            "{question}"
        );
    }
}

#[test]
fn what_is_about_somebody_or_something_else_is_passed_on() {
    for question in [
        "is dr raman in on saturday december 19",
        "when does the casco garage close at night?",
        "do you have anything open tomorrow at 10 for a cleaning",
        "Hannah always cleans my teeth. when is she back?",
        "schools just announced a snow closure. is my 8:30 still on?",
        "what is the wifi password",
        "can I open an account",
        "is the pool open on Sunday?",
        "How late do you deliver on Fridays?",
        "can I come in on Friday to see Dr Okafor",
        "what's the phone number of the pharmacy in town hall",
        "taking the sedation pill friday. uber home is fine yeah?",
        "I was in on Monday and my crown fell out",
        "will smile plan prices go up next year?",
        "¿a qué número llamo el domingo?",
        "My face is swelling. can it wait til monday",
        "my kid chipped a tooth on sunday what do i do",
    ] {
        assert_eq!(understood(question, "en"), None, "{question}");
    }
}

#[test]
fn a_follow_up_takes_its_topic_from_the_question_before() {
    let ask = |q: &str, before: &str| ask(q, "en", Some(before), "", &[], &now());
    let asked = ask("and on Sunday?", "Are you open on Saturday?").unwrap();
    assert_eq!(asked.topic, Topic::Hours);
    assert_eq!(asked.mentions.len(), 1);
    assert!(ask("and on Sunday?", "How much is a crown?").is_none());
    assert!(ask("and the crown?", "Are you open on Saturday?").is_none());
    assert_eq!(
        ask("und am Sonntag?", "Habt ihr am Samstag offen?")
            .unwrap()
            .language,
        "de"
    );
}
