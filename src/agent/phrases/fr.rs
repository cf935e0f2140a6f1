//! French.

use super::{Cues, Phrases, Theme};
use crate::agent::talk::Talk;

pub(super) const PHRASES: Phrases = Phrases {
    greeting: "Bonjour ! Comment puis-je vous aider ?",
    how_are_you: "Très bien, merci de demander. Comment puis-je vous aider ?",
    thanks: "Avec plaisir ! Puis-je vous aider pour autre chose ?",
    goodbye: "Avec plaisir, et au revoir ! Bonne journée.",
    bot: "Je suis un assistant d'intelligence artificielle, pas une personne. Je réponds aux \
        questions pour {business} à partir de ses propres informations, et je peux vous passer \
        à l'équipe.",
    capabilities: "Je réponds aux questions sur {business} à partir de ses propres informations, par \
        exemple sur les horaires, les prix et les services. Si je ne sais pas, je le dis, et \
        je peux vous passer à l'équipe.",
    handover: "Je vous mets en contact avec notre équipe : laissez ici votre nom et votre numéro de \
        téléphone ou votre e-mail, et un membre de l'équipe vous rappellera.",
    noted: "Merci, je l'ai noté pour notre équipe. Un membre de l'équipe vous recontactera.",
    abuse: "Je suis désolé que ce soit agaçant. Je voudrais vous aider : dites-moi ce qu'il vous \
        faut, ou laissez votre nom et votre téléphone ou e-mail, et un membre de l'équipe vous \
        répondra.",
    language: "Bien sûr, vous pouvez m'écrire en français. Ce que je cite peut être dans la langue de \
        nos documents.",
    unclear: "Pardon, je n'ai pas compris. Pouvez-vous poser votre question en quelques mots ?",
    acknowledged: "Très bien. Puis-je vous aider pour autre chose ?",
    refusal: "Je ne trouve pas cela dans nos informations et je préfère ne pas deviner. Si vous \
        laissez ici votre nom et votre téléphone ou e-mail, un membre de l'équipe vous \
        répondra.",
    related: "Je n'ai pas trouvé exactement cela. Voici ce qui s'en rapproche le plus dans nos informations, sans forcément répondre à votre question :",
    offer: "Si vous laissez ici votre nom et votre téléphone ou e-mail, un membre de l'équipe vous répondra.",
    unanswered: "Sur « {} », je n'ai rien trouvé dans nos informations.",
    quoted: "Nos documents indiquent :",
    older: "Un document plus ancien, « {} », dit autre chose ; le plus récent fait foi.",
};

pub(super) const CUES: Cues = Cues {
    greetings: "bonjour|bonsoir|salut|coucou|hello|hey|allo|bonjour a tous|rebonjour|il y a \
        quelqu'un|y a quelqu'un",
    how_are_you: "comment ca va|ca va|comment allez vous|comment vas tu|tu vas bien|vous allez bien|quoi \
        de neuf|comment tu vas",
    thanks: "merci|merci beaucoup|merci bien|mille mercis|grand merci|un grand merci|pour votre \
        aide|pour l'aide|pour ton aide|pour l'info|pour la reponse|c'est gentil|je vous \
        remercie|je te remercie|pour tout",
    goodbye: "au revoir|a bientot|a plus|a plus tard|a demain|bonne journee|bonne soiree|bonne \
        nuit|bon week end|ciao|adieu|c'est tout|ce sera tout|non merci|bye|tchao|rien d'autre",
    bot: "qui es tu|qui etes vous|tu es qui|vous etes qui|es tu un robot|es tu un bot|es tu \
        humain|es tu une ia|es tu reel|etes vous un robot|etes vous humain|etes vous un \
        humain|etes vous une vraie personne|etes vous une personne|etes vous un bot|etes vous \
        une machine|etes vous une ia|tu es un robot|vous etes un robot|vous etes un bot|tu es \
        un bot|est ce un robot|est ce que vous etes un robot|est ce que tu es un robot|est ce \
        que je parle a un robot|je parle a un robot|je parle a une machine|je parle a un \
        humain|est ce que je parle a une vraie personne|comment tu t'appelles|comment vous \
        appelez vous|quel est ton nom|quel est votre nom|quel age as tu|qui t'a cree",
    capabilities: "que peux tu faire|que pouvez vous faire|que savez vous faire|que sais tu faire|comment \
        peux tu m'aider|comment pouvez vous m'aider|que puis je demander|que puis je vous \
        demander|qu'est ce que tu peux faire|qu'est ce que vous pouvez faire|aide|aidez \
        moi|j'ai besoin d'aide|pouvez vous m'aider|peux tu m'aider|j'ai une question|j'ai des \
        questions|une question|comment ca marche|puis je poser une question|je peux poser une \
        question",
    acknowledgements: "ok|d'accord|daccord|parfait|super|genial|bien|tres bien|entendu|compris|je \
        comprends|je vois|ca marche|excellent|bon|top|c'est note|c'est bon",
    fillers: "tout le monde a tous toutes monsieur madame l'equipe ami mon bot s'il vous plait svp \
        stp te haha mdr alors et bien donc encore aussi tres vous toi moi ici aujourd'hui eh \
        ben euh",
    verbs: "parler joindre contacter passer passez mettre mettez discuter transferer transferez \
        appeler echanger communiquer",
    persons: "personne humain humaine quelqu'un conseiller conseillere agent operateur operatrice \
        employe collegue responsable receptionniste interlocuteur directeur",
    wish: "veux voudrais souhaite peux pourrais puis besoin aimerais prefere pouvez",
    around: "je veux voudrais souhaite peux pourrais puis besoin aimerais prefere pouvez vous \
        j'aimerais j'ai a avec un une le la les de du d'un d'une vrai vraie reel reelle humain \
        humaine autre equipe votre en s'il te plait svp maintenant tout suite directement pas \
        robot machine bot et non me moi au plutot chez est ce possible que personne service \
        client il y vivante on peut",
    callback: "rappelez moi|me rappeler|rappelle moi|etre rappele|etre rappelee|me rappelle|appelez \
        moi|m'appeler|un rappel|contactez moi|quelqu'un peut me rappeler",
    insults: "merde putain connard connasse con conne idiot idiote imbecile stupide debile nul nulle \
        salaud encule pute inutile bete cretin gueule foutre chier",
    insult_around: "tu es vous etes t'es un une c'est ce est ta ferme la va te faire fais c'te bot robot \
        machine trop tellement vraiment tres de sert sers a rien ne espece",
    complaints: "ca n'aide pas|ca ne m'aide pas|cela ne m'aide pas|ce n'est pas utile|vous ne comprenez \
        pas|tu ne comprends pas|ce n'est pas ma question|c'est faux|ca m'aide pas",
    languages: "francais|french",
    say: "parle parlez parler ecrire ecris ecrivez repondre reponds repondez en s'il vous plait \
        te peux tu pouvez on peut puis je passer moi me au",
    yes: "oui|oui s'il vous plait|oui merci|volontiers|bien sur|oui svp",
    themes: &[Theme {
        talk: Talk::Bot,
        needs: [
            "bot robot humain humaine machine personne ia reel reelle vraie",
            "tu vous c'est est je",
        ],
        around: "es tu etes vous un une ou est ce que je parle a c'est vrai vraiment avec la tu vous c'est est je",
    }],
};
