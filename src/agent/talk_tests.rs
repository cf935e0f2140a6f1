//! Small talk, and messages that only look like it.

use super::*;
use crate::language::of_question;

fn talk(message: &str) -> Option<(Talk, &'static str)> {
    let found = of_message(message, of_question(message), "Bluefin Dental Desk");
    found.map(|(talk, language)| (talk, language.code()))
}

#[test]
fn small_talk_in_english() {
    let mut wrong = Vec::new();
    for (message, kind) in [
        ("hey there", Talk::Greeting),
        ("Hellooo!!", Talk::Greeting),
        ("Good morning, Bluefin team", Talk::Greeting),
        ("hi, how are you?", Talk::HowAreYou),
        ("how's your day going", Talk::HowAreYou),
        ("Thanks a lot for your help!", Talk::Thanks),
        ("ok great, thank you very much", Talk::Thanks),
        ("thats all thx have a good one!", Talk::Goodbye),
        ("no, that's all. bye", Talk::Goodbye),
        ("are you a bot or a real human lol", Talk::Bot),
        ("am I talking to a real person?", Talk::Bot),
        ("hi, what's your name?", Talk::Bot),
        ("What can you do?", Talk::Capabilities),
        (
            "which topics can you answer questions about",
            Talk::Capabilities,
        ),
        ("who developed you?", Talk::Bot),
        ("I really appreciate all your help", Talk::Thanks),
        ("it has been great chatting with you", Talk::Goodbye),
        ("hello, I have a question", Talk::Capabilities),
        ("speak german please", Talk::Language),
        ("I want to talk to a human", Talk::Person),
        ("Can someone from the office call me back?", Talk::Person),
        (
            "this isnt helping. get me someone real please",
            Talk::Person,
        ),
        ("human agent please", Talk::Person),
        ("agent", Talk::Person),
        (
            "can I speak to someone about financing options?",
            Talk::Person,
        ),
        ("please call me back at 207 555 0100", Talk::Person),
        ("you are a stupid bot", Talk::Abuse),
        ("fuck off", Talk::Abuse),
        ("ok cool", Talk::Acknowledgement),
        ("👍", Talk::Acknowledgement),
        ("???", Talk::Unclear),
        ("🦷", Talk::Unclear),
    ] {
        if talk(message).map(|t| t.0) != Some(kind) {
            wrong.push((message, kind, talk(message)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_has_more_to_it_goes_on() {
    let mut wrong = Vec::new();
    for message in [
        "hi, how much is a cleaning?",
        "thanks, and are you open on sunday?",
        "my tooth hurts like hell",
        "ok and does she speak spanish?",
        "Est-ce que quelqu'un parle français chez vous ?",
        "¿Hay algún dentista que hable español y qué días trabaja?",
        "do you speak spanish?",
        "who do I contact about my bill?",
        "what number do I call to reach a person?",
        "can you help me with my crown?",
        "what kind of questions will the dentist ask?",
        "is it real gold?",
        "who made your crowns?",
        "do you have fun activities for kids?",
        "can I use your name as a referral?",
        "how old do you have to be?",
        "I am happy with the crown but it hurts",
        "is this a real diamond?",
        "can someone drive me home after sedation?",
        "good price for whitening?",
        "garbage disposal repair",
        "what do you charge for a bot?",
        "is parking free",
        "hello kitty toothbrush",
        "are you open",
        "how long",
        "is dr raman in on saturday",
        "yes",
        "no",
        "12",
        "can my wife ask you whether I had an appointment? I don't want her to know",
        "do you have anything open tomorrow at 10 for a cleaning",
        "I'm so mad about how I was treated on Friday. Who do I write to and how fast do they answer?",
    ] {
        if let Some(found) = talk(message) {
            wrong.push((message, found));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_language_has_its_small_talk() {
    let mut wrong = Vec::new();
    for (message, kind, language) in [
        ("Guten Tag!", Talk::Greeting, "de"),
        ("Vielen Dank, auf Wiedersehen", Talk::Goodbye, "de"),
        (
            "Ich möchte bitte mit einem Mitarbeiter sprechen",
            Talk::Person,
            "de",
        ),
        ("Bitte rufen Sie mich zurück", Talk::Person, "de"),
        ("Sind Sie ein Mensch oder ein Roboter?", Talk::Bot, "de"),
        (
            "quiero hablar con una persona, no con una máquina",
            Talk::Person,
            "es",
        ),
        ("¡Hola! ¿Qué tal?", Talk::HowAreYou, "es"),
        ("muchas gracias", Talk::Thanks, "es"),
        (
            "Je voudrais parler à un conseiller s'il vous plaît",
            Talk::Person,
            "fr",
        ),
        ("Bonjour, ça va ?", Talk::HowAreYou, "fr"),
        ("merci beaucoup", Talk::Thanks, "fr"),
        ("Vorrei parlare con un operatore", Talk::Person, "it"),
        ("grazie mille, buona giornata", Talk::Goodbye, "it"),
        ("Quero falar com um atendente", Talk::Person, "pt"),
        ("oi, tudo bem?", Talk::HowAreYou, "pt"),
        ("Ik wil graag een medewerker spreken", Talk::Person, "nl"),
        ("Dank u wel!", Talk::Thanks, "nl"),
        ("Chcę rozmawiać z człowiekiem", Talk::Person, "pl"),
        ("Dzień dobry", Talk::Greeting, "pl"),
        ("Bir temsilciyle görüşmek istiyorum", Talk::Person, "tr"),
        ("Teşekkür ederim", Talk::Thanks, "tr"),
        ("Хочу поговорить с человеком", Talk::Person, "ru"),
        ("Здравствуйте, как дела?", Talk::HowAreYou, "ru"),
        ("أريد التحدث مع موظف", Talk::Person, "ar"),
        ("شكرًا جزيلًا", Talk::Thanks, "ar"),
        ("转人工客服", Talk::Person, "zh"),
        ("你是机器人吗？", Talk::Bot, "zh"),
        ("你好", Talk::Greeting, "zh"),
        ("auf deutsch bitte", Talk::Language, "de"),
    ] {
        if talk(message) != Some((kind, language)) {
            wrong.push((message, kind, language, talk(message)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn an_offer_is_taken_or_answered() {
    let offer = crate::agent::phrases::phrases(Language::Es)
        .offers(false)
        .handover;
    for (message, found) in [
        ("Anna Smith, 207 555 0199", Some(Talk::Contact)),
        ("anna@example.com", Some(Talk::Contact)),
        ("sí, por favor", Some(Talk::Person)),
        ("how much is 2075550199?", None),
        ("and on Sunday?", None),
    ] {
        let found = found.map(|talk| (talk, Language::Es));
        assert_eq!(after_offer(message, Some(offer)), found, "{message}");
    }
    assert_eq!(after_offer("yes please", Some("We open at 9.")), None);
    assert_eq!(after_offer("yes please", None), None);
    // Told that nothing was kept, they write it again.
    let unkept = crate::agent::phrases::phrases(Language::De).unkept;
    let again = after_offer("0170 1234567", Some(unkept));
    assert_eq!(again, Some((Talk::Contact, Language::De)));
}

#[test]
fn keys_hit_at_random() {
    for message in ["asdfgh", "sdkfjhsdf", "qwertyuiop asdf"] {
        assert!(is_gibberish(message), "{message}");
    }
    for message in [
        "rhythm",
        "hygiene",
        "CT scan",
        "D2740",
        "crown",
        "Schlüssel",
        "mri",
    ] {
        assert!(!is_gibberish(message), "{message}");
    }
}
