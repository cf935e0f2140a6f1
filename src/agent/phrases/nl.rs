//! Dutch.

use super::{Cues, Phrases};

pub(super) const PHRASES: Phrases = Phrases {
    greeting: "Hallo! Waarmee kan ik u helpen?",
    how_are_you: "Het gaat goed, dank u. Waarmee kan ik u helpen?",
    thanks: "Graag gedaan! Kan ik u nog ergens mee helpen?",
    goodbye: "Graag gedaan en tot ziens! Fijne dag verder.",
    bot: "Ik ben een AI-assistent, geen mens. Ik beantwoord vragen voor {business} met de eigen \
        informatie en kan u doorverbinden met het team.",
    capabilities: "Ik beantwoord vragen over {business} met de eigen informatie, bijvoorbeeld over \
        openingstijden, prijzen en diensten. Als ik iets niet weet, zeg ik dat, en ik kan u \
        doorverbinden met het team.",
    handover: "Ik breng u in contact met ons team: laat hier uw naam en telefoonnummer of e-mailadres \
        achter en een medewerker belt u terug.",
    noted: "Dank u, ik heb dit genoteerd voor ons team. Een medewerker neemt contact met u op.",
    abuse: "Het spijt me dat dit vervelend is. Ik wil graag helpen: zeg wat u nodig hebt, of laat \
        uw naam en telefoonnummer of e-mailadres achter en een medewerker neemt contact op.",
    language: "Natuurlijk, u kunt mij in het Nederlands schrijven. Citaten kunnen in de taal van onze \
        documenten staan.",
    unclear: "Sorry, dat begreep ik niet. Kunt u uw vraag in een paar woorden stellen?",
    acknowledged: "Goed. Kan ik u nog ergens mee helpen?",
    refusal: "Dat vind ik niet in onze informatie en ik wil niet gokken. Als u hier uw naam en \
        telefoonnummer of e-mailadres achterlaat, neemt een medewerker contact met u op.",
    related: "Precies dat heb ik niet gevonden. Dit komt in onze informatie het dichtst in de buurt, al beantwoordt het uw vraag misschien niet:",
    offer: "Als u hier uw naam en telefoonnummer of e-mailadres achterlaat, neemt iemand van het team contact met u op.",
    unanswered: "Over “{}” heb ik niets gevonden in onze informatie.",
    quoted: "In onze documenten staat:",
    older: "Een ouder document, “{}”, zegt iets anders; het nieuwere geldt.",
};

pub(super) const CUES: Cues = Cues {
    greetings: "hallo|hoi|hey|hi|goedemorgen|goedemiddag|goedenavond|goedendag|goeie \
        morgen|goeiemorgen|dag|hoihoi|is er iemand",
    how_are_you: "hoe gaat het|hoe gaat het met je|hoe gaat het met u|hoe gaat ie|alles goed|hoe is \
        het|hoe gaat het ermee|hoe is ie",
    thanks: "dank je|dank je wel|dank u|dank u wel|dankjewel|dankuwel|bedankt|hartelijk dank|heel \
        erg bedankt|hartstikke bedankt|veel dank|voor de hulp|voor je hulp|voor uw hulp|voor \
        de informatie|thanks|merci",
    goodbye: "tot ziens|doei|dag|doeg|tot later|tot morgen|tot snel|fijne dag|fijne dag nog|fijne \
        avond|prettige dag|fijn weekend|welterusten|goedenacht|dat was alles|dat is alles|dat \
        was het|nee dank je|nee bedankt|nee dank u|de groeten|houdoe",
    bot: "wie ben je|wie ben jij|wie bent u|wat ben je|wat ben jij|ben je een bot|ben je een \
        robot|ben je een mens|ben je echt|ben jij een bot|ben jij een robot|ben jij een \
        mens|ben jij echt|bent u een robot|bent u een mens|bent u een bot|bent u een echt \
        persoon|ben je een computer|is dit een bot|is dit een robot|is dit een mens|praat ik \
        met een mens|praat ik met een robot|praat ik met een bot|spreek ik met een mens|hoe \
        heet je|hoe heet u|wat is je naam|hoe oud ben je|wie heeft je gemaakt|ben je een \
        ai|ben je een echt mens",
    capabilities: "wat kun je|wat kun je doen|wat kan je|wat kan jij|wat kunt u|wat kunt u voor mij \
        doen|wat kun je voor me doen|waarmee kun je helpen|waarmee kunt u helpen|wat kan ik \
        vragen|help|hulp|ik heb hulp nodig|kun je me helpen|kunt u mij helpen|kan je me \
        helpen|ik heb een vraag|ik heb een vraagje|een vraag|vraagje|ik heb een paar \
        vragen|hoe werkt dit|mag ik iets vragen",
    acknowledgements: "ok|oke|okay|prima|goed|heel goed|perfect|mooi|super|top|begrepen|ik snap het|ik \
        begrijp het|duidelijk|akkoord|fijn|leuk|geweldig|is goed",
    fillers: "allemaal iedereen team mensen bot alstublieft alsjeblieft aub haha dan en nog heel erg \
        ook zo nou ja meneer mevrouw daar u je jij hoor even",
    verbs: "spreken praten bellen contact doorverbinden doorverbind verbinden verbind chatten \
        bereiken overleggen doorschakelen",
    persons: "mens persoon iemand medewerker medewerkster collega receptionist receptioniste \
        vertegenwoordiger agent adviseur manager leidinggevende",
    wish: "wil kan mag graag zou kunt kun moet liever",
    around: "ik wil kan mag graag zou kunt kun u je jij moet liever met een de het echte echt \
        levende menselijke mens persoon iemand niet geen machine robot bot computer en \
        alstublieft alsjeblieft aub nu meteen direct van uw jullie team kantoor in plaats \
        anders mij me even willen krijgen hebben op door klantenservice",
    callback: "bel mij|bel me|bel me terug|bel mij terug|terugbellen|teruggebeld \
        worden|teruggebeld|terugbelverzoek|mij bellen|mij terugbellen|me terugbellen|neem \
        contact met mij op",
    insults: "klote kut kutding lul eikel idioot dom domme stom stomme sukkel kanker tering tyfus \
        fuck shit waardeloos nutteloos hoer godverdomme trut debiel achterlijk rotzooi",
    insult_around: "je jij bent u is dit dat een wat zo de het hou je bek op rot op ding bot robot machine \
        echt heel zeg en van",
    complaints: "dit helpt niet|dat helpt niet|je begrijpt me niet|u begrijpt mij niet|dat vroeg ik \
        niet|dat klopt niet|dat is fout",
    languages: "nederlands|dutch",
    say: "spreek spreken praat praten schrijf schrijven antwoord antwoorden in het alstublieft \
        alsjeblieft kun je kunt u we kunnen kan ik mij me verder",
    yes: "ja|ja graag|ja alstublieft|ja hoor|graag|natuurlijk",
    themes: &[],
};
