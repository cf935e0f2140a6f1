//! What the front desk says by itself on the line. A language is a table; where there is none, English.

/// Sentences of one language. `{}` stands for what is read back.
#[derive(Debug)]
pub(super) struct Phrases {
    pub(super) greeting: &'static str,
    pub(super) still_there: &'static str,
    pub(super) silence_farewell: &'static str,
    pub(super) almost_over: &'static str,
    pub(super) time_is_over: &'static str,
    pub(super) not_heard: &'static str,
    pub(super) failed: &'static str,
    pub(super) more: &'static str,
    pub(super) anything_else: &'static str,
    pub(super) offer_after_refusal: &'static str,
    pub(super) offer_person: &'static str,
    pub(super) offer: &'static str,
    pub(super) consent_again: &'static str,
    pub(super) consent_yes: &'static str,
    pub(super) consent_no: &'static str,
    pub(super) ask_name: &'static str,
    pub(super) ask_number: &'static str,
    pub(super) ask_number_again: &'static str,
    pub(super) read_back: &'static str,
    pub(super) noted: &'static str,
    pub(super) not_noted: &'static str,
}

const EN: Phrases = Phrases {
    greeting: "Hello! How can I help you?",
    still_there: "Are you still there?",
    silence_farewell: "I can't hear anything, so I will end the call now. Goodbye!",
    almost_over: "We have about one minute left.",
    time_is_over: "Our time is over, so I have to end the call. Thank you, and goodbye!",
    not_heard: "Sorry, I could not hear that well. Could you say it again?",
    failed: "Sorry, something went wrong on our side. Please ask me again.",
    more: "There is more; shall I go on?",
    anything_else: "All right. What else can I help you with?",
    offer_after_refusal: "I can't find that in our information, so I'd rather not guess. Shall I take your name \
        and number, so that somebody calls you back?",
    offer_person: "Somebody from our team can call you back. Shall I take your name and number?",
    offer: "Shall I take your name and number, so that somebody calls you back?",
    consent_again: "Sorry, may we record this call? Please say yes or no.",
    consent_yes: "Thank you. This call is recorded from now on.",
    consent_no: "All right, nothing is recorded.",
    ask_name: "What is your name?",
    ask_number: "And what is your phone number or e-mail address?",
    ask_number_again: "Please tell me the number again, digit by digit.",
    read_back: "I have {}. Is that right?",
    noted: "Thank you, I have noted that for our team. Somebody will call you back. Is there anything else?",
    not_noted: "All right, I have noted nothing. What else can I help you with?",
};

const DE: Phrases = Phrases {
    greeting: "Guten Tag! Wie kann ich Ihnen helfen?",
    still_there: "Sind Sie noch da?",
    silence_farewell: "Ich höre nichts mehr und beende den Anruf. Auf Wiederhören!",
    almost_over: "Wir haben noch etwa eine Minute.",
    time_is_over: "Unsere Zeit ist um, ich muss den Anruf beenden. Vielen Dank und auf Wiederhören!",
    not_heard: "Entschuldigung, das habe ich nicht gut gehört. Können Sie es noch einmal sagen?",
    failed: "Entschuldigung, bei uns ist etwas schiefgegangen. Bitte fragen Sie noch einmal.",
    more: "Es gibt noch mehr dazu; soll ich weiterlesen?",
    anything_else: "Gut. Womit kann ich Ihnen noch helfen?",
    offer_after_refusal: "Dazu finde ich in unseren Informationen nichts und möchte nicht raten. Soll ich Namen \
        und Nummer aufnehmen, damit Sie jemand zurückruft?",
    offer_person: "Jemand aus unserem Team kann Sie zurückrufen. Soll ich Namen und Nummer aufnehmen?",
    offer: "Soll ich Namen und Nummer aufnehmen, damit Sie jemand zurückruft?",
    consent_again: "Entschuldigung, dürfen wir den Anruf aufzeichnen? Bitte sagen Sie ja oder nein.",
    consent_yes: "Danke. Der Anruf wird ab jetzt aufgezeichnet.",
    consent_no: "Gut, es wird nichts aufgezeichnet.",
    ask_name: "Wie ist Ihr Name?",
    ask_number: "Und wie ist Ihre Telefonnummer oder E-Mail-Adresse?",
    ask_number_again: "Bitte sagen Sie mir die Nummer noch einmal, Ziffer für Ziffer.",
    read_back: "Ich habe {}. Ist das richtig?",
    noted: "Danke, ich habe das für unser Team notiert. Jemand ruft Sie zurück. Kann ich noch etwas für Sie tun?",
    not_noted: "Gut, ich habe nichts notiert. Womit kann ich Ihnen noch helfen?",
};

const ES: Phrases = Phrases {
    greeting: "¡Hola! ¿En qué puedo ayudarle?",
    still_there: "¿Sigue usted ahí?",
    silence_farewell: "No oigo nada, así que termino la llamada. ¡Adiós!",
    almost_over: "Nos queda más o menos un minuto.",
    time_is_over: "Se ha acabado el tiempo y tengo que terminar la llamada. ¡Gracias y adiós!",
    not_heard: "Perdone, no le he oído bien. ¿Puede repetirlo?",
    failed: "Perdone, algo ha fallado por nuestra parte. Pregúnteme otra vez, por favor.",
    more: "Hay más; ¿sigo?",
    anything_else: "De acuerdo. ¿En qué más puedo ayudarle?",
    offer_after_refusal: "No encuentro eso en nuestra información y prefiero no adivinar. ¿Tomo su nombre y su \
        número para que alguien le llame?",
    offer_person: "Alguien de nuestro equipo puede llamarle. ¿Tomo su nombre y su número?",
    offer: "¿Tomo su nombre y su número para que alguien le llame?",
    consent_again: "Perdone, ¿podemos grabar esta llamada? Diga sí o no, por favor.",
    consent_yes: "Gracias. La llamada se graba desde ahora.",
    consent_no: "De acuerdo, no se graba nada.",
    ask_name: "¿Cómo se llama usted?",
    ask_number: "¿Y cuál es su teléfono o correo electrónico?",
    ask_number_again: "Dígame el número otra vez, cifra por cifra, por favor.",
    read_back: "Tengo {}. ¿Es correcto?",
    noted: "Gracias, lo he anotado para nuestro equipo. Alguien le llamará. ¿Desea algo más?",
    not_noted: "De acuerdo, no he anotado nada. ¿En qué más puedo ayudarle?",
};

const FR: Phrases = Phrases {
    greeting: "Bonjour ! Comment puis-je vous aider ?",
    still_there: "Êtes-vous toujours là ?",
    silence_farewell: "Je n'entends plus rien et je mets fin à l'appel. Au revoir !",
    almost_over: "Il nous reste environ une minute.",
    time_is_over: "Notre temps est écoulé, je dois mettre fin à l'appel. Merci et au revoir !",
    not_heard: "Pardon, je n'ai pas bien entendu. Pouvez-vous répéter ?",
    failed: "Pardon, il y a eu un problème de notre côté. Posez votre question encore une fois, s'il vous plaît.",
    more: "Il y a une suite ; dois-je continuer ?",
    anything_else: "Très bien. Que puis-je faire d'autre pour vous ?",
    offer_after_refusal: "Je ne trouve pas cela dans nos informations et je préfère ne pas deviner. Dois-je noter \
        votre nom et votre numéro pour qu'on vous rappelle ?",
    offer_person: "Quelqu'un de notre équipe peut vous rappeler. Dois-je noter votre nom et votre numéro ?",
    offer: "Dois-je noter votre nom et votre numéro pour qu'on vous rappelle ?",
    consent_again: "Pardon, pouvons-nous enregistrer cet appel ? Répondez par oui ou par non.",
    consent_yes: "Merci. L'appel est enregistré à partir de maintenant.",
    consent_no: "Très bien, rien n'est enregistré.",
    ask_name: "Quel est votre nom ?",
    ask_number: "Et quel est votre numéro de téléphone ou votre adresse e-mail ?",
    ask_number_again: "Dites-moi encore une fois le numéro, chiffre par chiffre, s'il vous plaît.",
    read_back: "J'ai noté {}. Est-ce correct ?",
    noted: "Merci, je l'ai noté pour notre équipe. On vous rappellera. Puis-je faire autre chose pour vous ?",
    not_noted: "Très bien, je n'ai rien noté. Que puis-je faire d'autre pour vous ?",
};

const IT: Phrases = Phrases {
    greeting: "Buongiorno! Come posso aiutarla?",
    still_there: "È ancora in linea?",
    silence_farewell: "Non sento più nulla e chiudo la chiamata. Arrivederci!",
    almost_over: "Ci resta circa un minuto.",
    time_is_over: "Il tempo è finito, devo chiudere la chiamata. Grazie e arrivederci!",
    not_heard: "Mi scusi, non ho sentito bene. Può ripetere?",
    failed: "Mi scusi, qualcosa non ha funzionato da parte nostra. Me lo chieda di nuovo, per favore.",
    more: "C'è dell'altro; continuo?",
    anything_else: "Va bene. In cos'altro posso aiutarla?",
    offer_after_refusal: "Non lo trovo nelle nostre informazioni e preferisco non indovinare. Prendo il suo nome e \
        il suo numero, così qualcuno la richiama?",
    offer_person: "Qualcuno del nostro team può richiamarla. Prendo il suo nome e il suo numero?",
    offer: "Prendo il suo nome e il suo numero, così qualcuno la richiama?",
    consent_again: "Mi scusi, possiamo registrare la chiamata? Dica sì o no, per favore.",
    consent_yes: "Grazie. Da ora la chiamata è registrata.",
    consent_no: "Va bene, non viene registrato nulla.",
    ask_name: "Come si chiama?",
    ask_number: "E qual è il suo numero di telefono o indirizzo e-mail?",
    ask_number_again: "Mi ripeta il numero, cifra per cifra, per favore.",
    read_back: "Ho annotato {}. È giusto?",
    noted: "Grazie, l'ho annotato per il nostro team. Qualcuno la richiamerà. Posso fare altro per lei?",
    not_noted: "Va bene, non ho annotato nulla. In cos'altro posso aiutarla?",
};

/// The sentences of a language by its ISO 639-1 code.
pub(super) fn phrases(language: &str) -> &'static Phrases {
    match language {
        "de" => &DE,
        "es" => &ES,
        "fr" => &FR,
        "it" => &IT,
        _ => &EN,
    }
}
