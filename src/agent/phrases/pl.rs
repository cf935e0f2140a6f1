//! Polish.

use super::{Cues, Phrases};

pub(super) const PHRASES: Phrases = Phrases {
    greeting: "Dzień dobry! W czym mogę pomóc?",
    how_are_you: "Wszystko w porządku, dziękuję. W czym mogę pomóc?",
    thanks: "Proszę bardzo! Czy mogę jeszcze w czymś pomóc?",
    goodbye: "Proszę bardzo i do widzenia! Miłego dnia.",
    bot: "Jestem asystentem AI, a nie człowiekiem. Odpowiadam na pytania dla {business} na \
        podstawie własnych informacji i mogę przekazać rozmowę zespołowi.",
    capabilities: "Odpowiadam na pytania o {business} na podstawie własnych informacji, na przykład o \
        godziny otwarcia, ceny i usługi. Jeśli czegoś nie wiem, mówię to, i mogę przekazać \
        rozmowę zespołowi.",
    handover: "Przekażę rozmowę naszemu zespołowi: proszę zostawić tu imię i numer telefonu lub \
        e-mail, a ktoś z zespołu oddzwoni.",
    noted: "Dziękuję, zanotowałem to dla naszego zespołu. Ktoś z zespołu się odezwie.",
    abuse: "Przykro mi, że to irytujące. Chcę pomóc: proszę napisać, czego potrzeba, albo zostawić \
        imię i numer telefonu lub e-mail, a ktoś z zespołu się odezwie.",
    language: "Oczywiście, można pisać po polsku. Cytaty mogą być w języku naszych dokumentów.",
    unclear: "Przepraszam, nie rozumiem. Czy można zadać pytanie w kilku słowach?",
    acknowledged: "Dobrze. Czy mogę jeszcze w czymś pomóc?",
    refusal: "Nie znajduję tego w naszych informacjach i wolę nie zgadywać. Jeśli zostawią Państwo \
        tu imię i numer telefonu lub e-mail, ktoś z zespołu się odezwie.",
    related: "Dokładnie tego nie znalazłem. Najbliższe w naszych informacjach jest to, choć może nie odpowiadać na pytanie:",
    offer: "Jeśli zostawią Państwo tutaj imię oraz telefon lub e-mail, ktoś z zespołu się odezwie.",
    unanswered: "Na pytanie „{}” nie znalazłem odpowiedzi w naszych informacjach.",
    quoted: "W naszych dokumentach czytamy:",
    older: "Starszy dokument, „{}”, mówi co innego; obowiązuje nowszy.",
};

pub(super) const CUES: Cues = Cues {
    greetings: "czesc|hej|dzien dobry|dobry wieczor|witam|siema|dobry|halo|hejka|witajcie|jest tam \
        ktos|jest ktos",
    how_are_you: "jak sie masz|jak leci|co slychac|jak sie pan ma|jak sie pani ma|co tam|wszystko w \
        porzadku|jak tam",
    thanks: "dziekuje|dzieki|dziekuje bardzo|bardzo dziekuje|wielkie dzieki|dzieki wielkie|dziekuje \
        za pomoc|za pomoc|za informacje|za odpowiedz|serdecznie dziekuje|dziekuje slicznie",
    goodbye: "do widzenia|na razie|pa|papa|do zobaczenia|do jutra|milego dnia|milego \
        wieczoru|dobranoc|to wszystko|to tyle|nie dziekuje|czesc|trzymaj sie|nara|zegnam",
    bot: "kim jestes|kim pan jest|kim pani jest|czym jestes|jestes botem|jestes robotem|jestes \
        czlowiekiem|czy jestes botem|czy jestes robotem|czy jestes czlowiekiem|czy jestes \
        prawdziwy|czy jestes sztuczna inteligencja|czy to bot|czy to robot|czy rozmawiam z \
        czlowiekiem|czy rozmawiam z botem|czy rozmawiam z robotem|rozmawiam z botem|jak masz \
        na imie|jak sie nazywasz|ile masz lat|kto cie stworzyl",
    capabilities: "co potrafisz|co umiesz|co mozesz zrobic|w czym mozesz pomoc|jak mozesz pomoc|jak \
        mozesz mi pomoc|o co moge zapytac|pomoc|pomocy|potrzebuje pomocy|mozesz mi pomoc|czy \
        mozesz mi pomoc|czy moze mi pan pomoc|mam pytanie|mam kilka pytan|pytanie|jak to \
        dziala|czy moge o cos zapytac",
    acknowledgements: "ok|okej|dobrze|dobra|super|swietnie|rozumiem|jasne|w \
        porzadku|zrozumiano|idealnie|fajnie|wspaniale|oczywiscie|spoko|doskonale",
    fillers: "wszystkim wszyscy bot prosze haha wiec a i bardzo jeszcze tez dzis pan pani panstwo no \
        to zespol panu pani",
    verbs: "rozmawiac porozmawiac polaczyc polacz mowic pogadac skontaktowac przelaczyc przelacz \
        kontakt polaczenie rozmowa rozmowe",
    persons: "czlowiekiem czlowiek osoba kims ktos konsultantem konsultanta konsultant pracownikiem \
        pracownik recepcja kierownikiem obsluga operatorem agentem kolega",
    wish: "chce chcialbym chcialabym moge prosze potrzebuje wole poprosze",
    around: "chce chcialbym chcialabym moge czy prosze potrzebuje wole poprosze z ze zywym \
        prawdziwym inna osoba kims innym czlowiekiem nie maszyna botem robotem teraz od razu \
        bezposrednio o sie mnie mi a tylko waszym waszego zespolu biura klienta w do na i jak \
        o",
    callback: "prosze o telefon|oddzwon|prosze oddzwonic|oddzwoncie|zadzwoncie do mnie|zadzwon do \
        mnie|prosze zadzwonic|prosze do mnie zadzwonic|oddzwonic|kontakt telefoniczny",
    insults: "kurwa gowno chuj cholera idiota glupi glupia debil kretyn spierdalaj bezuzyteczny dupa \
        pierdol jebac dupek szmata beznadziejny beznadzieja",
    insult_around: "jestes to jest ty ale ten ta taki bot robot maszyna sie zamknij w co za do",
    complaints: "to nie pomaga|nie pomagasz|nie rozumiesz|nie o to pytalem|nie o to pytalam|to \
        nieprawda|to jest zle",
    languages: "polsku|polski|polish",
    say: "mow mowic pisz pisac odpowiadaj odpowiadac po prosze czy mozesz mozemy mozna moge w na \
        jezyk",
    yes: "tak|tak prosze|poprosze|oczywiscie|jasne",
    themes: &[],
};
