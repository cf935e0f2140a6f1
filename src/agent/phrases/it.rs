//! Italian.

use super::{Cues, Phrases};

pub(super) const PHRASES: Phrases = Phrases {
    greeting: "Buongiorno! Come posso aiutarla?",
    how_are_you: "Molto bene, grazie. Come posso aiutarla?",
    thanks: "Prego! Posso aiutarla in altro?",
    goodbye: "Prego e arrivederci! Buona giornata.",
    bot: "Sono un assistente di intelligenza artificiale, non una persona. Rispondo alle domande \
        per {business} con le sue informazioni e posso passarla al personale.",
    capabilities: "Rispondo alle domande su {business} con le sue informazioni, per esempio su orari, \
        prezzi e servizi. Se non so qualcosa lo dico, e posso passarla al personale.",
    handover: "La metto in contatto con il nostro personale: lasci qui il suo nome e il numero di \
        telefono o l'e-mail e una persona la richiamerà.",
    noted: "Grazie, l'ho annotato per il nostro personale. Una persona la ricontatterà.",
    abuse: "Mi dispiace che sia frustrante. Vorrei aiutarla: mi dica di che cosa ha bisogno, \
        oppure lasci nome e telefono o e-mail e una persona le risponderà.",
    language: "Certo, può scrivermi in italiano. Ciò che cito può essere nella lingua dei nostri \
        documenti.",
    unclear: "Scusi, non ho capito. Può fare la domanda in poche parole?",
    acknowledged: "Bene. Posso aiutarla in altro?",
    refusal: "Non lo trovo nelle nostre informazioni e preferisco non tirare a indovinare. Se lascia \
        qui il suo nome e il telefono o l'e-mail, una persona le risponderà.",
    related: "Non ho trovato esattamente questo. Ecco ciò che più si avvicina nelle nostre informazioni, anche se forse non risponde alla sua domanda:",
    offer: "Se lascia qui il suo nome e il telefono o l'e-mail, un membro del team le risponderà.",
    unanswered: "Su «{}» non ho trovato nulla nelle nostre informazioni.",
    quoted: "Nei nostri documenti si legge:",
    older: "Un documento precedente, «{}», dice altro; vale il più recente.",
};

pub(super) const CUES: Cues = Cues {
    greetings: "ciao|salve|buongiorno|buon giorno|buonasera|buona sera|buon \
        pomeriggio|ehi|hey|hello|c'e qualcuno|pronto",
    how_are_you: "come stai|come sta|come va|tutto bene|come state|come ti va|che si dice|come te la \
        passi",
    thanks: "grazie|grazie mille|mille grazie|tante grazie|molte grazie|grazie tante|ti \
        ringrazio|la ringrazio|per l'aiuto|per il tuo aiuto|per il suo aiuto|per \
        l'informazione|per la risposta|gentilissimo|molto gentile|di tutto|per tutto",
    goodbye: "arrivederci|addio|a presto|a dopo|a domani|ci vediamo|buona giornata|buona \
        serata|buonanotte|buona notte|buon fine settimana|e tutto|questo e \
        tutto|nient'altro|no grazie|ci sentiamo|alla prossima",
    bot: "chi sei|chi e lei|cosa sei|che cosa sei|sei un bot|sei un robot|sei umano|sei una \
        persona|sei reale|sei vero|sei una macchina|sei un'ia|lei e un robot|lei e una \
        persona|e un robot|e un bot|e una persona vera|sei una persona vera|sei una persona \
        reale|sto parlando con un robot|sto parlando con una persona|sto parlando con una \
        macchina|parlo con una persona|parlo con un robot|parlo con un umano|come ti \
        chiami|come si chiama|qual e il tuo nome|quanti anni hai|chi ti ha creato",
    capabilities: "cosa puoi fare|che cosa puoi fare|cosa sai fare|cosa puo fare|come puoi aiutarmi|come \
        mi puoi aiutare|in cosa puoi aiutarmi|cosa posso chiedere|cosa posso \
        chiederti|aiuto|ho bisogno di aiuto|mi puoi aiutare|puoi aiutarmi|puo aiutarmi|mi puo \
        aiutare|ho una domanda|ho delle domande|una domanda|avrei una domanda|come \
        funziona|posso fare una domanda",
    acknowledgements: "ok|va bene|d'accordo|perfetto|bene|benissimo|molto bene|capito|ho \
        capito|capisco|ottimo|fantastico|certo|bello|eccellente|chiaro",
    fillers: "a tutti tutti ragazzi amico signore signora bot per favore haha ahah allora e molto \
        quindi anche ancora oggi lei tu team",
    verbs: "parlare contattare passare passatemi passarmi mettere mettermi comunicare chattare \
        conversare trasferire collegare mettetemi passami",
    persons: "persona umano umana qualcuno operatore operatrice addetto addetta impiegato \
        responsabile consulente receptionist dipendente collega essere",
    wish: "voglio vorrei posso potrei puo potete desidero preferisco bisogno",
    around: "voglio vorrei posso potrei puo potete desidero preferisco ho bisogno di con una un il \
        la lo vero vera reale in carne e ossa umano umana persona non macchina robot bot per \
        favore ora adesso subito direttamente del dello vostro staff ufficio invece qualcuno \
        altro a mi me si essere che piuttosto come servizio clienti",
    callback: "richiamatemi|mi richiami|mi richiamate|mi puo richiamare|potete richiamarmi|mi potete \
        richiamare|chiamatemi|mi chiami|mi chiamate|essere richiamato|essere richiamata|mi \
        richiama|una richiamata|ricontattatemi",
    insults: "merda cazzo stronzo stronza idiota stupido stupida scemo scema cretino cretina \
        vaffanculo coglione bastardo inutile imbecille fanculo schifo puttana deficiente",
    insult_around: "sei un una che e di pezzo tu fai fa zitto stai vai a quel paese bot robot macchina non \
        servi serve niente proprio davvero cosi molto questo lei",
    complaints: "non mi aiuta|non mi aiuti|non e utile|non aiuta|non hai capito|non capisci|non ho \
        chiesto questo|e sbagliato",
    languages: "italiano|italian",
    say: "parla parlare parli parliamo scrivere scrivi rispondi rispondere in per favore puoi \
        possiamo puo posso mi",
    yes: "si|si grazie|si per favore|certo|volentieri",
    themes: &[],
};
