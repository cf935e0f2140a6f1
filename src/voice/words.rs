//! What short utterances mean while somebody speaks: listening noises, orders to stop, yes and no. Lists
//! of words in the languages that callers speak most; pure.

/// Said while the other one talks, without wanting the floor.
const BACK_CHANNELS: &str = "mhm mm mmm mm-hmm hm hmm uh uhm um uh-huh uhhuh aha ah oh ok okay okey k yeah yep \
    yup yes right sure fine great good cool nice exactly really wow gotcha indeed alright true understood perfect \
    i see got it all go on of course that's you know thank thanks thank-you \
    ja jaja jo genau klar gut stimmt richtig okee ach achso aso hmhm jup super verstehe \
    sí si claro vale bueno ya ajá aja bien exacto entiendo \
    oui ouais d'accord daccord voilà voila bien exactement hum ah bon entendu \
    certo esatto bene capisco va già gia \
    sim pois certo claro entendi tá ta isso beleza \
    prima precies oké oke juist klopt jawel \
    tak no dobrze jasne aha rozumiem właśnie \
    да ага угу так ясно понятно хорошо ну \
    evet hı hıhı tamam peki tabii anladım \
    嗯 对 好 是 نعم طيب";
/// Words that are back-channels only beside others of these lists.
const WEAK: &str = "i see got it all go on of course you know that's va ah bon";
/// These always take the floor.
const INTERRUPTS: &str = "stop wait no nope hold hang actually sorry excuse cancel enough quiet shut pause \
    halt stopp warte warten moment nein falsch stop! \
    para espera no basta alto momento perdón perdon \
    arrête arrete arrêtez arretez attends attendez non \
    ferma fermo aspetta aspetti basta scusi \
    pare espere não nao \
    wacht nee stoppen \
    stój stop czekaj nie przestań \
    стоп подожди подождите нет хватит \
    dur bekle hayır";
const YES: &str = "yes yeah yep yup sure ok okay please correct right exactly agree agreed absolutely definitely \
    certainly fine perfect course go continue ja klar gerne gern genau richtig stimmt jawohl sicher weiter \
    sí si claro vale correcto exacto acuerdo oui ouais d'accord accord exact exactement volontiers sì certo esatto \
    corretto sim claro certo isso tak dobrze да конечно evet tamam";
const NO: &str = "no nope nah not don't dont never wrong incorrect nein nicht falsch nee non pas faux incorrecto não nao \
    nie нет не hayır sbagliato";
/// These say no even before other words.
const PLAIN_NO: &str = "no nope nah nein nee non não nao nie нет hayır";
/// Words that may stand beside a yes or no.
const AROUND: &str = "i do you may can it is that's that thats the a to thank thanks record recording me this call \
    of with and well um uh oh please now on go ahead all it's its would like want rather prefer not really bitte \
    danke das ist por favor está bien s'il vous plaît je le la il va bene grazie prego per favore";
const FAREWELLS: &[&str] = &[
    "goodbye",
    "good bye",
    "bye",
    "bye bye",
    "that's all",
    "thats all",
    "that is all",
    "that will be all",
    "that's it",
    "have a nice day",
    "see you",
    "tschüss",
    "auf wiederhören",
    "auf wiedersehen",
    "das war's",
    "das wars",
    "das ist alles",
    "adiós",
    "adios",
    "hasta luego",
    "eso es todo",
    "au revoir",
    "c'est tout",
    "arrivederci",
    "è tutto",
    "tot ziens",
    "do widzenia",
    "до свидания",
];
/// A sentence that ends in one of these is not over.
const UNFINISHED: &str = "and or but so because if when that which who the a an my your our to of for with at in on \
    from by about is are was were um uh er like und oder aber weil wenn dass der die das ein eine mein zu mit für von \
    äh ähm y o pero porque que el la los un una de con para et ou mais parce le les une du des avec pour e ma perché il";

fn within(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|known| known == word)
}

/// The words of a text, lower case, without punctuation around them.
pub(super) fn words(text: &str) -> Vec<String> {
    text.split_whitespace()
        .map(|word| {
            word.trim_matches(|c: char| !c.is_alphanumeric())
                .to_lowercase()
                .replace('’', "'")
        })
        .filter(|word| !word.is_empty())
        .collect()
}

/// A text as it is compared: its words with single spaces.
pub(super) fn normalised(text: &str) -> String {
    words(text).join(" ")
}

/// What words mean that come while the front desk speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overlap {
    /// Nothing was understood.
    Nothing,
    /// The caller listens and shows it.
    BackChannel,
    /// One word that may be anything.
    Unsure,
    /// The caller wants to speak.
    Floor,
}

/// What these words mean while the front desk speaks.
pub fn overlap(text: &str) -> Overlap {
    let said = words(text);
    if said.is_empty() {
        return Overlap::Nothing;
    }
    if said.iter().any(|w| within(INTERRUPTS, w)) && !only_back_channels(&said) {
        return Overlap::Floor;
    }
    if only_back_channels(&said) {
        return Overlap::BackChannel;
    }
    let others = said.iter().filter(|w| !within(BACK_CHANNELS, w)).count();
    match (others, said.len()) {
        (0, _) | (1, 1) => Overlap::Unsure,
        _ => Overlap::Floor,
    }
}

fn only_back_channels(said: &[String]) -> bool {
    // "No" is a particle in Polish, and an order everywhere else.
    said.len() <= 6
        && said
            .iter()
            .all(|w| within(BACK_CHANNELS, w) && !within(INTERRUPTS, w))
        && (said.len() == 1 && !within(WEAK, &said[0]) || said.len() > 1)
}

/// Yes, no, or neither of them.
pub fn yes_or_no(text: &str) -> Option<bool> {
    let said = words(text);
    if said.is_empty() || said.len() > 8 {
        return None;
    }
    let fits = |w: &String| within(YES, w) || within(NO, w) || within(AROUND, w);
    let known = said.iter().filter(|w| fits(w)).count();
    let begins = said.first().is_some_and(|w| within(PLAIN_NO, w));
    if begins && !text.trim_end().ends_with('?') {
        return Some(false);
    }
    if known < said.len() {
        return None;
    }
    let no = said.iter().any(|w| within(NO, w));
    let yes = said.iter().any(|w| within(YES, w));
    match (yes, no) {
        (_, true) => Some(false),
        (true, false) => Some(true),
        (false, false) => None,
    }
}

/// Whether the caller takes leave, and does nothing else.
pub fn is_farewell(text: &str) -> bool {
    let said = normalised(text);
    let padded = format!(" {said} ");
    said.split(' ').count() <= 10
        && !text.contains('?')
        && FAREWELLS
            .iter()
            .any(|known| padded.contains(&format!(" {known} ")))
}

/// Whether the words are a whole sentence, as far as the recogniser's punctuation says.
pub fn ends_sentence(text: &str) -> bool {
    let trimmed = text.trim_end();
    trimmed.ends_with(['.', '?', '!', '。', '？', '！']) && !trimmed.ends_with("...")
}

/// Whether the words break off in mid-sentence.
pub fn is_unfinished(text: &str) -> bool {
    let trimmed = text.trim_end();
    if trimmed.ends_with(['?', '!']) {
        return false;
    }
    trimmed.ends_with([',', '-', '–', '…'])
        || trimmed.ends_with("...")
        || words(text).last().is_some_and(|w| within(UNFINISHED, w))
}

/// Share of the words of `heard` that stand in `spoken` too, in runs of two: 1 is the same words.
pub fn shared(heard: &str, spoken: &str) -> f32 {
    let (heard, spoken) = (words(heard), words(spoken));
    if heard.is_empty() {
        return 0.0;
    }
    if let [only] = heard.as_slice() {
        return if spoken.contains(only) { 1.0 } else { 0.0 };
    }
    let found = heard
        .windows(2)
        .filter(|pair| spoken.windows(2).any(|other| other == *pair))
        .count();
    found as f32 / (heard.len() - 1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn back_channels_and_orders() {
        for (text, expected) in [
            ("", Overlap::Nothing),
            ("Mhm.", Overlap::BackChannel),
            ("yeah, okay", Overlap::BackChannel),
            ("Uh-huh.", Overlap::BackChannel),
            ("I see.", Overlap::BackChannel),
            ("Ja, genau.", Overlap::BackChannel),
            ("d'accord", Overlap::BackChannel),
            ("evet tamam", Overlap::BackChannel),
            ("Stop.", Overlap::Floor),
            ("No, wait", Overlap::Floor),
            ("Actually yes", Overlap::Floor),
            ("Warte mal", Overlap::Floor),
            ("you", Overlap::Unsure),
            ("what about Sunday", Overlap::Floor),
            ("okay but when", Overlap::Floor),
        ] {
            assert_eq!(overlap(text), expected, "{text}");
        }
    }

    #[test]
    fn yes_no_and_neither() {
        for (text, expected) in [
            ("Yes, please.", Some(true)),
            ("Yeah, that's right.", Some(true)),
            ("No.", Some(false)),
            ("No, it's five five six", Some(false)),
            ("I don't want that", Some(false)),
            ("Ja, gerne", Some(true)),
            ("When do you open?", None),
            ("", None),
        ] {
            assert_eq!(yes_or_no(text), expected, "{text}");
        }
    }

    #[test]
    fn leave_is_taken_only_with_leave_words() {
        assert!(is_farewell("Okay, thank you, goodbye!"));
        assert!(is_farewell("No, that's all, thanks."));
        assert!(!is_farewell("Do you say goodbye to the dentist on Sunday?"));
        assert!(!is_farewell("When are you open?"));
    }

    #[test]
    fn a_dangling_word_is_no_end() {
        assert!(is_unfinished("I would like to know if"));
        assert!(is_unfinished("well um,"));
        assert!(!is_unfinished("Are you open on Sunday?"));
    }

    #[test]
    fn our_own_words_are_recognised() {
        assert!(shared("open from nine to", "We are open from nine to five.") > 0.9);
        assert!(shared("what about Sunday", "We are open from nine to five.") < 0.1);
    }
}
