//! Questions that share every word but the one that turns them round: "switch on" and "switch off", "check in" and
//! "check out", "before ten" and "after ten". Vectors lie close together for these, and so do the readings of a small
//! model; the words themselves tell.

use std::collections::BTreeSet;

/// Words, folded, of which those on one side say the contrary of those on the other, or something of which the answer
/// differs as a rule. A language to a line; what is spelt the same elsewhere does no harm there.
const PAIRS: &[(&str, &str)] = &[
    // English
    (
        "open opens opened opening",
        "close closes closed closing shut shuts",
    ),
    (
        "arrive arrives arrival arriving",
        "leave leaves leaving depart departs departure",
    ),
    ("before", "after"),
    ("first", "last"),
    (
        "lock locks locked locking",
        "unlock unlocks unlocked unlocking",
    ),
    (
        "include includes included including",
        "exclude excludes excluded excluding",
    ),
    ("cash", "card cards credit debit"),
    ("dog dogs puppy puppies", "cat cats kitten kittens"),
    ("child children kid kids", "adult adults grown-ups"),
    ("buy buys buying", "sell sells selling"),
    (
        "rent rents renting hire hiring borrow",
        "return returns returning",
    ),
    ("summer", "winter"),
    ("morning mornings", "evening evenings night"),
    ("weekday weekdays", "weekend weekends"),
    (
        "minimum smallest shortest lowest youngest least",
        "maximum largest biggest longest highest oldest",
    ),
    ("cheapest", "dearest"),
    ("indoor indoors inside", "outdoor outdoors outside"),
    ("hot warm", "cold"),
    (
        "start starts begin begins beginning",
        "end ends finish finishes",
    ),
    ("women woman ladies girls", "men man gentlemen boys"),
    ("upgrade", "downgrade"),
    ("single", "double"),
    // German
    (
        "offnen offnet geoffnet offen",
        "schliessen schliesst geschlossen schliesen",
    ),
    ("anreise anreisen ankunft", "abreise abreisen abfahrt"),
    ("vor", "nach"),
    (
        "erste erster erstes ersten",
        "letzte letzter letztes letzten",
    ),
    ("bar bargeld", "karte karten kreditkarte ec-karte"),
    ("hund hunde", "katze katzen"),
    ("kind kinder", "erwachsene erwachsener erwachsenen"),
    ("kaufen kauft", "verkaufen verkauft"),
    ("sommer", "winter"),
    ("morgens vormittags", "abends nachmittags nachts"),
    ("werktags wochentags", "wochenende wochenenden"),
    ("mindestens minimum mindest", "hochstens maximum hochst"),
    ("innen drinnen", "aussen draussen"),
    ("warm heiss", "kalt"),
    ("beginnt anfang beginn", "endet ende"),
    ("damen frauen", "herren manner"),
    // Spanish
    (
        "abrir abre abren abris abierto abiertos",
        "cerrar cierra cierran cerrado cerrados",
    ),
    ("llegar llegada entrada", "salir salida"),
    ("antes", "despues"),
    ("primer primero primera", "ultimo ultima"),
    ("efectivo", "tarjeta tarjetas"),
    ("perro perros", "gato gatos"),
    ("nino ninos", "adulto adultos"),
    ("comprar", "vender"),
    ("verano", "invierno"),
    ("encender", "apagar"),
    ("minimo minima", "maximo maxima"),
    ("dentro interior", "fuera exterior"),
    ("caliente", "frio fria"),
    // French
    (
        "ouvrir ouvre ouvrez ouvert ouverture",
        "fermer ferme fermez fermeture",
    ),
    ("arriver arrivee", "partir depart"),
    ("avant", "apres"),
    ("premier premiere", "dernier derniere"),
    ("especes liquide", "carte cartes"),
    ("chien chiens", "chat chats"),
    ("enfant enfants", "adulte adultes"),
    ("acheter", "vendre"),
    ("ete", "hiver"),
    ("matin", "soir"),
    ("allumer", "eteindre"),
    ("interieur", "exterieur"),
    ("chaud", "froid"),
    // Italian
    (
        "aprire apre aprite aperto",
        "chiudere chiude chiudete chiuso",
    ),
    ("arrivo arrivare", "partenza partire"),
    ("prima", "dopo"),
    ("contanti", "carta carte"),
    ("cane cani", "gatto gatti"),
    ("bambini bambino", "adulti adulto"),
    // Dutch
    ("openen opent", "sluiten sluit"),
    ("aankomst", "vertrek"),
    ("voor", "na"),
    ("contant", "pin kaart"),
    ("hond honden", "kat katten"),
];

/// English and German verbs that a small word turns round, wherever it stands behind them.
const TURNED: &str = "switch switched switching turn turned turning put power check checked checking checkin checkout log \
    logged sign signed clock move moving plug get drop schalte schalten schaltet mache machen stelle stellen drehe drehen \
    checke checken logge loggen melde melden";
/// Such small words.
const SMALL: [(&str, &str); 6] = [
    ("on", "off"),
    ("in", "out"),
    ("up", "down"),
    ("ein", "aus"),
    ("an", "aus"),
    ("an", "ab"),
];

/// Beginnings that turn a word into its contrary: "locked" and "unlocked", "anmelden" and "abmelden".
const BEGINNINGS: [(&str, &str); 10] = [
    ("", "un"),
    ("", "dis"),
    ("", "de"),
    ("ein", "aus"),
    ("an", "aus"),
    ("an", "ab"),
    ("auf", "zu"),
    ("auf", "ab"),
    ("be", "ent"),
    ("con", "des"),
];
/// Fewest letters of the word behind them.
const LEAST_LETTERS: usize = 4;

/// Whether a question turns another round: it has a word of which that has the contrary, and not the word itself. `told`
/// is what that one's answer says: an answer that speaks of both sides answers both.
pub(super) fn contrary(question: &[String], other: &[String], told: &BTreeSet<String>) -> bool {
    let (ours, theirs) = (only(question, other), only(other, question));
    let both = |one: &dyn Fn(&str) -> bool, opposite: &dyn Fn(&str) -> bool| {
        let asks = ours.iter().any(|w| one(w)) && !ours.iter().any(|w| opposite(w));
        let has = theirs.iter().any(|w| opposite(w)) && !theirs.iter().any(|w| one(w));
        asks && has && !told.iter().any(|w| one(w))
    };
    let in_pairs = PAIRS.iter().any(|(a, b)| {
        let (a, b) = (|w: &str| is_in(a, w), |w: &str| is_in(b, w));
        both(&a, &b) || both(&b, &a)
    });
    in_pairs || is_turned(question, other) || begins_otherwise(&ours, &theirs, told)
}

/// The words of one that the other does not have.
fn only<'a>(words: &'a [String], others: &[String]) -> Vec<&'a str> {
    let words = words.iter().filter(|word| !others.contains(word));
    words.map(String::as_str).collect()
}

/// "Turn … on" and "turn … off".
fn is_turned(question: &[String], other: &[String]) -> bool {
    SMALL.iter().any(|(one, opposite)| {
        let says = |words: &[String], small: &str, not: &str| {
            let verb = words.iter().position(|w| is_in(TURNED, w));
            let behind = verb.and_then(|at| words.get(at + 1..)).unwrap_or_default();
            let joined = words.iter().any(|w| w == &format!("check{small}"));
            let has = joined || behind.iter().any(|w| w == small);
            // "Out" tells more than "in", which stands in many a question.
            has && !words.iter().any(|w| w == not && not == *opposite)
        };
        (says(question, opposite, one) && says(other, one, opposite))
            || (says(question, one, opposite) && says(other, opposite, one))
    })
}

fn begins_otherwise(ours: &[&str], theirs: &[&str], told: &BTreeSet<String>) -> bool {
    let turns = |one: &str, other: &str| {
        BEGINNINGS.iter().any(|(a, b)| {
            let pairs = [(a, b), (b, a)];
            pairs.into_iter().any(|(a, b)| {
                let stem = one
                    .strip_prefix(a)
                    .filter(|s| s.chars().count() >= LEAST_LETTERS);
                stem.is_some_and(|stem| other.strip_prefix(b) == Some(stem))
            })
        })
    };
    let unsaid = ours.iter().filter(|word| !told.contains(**word));
    let mut pairs = unsaid.flat_map(|one| theirs.iter().map(move |other| (*one, *other)));
    pairs.any(|(one, other)| turns(one, other))
}

fn is_in(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|known| known == word)
}

#[cfg(test)]
mod tests {
    use unicode_segmentation::UnicodeSegmentation;

    use super::*;
    use crate::language::words::unaccented;

    fn is_contrary(question: &str, other: &str, answer: &str) -> bool {
        let words = |text: &str| text.unicode_words().map(unaccented).collect::<Vec<_>>();
        contrary(
            &words(question),
            &words(other),
            &words(answer).into_iter().collect(),
        )
    }

    #[test]
    fn a_word_turns_a_question_round() {
        for (question, other) in [
            (
                "How do I turn off the heating?",
                "How do I turn the heating on?",
            ),
            ("Can I check out early?", "Can I check in early?"),
            ("When is checkout?", "When is checkin?"),
            ("When do you close?", "When do you open?"),
            ("Do you deliver after ten?", "Do you deliver before ten?"),
            ("How do I unlock it?", "How do I lock it?"),
            ("Can I pay in cash?", "Can I pay by card?"),
            ("Are cats allowed?", "Are dogs allowed?"),
            ("Wann ist die Abreise?", "Wann ist die Anreise?"),
            (
                "Wie schalte ich das Licht aus?",
                "Wie schalte ich das Licht ein?",
            ),
            ("Wie kann ich mich abmelden?", "Wie kann ich mich anmelden?"),
            ("¿A qué hora cierran?", "¿A qué hora abren?"),
            ("Puis-je payer en espèces ?", "Puis-je payer par carte ?"),
        ] {
            assert!(is_contrary(question, other, "Nine."), "{question}");
            assert!(is_contrary(other, question, "Nine."), "{other}");
        }
    }

    #[test]
    fn the_same_in_other_words_is_not_contrary() {
        for (question, other) in [
            (
                "How can I turn the towel rail on?",
                "How do I switch on the towel rail?",
            ),
            ("Is it possible to check in early?", "Can I check in early?"),
            (
                "Are you open on Sunday in winter?",
                "Do you open in winter?",
            ),
            ("Can I bring my dog in?", "Are dogs allowed?"),
            ("Is there parking on site?", "Do you have parking?"),
            ("Do you take cash and cards?", "Do you take cards?"),
        ] {
            assert!(!is_contrary(question, other, "Yes."), "{question}");
        }
        // The answer speaks of both.
        assert!(!is_contrary(
            "When do you close?",
            "When do you open?",
            "We open at 9 and close at 5."
        ));
    }
}
