//! The languages of short texts.

use super::*;

#[test]
fn the_language_of_short_questions() {
    let mut wrong = Vec::new();
    for (text, language) in [
        ("hey there", "en"),
        ("open on mlk day?", "en"),
        ("adress & fone nr pls", "en"),
        ("u guys open tmrw?", "en"),
        ("Do you take Delta Dental?", "en"),
        ("do u numb with articaine or lidocaine", "en"),
        ("crown price", "en"),
        ("12:30?", "en"),
        ("", "en"),
        ("🙂", "en"),
        ("Hallo", "de"),
        ("Danke!", "de"),
        ("Was kostet das?", "de"),
        ("Wann habt ihr auf?", "de"),
        ("Wie lange haben Sie dienstags geöffnet?", "de"),
        ("Kleben Sie auch Zahnschmuck oder Piercings?", "de"),
        ("hola", "es"),
        ("¿Cuánto cuestan las carillas dentales?", "es"),
        ("quiero hablar con una persona, no con una máquina", "es"),
        ("¿Qué días trabaja?", "es"),
        ("bonjour", "fr"),
        (
            "Combien coûte un nettoyage pour adulte sans assurance ?",
            "fr",
        ),
        ("Est-ce que quelqu'un parle français chez vous ?", "fr"),
        ("ciao", "it"),
        (
            "Quanto costa il bite notturno rigido e quello morbido?",
            "it",
        ),
        ("siete aperti oggi?", "it"),
        ("olá", "pt"),
        ("obrigado", "pt"),
        ("Quanto custa uma limpeza?", "pt"),
        ("Vocês abrem no sábado?", "pt"),
        ("Hoeveel kost een controle?", "nl"),
        ("Zijn jullie morgen open?", "nl"),
        ("dzień dobry", "pl"),
        ("Ile kosztuje czyszczenie zębów?", "pl"),
        ("Czy jest parking?", "pl"),
        ("merhaba", "tr"),
        ("Yarın açık mısınız?", "tr"),
        ("Bu ne kadar?", "tr"),
        ("Сколько стоит чистка?", "ru"),
        ("привет", "ru"),
        ("Скільки це коштує і коли?", "und"),
        ("كم سعر التنظيف؟", "ar"),
        ("شكرا", "ar"),
        ("你好", "zh"),
        ("洗牙多少钱？", "zh"),
        ("これはいくらですか", "und"),
        ("가격이 얼마예요?", "und"),
        ("hello 你好 my friend, how much is this?", "en"),
    ] {
        let found = of_question(text).code();
        if found != language {
            wrong.push((text, language, found));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_few_odd_words_are_in_the_likely_language() {
    let mut wrong = Vec::new();
    for (text, likely, language) in [
        ("wat tym do u shut on sundy", &[Language::En][..], "en"),
        ("im hungry wats on", &[Language::En], "en"),
        ("u hav hi chares for babys", &[Language::En], "en"),
        ("crowns prize", &[Language::De, Language::En], "de"),
        ("12:30?", &[Language::Es], "es"),
        ("parking", &[Language::Fr], "fr"),
        ("wat price", &[Language::En], "en"),
        ("Was kostet eine Krone?", &[Language::En], "de"),
        ("¿Cuánto cuesta una corona?", &[Language::En], "es"),
        ("Gdzie mogę zaparkować samochód?", &[Language::En], "pl"),
        (
            "Hur mycket kostar det att laga en tand hos er på lördag?",
            &[Language::En],
            "und",
        ),
    ] {
        let found = of_question_among(text, likely).code();
        if found != language {
            wrong.push((text, language, found));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
