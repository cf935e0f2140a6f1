//! German.

use super::{Cues, Phrases, Theme};
use crate::agent::talk::Talk;

pub(super) const PHRASES: Phrases = Phrases {
    greeting: "Hallo! Wie kann ich Ihnen helfen?",
    how_are_you: "Danke der Nachfrage, alles bestens. Wie kann ich Ihnen helfen?",
    thanks: "Gern geschehen! Kann ich sonst noch etwas für Sie tun?",
    goodbye: "Gern geschehen, und auf Wiedersehen! Einen schönen Tag noch.",
    bot: "Ich bin ein KI-Assistent, kein Mensch. Ich beantworte Fragen für {business} aus dessen \
        eigenen Informationen und kann Sie an das Team weitergeben.",
    capabilities: "Ich beantworte Fragen zu {business} aus den eigenen Informationen, zum Beispiel zu \
        Öffnungszeiten, Preisen und Leistungen. Was ich nicht weiß, sage ich, und ich kann Sie \
        an das Team weitergeben.",
    handover: "Ich verbinde Sie mit unserem Team: Hinterlassen Sie hier Ihren Namen und Ihre \
        Telefonnummer oder E-Mail-Adresse, und jemand aus dem Team ruft Sie zurück.",
    noted: "Vielen Dank, ich habe das für unser Team notiert. Jemand aus dem Team meldet sich bei \
        Ihnen.",
    abuse: "Es tut mir leid, dass das ärgerlich ist. Ich möchte helfen: Sagen Sie mir, was Sie \
        brauchen, oder hinterlassen Sie Namen und Telefonnummer oder E-Mail-Adresse, und \
        jemand aus dem Team meldet sich.",
    language: "Gern, Sie können mir auf Deutsch schreiben. Zitate stehen eventuell in der Sprache \
        unserer Unterlagen.",
    unclear: "Das habe ich leider nicht verstanden. Können Sie Ihre Frage in ein paar Worten \
        stellen?",
    acknowledged: "Gut. Kann ich sonst noch etwas für Sie tun?",
    refusal: "Das finde ich in unseren Informationen nicht und möchte nicht raten. Wenn Sie hier \
        Ihren Namen und Ihre Telefonnummer oder E-Mail-Adresse hinterlassen, meldet sich \
        jemand aus dem Team.",
    related: "Genau das habe ich nicht gefunden. Am nächsten kommt in unseren Informationen dies, auch wenn es Ihre Frage vielleicht nicht beantwortet:",
    offer: "Wenn Sie hier Ihren Namen und Ihre Telefonnummer oder E-Mail-Adresse hinterlassen, meldet sich jemand aus dem Team.",
    unanswered: "Zu „{}“ habe ich in unseren Informationen nichts gefunden.",
    quoted: "In unseren Unterlagen steht:",
    older: "Ein älteres Dokument, „{}“, sagt etwas anderes; das neuere gilt.",
};

pub(super) const CUES: Cues = Cues {
    greetings: "hallo|hi|hey|moin|moin moin|servus|gruss gott|grussgott|grusse|guten tag|guten \
        morgen|guten abend|guten|morgen|tag|hallihallo|huhu|na|ist da jemand|jemand da",
    how_are_you: "wie geht es dir|wie geht es ihnen|wie geht's|wie gehts|wie geht's dir|wie gehts \
        dir|wie geht es|alles klar|alles gut|was geht|wie lauft's|wie laufts",
    thanks: "danke|danke schon|dankeschon|danke sehr|vielen dank|besten dank|herzlichen \
        dank|tausend dank|danke dir|danke ihnen|fur die hilfe|fur ihre hilfe|fur deine \
        hilfe|fur die auskunft|fur die antwort|das hilft|sehr nett|merci|das war hilfreich",
    goodbye: "tschuss|tschuess|tschau|ciao|bye|auf wiedersehen|auf wiederhoren|wiedersehen|bis \
        dann|bis bald|bis spater|bis morgen|schonen tag|schonen tag noch|einen schonen \
        tag|einen schonen tag noch|schonen abend|schonen abend noch|schones wochenende|gute \
        nacht|machs gut|mach's gut|das war's|das wars|das war alles|das ist alles|nein \
        danke|pfiat di|ade",
    bot: "wer bist du|wer sind sie|was bist du|was sind sie|bist du ein bot|bist du ein \
        mensch|bist du ein roboter|bist du echt|bist du eine ki|bist du ein mensch oder ein \
        bot|bist du ein mensch oder eine maschine|sind sie ein bot|sind sie ein mensch|sind \
        sie ein roboter|sind sie eine ki|sind sie echt|sind sie ein echter mensch|bist du ein \
        echter mensch|sind sie eine maschine|ist das ein bot|ist das eine ki|ist das ein \
        mensch|rede ich mit einem menschen|rede ich mit einer maschine|spreche ich mit einem \
        menschen|spreche ich mit einer maschine|spreche ich mit einem bot|schreibe ich mit \
        einem menschen|wie heisst du|wie heißt du|wie heissen sie|wie heißen sie|wie alt bist \
        du|wer hat dich gemacht|wer hat dich programmiert",
    capabilities: "was kannst du|was konnen sie|was kannst du alles|was konnen sie fur mich tun|was \
        kannst du fur mich tun|womit kannst du helfen|womit konnen sie helfen|womit konnen sie \
        mir helfen|wobei kannst du helfen|was kann ich fragen|was kann ich dich fragen|was \
        kann ich sie fragen|hilfe|kannst du mir helfen|konnen sie mir helfen|ich brauche \
        hilfe|ich habe eine frage|ich hatte eine frage|ich habe mal eine frage|ich habe ein \
        paar fragen|darf ich etwas fragen|wie funktioniert das|wie funktionierst du|eine \
        frage|frage",
    acknowledgements: "ok|okay|super|prima|toll|klasse|perfekt|gut|sehr gut|alles \
        klar|verstehe|verstanden|ach so|achso|aha|in ordnung|passt|wunderbar|schon|genau|top",
    fillers: "zusammen alle ihr leute team bot bitte haha hehe lol ja also ach oh so dann noch \
        nochmal nochmals sehr und auch liebes liebe lieber mal denn schon heute mein freund da",
    verbs: "sprechen reden telefonieren verbinden verbinde verbindet kontaktieren erreichen sprich \
        spreche weiterleiten durchstellen stellen chatten schreiben",
    persons: "mensch menschen person mitarbeiter mitarbeiterin mitarbeitern jemand jemanden jemandem \
        kollege kollegen kollegin berater sachbearbeiter ansprechpartner personal team chef \
        leiter",
    wish: "will mochte wurde kann konnte konnen bitte brauche gerne gern lassen geben wollen",
    around: "ich mich mir sie du einem einen einer eine ein der die das dem den mit zu an von vom \
        aus ihrem ihren eurem dem echten echte echter richtigen richtiger lebenden \
        menschlichen realen bitte jetzt sofort direkt lieber gern gerne will mochte wurde kann \
        konnte konnen brauche nicht kein keine keiner maschine bot roboter computer ki sondern \
        anderem anderen und hier endlich mal doch wie personlich geben lassen buro praxis \
        firma kundenservice support service es moglich ist",
    callback: "ruckruf|rufen sie mich an|rufen sie mich zuruck|ruf mich an|ruf mich zuruck|mich \
        zuruckrufen|mich anrufen|einen ruckruf|um ruckruf|melden sie sich|bitte um \
        ruckruf|zuruckrufen",
    insults: "arschloch arsch scheisse scheiße scheiss scheiß scheissladen idiot idioten dumm blod \
        bloder blode doof dummkopf depp trottel fick ficken fuck verpiss hurensohn wichser \
        schlampe nutzlos mull mist bescheuert behindert dreck halt's schnauze maul unfahig \
        unbrauchbar",
    insult_around: "du sie bist sind ist das so ein eine dich mich halt die der dein deine zu vollig total \
        absolut bot ki roboter maschine leck mich am fresse klappe echt so und was fur leute",
    complaints: "das hilft mir nicht|das hilft nicht|das war nicht hilfreich|das ist falsch|das stimmt \
        nicht|du verstehst mich nicht|sie verstehen mich nicht|das war nicht meine frage|das \
        ist nicht hilfreich",
    languages: "deutsch|german",
    say: "sprich sprechen schreiben schreib antworten antworte auf bitte kannst du konnen sie \
        wir ich mit mir reden weiter jetzt",
    yes: "ja|ja bitte|ja gern|ja gerne|gern|gerne|jawohl",
    themes: &[Theme {
        talk: Talk::Bot,
        needs: [
            "bot roboter mensch menschen maschine ki computer echt echter person",
            "du sie das dies ich",
        ],
        around: "bist du sind sie ein eine einer einem oder das hier ist denn wirklich nur eigentlich rede spreche schreibe chatte ich mit jetzt gerade da dort echten du sie das dies ich",
    }],
};
