//! Turkish.

use super::{Cues, Phrases};

pub(super) const PHRASES: Phrases = Phrases {
    greeting: "Merhaba! Size nasıl yardımcı olabilirim?",
    how_are_you: "İyiyim, teşekkür ederim. Size nasıl yardımcı olabilirim?",
    thanks: "Rica ederim! Yardımcı olabileceğim başka bir şey var mı?",
    goodbye: "Rica ederim, hoşça kalın! İyi günler.",
    bot: "Ben bir yapay zekâ asistanıyım, insan değilim. {business} için soruları kendi \
        bilgilerinden yanıtlıyorum ve sizi ekibe yönlendirebilirim.",
    capabilities: "{business} hakkındaki soruları kendi bilgilerinden yanıtlıyorum; örneğin çalışma \
        saatleri, fiyatlar ve hizmetler. Bilmediğim bir şey olursa söylerim ve sizi ekibe \
        yönlendirebilirim.",
    handover: "Sizi ekibimizle buluşturayım: adınızı ve telefon numaranızı ya da e-posta adresinizi \
        buraya bırakın, ekibimizden biri sizi arasın.",
    noted: "Teşekkürler, bunu ekibimiz için not ettim. Ekibimizden biri size dönecek.",
    abuse: "Bunun sinir bozucu olduğu için üzgünüm. Yardımcı olmak isterim: neye ihtiyacınız \
        olduğunu yazın ya da adınızı ve telefonunuzu veya e-postanızı bırakın, ekibimizden \
        biri size dönsün.",
    language: "Elbette, bana Türkçe yazabilirsiniz. Alıntılar belgelerimizin dilinde olabilir.",
    unclear: "Üzgünüm, anlayamadım. Sorunuzu birkaç kelimeyle yazabilir misiniz?",
    acknowledged: "Peki. Yardımcı olabileceğim başka bir şey var mı?",
    refusal: "Bunu bilgilerimizde bulamıyorum ve tahmin yürütmek istemem. Adınızı ve telefonunuzu ya \
        da e-postanızı buraya bırakırsanız ekibimizden biri size dönecek.",
    related: "Tam olarak bunu bulamadım. Bilgilerimizde en yakın olan şu, ancak sorunuzu yanıtlamıyor olabilir:",
    offer: "Adınızı ve telefonunuzu ya da e-postanızı buraya bırakırsanız ekibimizden biri size dönecektir.",
    unanswered: "“{}” hakkında bilgilerimizde bir şey bulamadım.",
    quoted: "Belgelerimizde şöyle yazıyor:",
    older: "Daha eski bir belge, “{}”, farklı söylüyor; yenisi geçerlidir.",
};

pub(super) const CUES: Cues = Cues {
    greetings: "merhaba|merhabalar|selam|selamlar|gunaydin|iyi gunler|iyi aksamlar|tunaydin|selamun \
        aleykum|hey|alo|kimse var mi|orada kimse var mi",
    how_are_you: "nasilsin|nasilsiniz|naber|ne haber|nasil gidiyor|iyi misin|iyi misiniz|ne var ne yok",
    thanks: "tesekkurler|tesekkur ederim|cok tesekkurler|cok tesekkur ederim|sag ol|sagol|sag \
        olun|sagolun|eyvallah|yardiminiz icin|yardimin icin|minnettarim|tesekkur",
    goodbye: "hosca kal|hosca kalin|hoscakal|hoscakalin|gorusuruz|gule gule|iyi geceler|kendine iyi \
        bak|bay bay|hepsi bu|hepsi bu kadar|bu kadar|yok tesekkurler|hayir tesekkurler|iyi \
        calismalar|allaha ismarladik",
    bot: "kimsin|kimsiniz|sen kimsin|siz kimsiniz|nesin|sen nesin|bot musun|robot musun|insan \
        misin|sen bot musun|sen robot musun|sen insan misin|siz robot musunuz|siz insan \
        misiniz|robot musunuz|insan misiniz|gercek misin|gercek bir insan misin|yapay zeka \
        misin|bu bir bot mu|bu bir robot mu|bir insanla mi konusuyorum|robotla mi \
        konusuyorum|botla mi konusuyorum|adin ne|adiniz ne|isminiz ne|ismin ne|kac \
        yasindasin|seni kim yapti",
    capabilities: "ne yapabilirsin|ne yapabilirsiniz|neler yapabilirsin|neler yapabilirsiniz|nasil \
        yardimci olabilirsin|nasil yardimci olabilirsiniz|ne sorabilirim|neler \
        sorabilirim|yardim|yardima ihtiyacim var|yardim eder misin|yardim eder \
        misiniz|yardimci olur musunuz|bana yardim edebilir misiniz|bir sorum var|sorum var|bir \
        sorum olacakti|nasil calisiyor|bir sey sorabilir miyim",
    acknowledgements: "ok|tamam|tamamdir|peki|guzel|harika|super|mukemmel|anladim|anlasildi|olur|cok \
        iyi|iyi|cok guzel|tabii",
    fillers: "herkese arkadaslar bot lutfen haha evet peki ve cok da de bir daha bugun efendim hocam \
        o zaman",
    verbs: "konusmak gorusmek baglanmak baglar baglayin bagla ulasmak gorusebilir konusabilir \
        iletisim baglayabilir aktarin konusayim goruseyim",
    persons: "insanla insan biriyle birisiyle kisiyle yetkiliyle yetkili temsilci temsilciyle \
        temsilcisi temsilcisiyle calisan calisanla personel personelle operator operatorle \
        mudur mudurle gorevli gorevliyle birine temsilciye yetkiliye insana",
    wish: "istiyorum isterim lutfen miyim misiniz mi gerek",
    around: "istiyorum isterim lutfen miyim misiniz misin gerek bir gercek canli insan biriyle kisi \
        robotla makineyle botla degil simdi hemen ben beni bana sizin ekibinizden ekip musteri \
        hizmetleri ile birisi baska mi ve artik",
    callback: "beni arayin|beni ara|beni arar misiniz|geri arayin|beni geri arayin|aranmak \
        istiyorum|beni arayabilir misiniz|geri arama|beni arasin|bana donun",
    insults: "aptal salak gerizekali geri zekali ahmak mal lanet bok boktan siktir sik orospu pic \
        serefsiz ise yaramaz beyinsiz amk aq",
    insult_around: "sen siz cok bir bu ne kadar git kes sesini kapa ceneni bot robot makine misin sin \
        senin",
    complaints: "bu yardimci olmuyor|yardimci olmuyorsun|anlamiyorsun|beni anlamiyorsun|bunu \
        sormadim|bu yanlis|yardimci olmadi",
    languages: "turkce|turkish",
    say: "konus konusun konusalim konusabilir yaz yazin yazabilir cevap ver verin verir lutfen \
        misin misiniz miyiz miyim olarak",
    yes: "evet|evet lutfen|tabii|olur|isterim",
    themes: &[],
};
