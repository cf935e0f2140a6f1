//! What Frontdesk knows of each language, in one table.

use super::calendar::{day_name, is_day};
use super::lists::{is_function_word, is_negation};
use super::numbers::small;
use super::sentences::sentences;
use super::words::{stem, words};
use super::{Language, of_question};

/// Examples in one language.
struct Known {
    language: Language,
    /// A question, and its words.
    question: &'static str,
    words: &'static [&'static str],
    /// Two forms of one word, folded.
    forms: (&'static str, &'static str),
    /// Sentences, separated by bars.
    text: &'static str,
    /// Saturday or Sunday, folded; empty if the language has no calendar yet.
    day: &'static str,
    negation: &'static str,
    function_word: &'static str,
    /// The number two, folded; empty if the language has no number words yet.
    two: &'static str,
}

const ALL: [Known; 12] = [
    Known {
        language: Language::En,
        question: "Do you take Delta Dental?",
        words: &["do", "you", "take", "delta", "dental"],
        forms: ("appointments", "appointment"),
        text: "Dr. Lee is in.|Ask at 9 a.m. Monday.",
        day: "saturday",
        negation: "not",
        function_word: "the",
        two: "two",
    },
    Known {
        language: Language::De,
        question: "Wann habt ihr auf?",
        words: &["wann", "habt", "ihr", "auf"],
        forms: ("strassen", "strasse"),
        text: "Ab dem 3. Mai offen.|Sonst nicht.",
        day: "sonnabend",
        negation: "nicht",
        function_word: "fur",
        two: "zwei",
    },
    Known {
        language: Language::Es,
        question: "¿Qué días trabaja?",
        words: &["que", "dias", "trabaja"],
        forms: ("horarios", "horario"),
        text: "La Sra. Gil atiende.|¿Cuándo?|Hoy.",
        day: "sabado",
        negation: "nunca",
        function_word: "ustedes",
        two: "dos",
    },
    Known {
        language: Language::Fr,
        question: "Est-ce que quelqu'un parle français chez vous ?",
        words: &[
            "est", "ce", "que", "quelqu", "un", "parle", "francais", "chez", "vous",
        ],
        forms: ("horaires", "horaire"),
        text: "Mme Roy est là.|Venez !|À demain.",
        day: "samedi",
        negation: "pas",
        function_word: "vous",
        two: "deux",
    },
    Known {
        language: Language::It,
        question: "siete aperti oggi?",
        words: &["siete", "aperti", "oggi"],
        forms: ("prezzi", "prezzo"),
        text: "Il dott. Riva c'è.|Chiami oggi.",
        day: "sabato",
        negation: "non",
        function_word: "della",
        two: "due",
    },
    Known {
        language: Language::Pt,
        question: "Vocês abrem no sábado?",
        words: &["voces", "abrem", "no", "sabado"],
        forms: ("abertos", "aberto"),
        text: "Abrimos às 9.|Até já.",
        day: "domingo",
        negation: "nao",
        function_word: "voces",
        two: "dois",
    },
    Known {
        language: Language::Nl,
        question: "Zijn jullie morgen open?",
        words: &["zijn", "jullie", "morgen", "open"],
        forms: ("afspraken", "afspraak"),
        text: "Wij zijn open.|Tot zo.",
        day: "zaterdag",
        negation: "niet",
        function_word: "het",
        two: "twee",
    },
    Known {
        language: Language::Pl,
        question: "Czy jest parking?",
        words: &["czy", "jest", "parking"],
        forms: ("godziny", "godzina"),
        text: "Zapraszamy.|Do jutra.",
        day: "sobota",
        negation: "bez",
        function_word: "czy",
        two: "dwie",
    },
    Known {
        language: Language::Tr,
        question: "Yarın açık mısınız?",
        words: &["yarin", "acik", "misiniz"],
        forms: ("fiyatlar", "fiyat"),
        text: "Açığız.|Bekleriz.",
        day: "cumartesi",
        negation: "degil",
        function_word: "icin",
        two: "iki",
    },
    Known {
        language: Language::Ru,
        question: "Сколько стоит чистка?",
        words: &["сколько", "стоит", "чистка"],
        forms: ("цены", "цена"),
        text: "Адрес: ул. Мира, 5.|Ждём вас.",
        day: "",
        negation: "не",
        function_word: "это",
        two: "два",
    },
    Known {
        language: Language::Ar,
        question: "كم سعر التنظيف؟",
        words: &["كم", "سعر", "التنظيف"],
        forms: ("المواعيد", "مواعيد"),
        text: "نحن مغلقون.|هل تأتي غدا؟|نعم.",
        day: "",
        negation: "ليس",
        function_word: "هل",
        two: "",
    },
    Known {
        language: Language::Zh,
        question: "洗牙多少钱？",
        words: &["洗牙", "牙多", "多少", "少钱"],
        forms: ("牙医", "牙医"),
        text: "我们九点开门。|周日休息！",
        day: "",
        negation: "不",
        function_word: "的",
        two: "",
    },
];

fn folded(text: &str) -> Vec<String> {
    words(text).map(|word| word.folded).collect()
}

#[test]
fn every_language_is_known_by_its_examples() {
    assert_eq!(ALL.map(|known| known.language), Language::KNOWN);
    for known in ALL {
        let language = known.language;
        assert_eq!(of_question(known.question), language);
        assert_eq!(folded(known.question), known.words);
        let (one, other) = known.forms;
        assert_eq!(stem(language, one), stem(language, other), "{one} {other}");
        let between = if language == Language::Zh { "" } else { " " };
        let text = known.text.replace('|', between);
        let found: Vec<&str> = sentences(&text)
            .into_iter()
            .filter_map(|range| text.get(range))
            .collect();
        assert_eq!(found, known.text.split('|').collect::<Vec<_>>());
        assert!(is_negation(known.negation), "{}", known.negation);
        assert!(is_function_word(language, known.function_word));
        match known.day {
            "" => assert_eq!(day_name(language, 5), ""),
            day => assert!(is_day(day), "{day}"),
        }
        let two = (!known.two.is_empty()).then_some(2);
        assert_eq!(small(language, known.two), two, "{}", known.two);
    }
}

#[test]
fn letters_of_all_kinds_are_folded() {
    for (text, expected) in [
        ("Straße STRASSE", &["strasse", "strasse"][..]),
        ("İstanbul Iğdır'da", &["istanbul", "igdir", "da"]),
        ("Cafe\u{301} café", &["cafe", "cafe"]),
        ("Ångström Øre Łódź", &["angstrom", "ore", "lodz"]),
        ("Ｆｕｌｌ ﬁn", &["full", "fin"]),
        ("مُغْلَق إلى مدرسة", &["مغلق", "الي", "مدرسه"]),
        ("مفتوحاليوم", &["مفتوحاليوم"]),
        ("我们9点open", &["我们", "9", "点", "open"]),
    ] {
        assert_eq!(folded(text), expected, "{text}");
    }
}
