//! Words of a question that say nothing about where its answer stands: function words and the words of
//! asking, per language.

use std::collections::HashSet;
use std::sync::OnceLock;

use crate::knowledge::Language;
use crate::knowledge::index::terms::fold;

/// The languages that have a list.
const LISTS: [(Language, &str); 10] = [
    (Language::En, EN),
    (Language::De, DE),
    (Language::Es, ES),
    (Language::Fr, FR),
    (Language::It, IT),
    (Language::Pt, PT),
    (Language::Nl, NL),
    (Language::Pl, PL),
    (Language::Tr, TR),
    (Language::Ru, RU),
];

const EN: &str = "a about actually after again all almost also always am an and any anyone anything anyway are aren as at \
    be because been before being but by can cannot cant could couldn d did didn do does doesn doing don dont done \
    during each either else ever every for from get gets getting give gives go going gonna got gotta had has hasn \
    have haven having he hello her here hers hey hi him his how however i if im in into is isn it its ive just \
    kind know let lets like likes ll m make makes many may maybe me might mine more most much must my myself need \
    needs neither no nor not now of off ok okay on one ones only onto or other our ours out over own please \
    possible pls put quite rather re really s same say see shall she should shouldn since so some somebody someone \
    something sort still such sure t take tell than thank thanks that thats the their theirs them then there theres \
    these they thing things think this those through thru to too try u under until up upon ur us use used using \
    ve very via wanna want wanted wants was wasn we well were weren what whats whatever when where wheres whether \
    which while who whom whose why will with within without won wont would wouldn ya yeah yes yet you your yours \
    yourself exactly question wondering wonder anybody guys folks";

const DE: &str = "aber alle allem allen aller alles als also am an ander andere anderen auch auf aus bei beim bin bis bist bitte \
    da dabei dafür daher damit dann daran darauf darf das dass dein deine deinem deinen deiner dem den denn der des \
    dessen die dies diese diesem diesen dieser dieses dir doch dort du durch ein eine einem einen einer eines \
    einmal er es etwa etwas euch euer eure eurem euren eurer für geben gern gerne gibt habe haben hallo hat hatte \
    hätte habt hast hier hin hinter ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im in ins ist ja jede jedem jeden \
    jeder jedes jetzt kann kannst kein keine keinem keinen keiner können könnt könnte könnten machen macht man \
    mal mehr mein meine meinem meinen meiner mich mir mit möchte möchten muss müssen nach nein nicht noch nun nur \
    ob oder ohne schon sehr sein seine seinem seinen seiner seit sich sie sind so sogar soll sollen sollte sonst \
    um und uns unser unsere unserem unseren unserer unter viel viele vielen vom von vor wann war waren warum was \
    wegen weil welche welchem welchen welcher welches wenn wer werde werden wie wieder wieviel will wir wird wo \
    wofür woher wohin womit wollen worden wurde würde würden zu zum zur zwischen über danke eigentlich denen \
    bekomme bekommen bekommt gilt";

const ES: &str = "a al algo alguien algún alguna algunas alguno algunos ante antes aquí así aún aunque bien cada como cómo \
    con contra cual cuál cuales cuáles cualquier cuando cuándo cuanta cuánta cuantas cuántas cuanto cuánto cuantos \
    cuántos de del desde donde dónde dos e el él ella ellas ellos en entre era eran eres es esa esas ese eso esos \
    esta está están estas este esto estos estoy favor fue fueron gracias ha había hace hacen hacer hacia han has \
    hasta hay he hemos hola ir la las le les lo los más me mi mí mis mucho muy nada ni no nos nosotros nuestra \
    nuestro o os otra otras otro otros para pero poco por porque porqué puede pueden puedo puedes podría qué que \
    quién quien quienes quiero quisiera se sé sea ser si sí sido sin sobre sois solo son soy su sus suya suyo \
    tal también tampoco tan tanto te tener tengo ti tiene tienen tienes todo todos tu tú tus un una unas uno unos \
    usted ustedes va van vosotros voy y ya yo hacéis tenéis dan da necesito saber";

const FR: &str = "a à ai aie au aucun aucune aussi autre autres aux avant avec avez avoir avons bien bonjour c ça car ce ceci \
    cela celle celles celui ces cet cette ceux chez ci combien comme comment d dans de depuis des dois donc dont du \
    elle elles en encore entre es est et étaient était été être eu eux fait faire faites faut fois font hors il \
    ils j je l la là le les leur leurs lors lui m ma mais me même merci mes mieux mien moi moins mon n ne ni non \
    nos notre nous on ont or ou où par parce pas peu peut peuvent peux plaît plus pour pourquoi pourrais pouvez \
    pouvoir puis qu quand que quel quelle quelles quelqu quelque quelques quels qui quoi s sa sans se sera serait \
    ses si sien soit sommes son sont sous suis sur svp t ta tandis te tes toi ton tous tout toute toutes très tu \
    un une va vais vas vers veux voudrais vos votre vous vont y est-ce savoir";

const IT: &str = "a abbia abbiamo ad agli ai al alla alle allo anche ancora avere avete aveva c che chi ci ciao coi col come \
    con cosa così cui d da dagli dai dal dalla dalle dallo degli dei del dell della delle dello di dopo dove e è \
    ed era essere fa fare fate fra gli grazie ha hai hanno ho i il in io l la le lei li lo loro lui ma me mi mia \
    mie miei mio molto ne negli nei nel nella nelle nello no noi non nostra nostro o ogni oppure per perché però \
    più poi posso possiamo può puoi potete potrei prima qual quale quali quando quanta quante quanti quanto quella \
    quelle quelli quello questa queste questi questo qui quindi sarà se sei senza si sì sia siamo siete sono sta \
    su sua sue sugli sui sul sulla sulle sullo suo suoi te ti tra tu tua tuo tuoi tutti tutto un una uno v vi voi \
    vorrei vostra vostro avere c'è favore sapere";

const PT: &str = "a à ainda algum alguma alguns ao aos apenas aquela aquele aquilo as às até bem boa bom cada com como da das \
    de dela dele deles depois do dos e é ela elas ele eles em entre era essa essas esse esses esta está estão estas \
    este estes estou eu faço faz fazem fazer favor foi for foram há isso isto já lá lhe lhes lo mais mas me mesmo \
    meu meus minha minhas muito muita na não nas nem no nos nós nossa nosso num numa o obrigado obrigada olá onde \
    os ou outra outro para pela pelas pelo pelos perante pode podem poder poderia posso por porque porquê qual quais \
    qualquer quando quanta quantas quanto quantos que quê quem quero queria são se seja sem ser seu seus si sim só \
    sobre sou sua suas também tão te tem têm temos tenho ter teu ti tinha todo todos tu tua um uma umas uns vai vão \
    você vocês vos saber";

const NL: &str = "aan al alle alleen als alstublieft alsjeblieft altijd andere ben bij bent daar dan dank dat de deze die dit doe \
    doen doet door dus een en er ergens even ga gaan gaat geen graag had hadden hallo heb hebben hebt heeft hem \
    hen het hier hij hoe hoeveel hun ik in is ja je jij jou jouw jullie kan kon kun kunnen kunt maar mag me meer \
    men met mij mijn moet moeten mogen na naar nee niet niets nog nu of om omdat ons onze ook op over per s te \
    tegen toch toen tot u uit uw van vanaf veel voor waar waarom wanneer want waren was wat we weer wel welk \
    welke werd wie wij wil willen word worden wordt zal ze zei zelf zich zij zijn zo zonder zou zouden weten";

const PL: &str = "a aby albo ale ani aż bardzo bez bo by być był była było były będą będzie chcę chciałbym chciałabym ci co \
    coś czego czy czym czyli dla do dlaczego dobry dzień gdy gdzie go i ich ile im inne inny iż ja jak jaka jaką \
    jakie jaki jakich jako je jednak jego jej jest jestem jeszcze jeśli jeżeli już każdy kiedy kim kto która które \
    którego której który których którzy ku ma macie mają mam mamy mi mnie mną mogę można może mój moja moje mu my \
    na nad nam nas nasz nasza nie nich nim niż no o od on ona one oni ono oraz państwo państwa po pod podać ponieważ \
    poza proszę przed przez przy są się skąd swój ta tak także tam te tego tej ten też to tu twój ty tylko tym u w \
    wam was wasz wasze we wiele więc wszystko z za ze że żeby dziękuję";

const TR: &str = "acaba ama ancak artık az bana bazı belki ben beni benim bir biri birkaç biz bize bizi bizim bu buna bunda \
    bundan bunu bunun burada çok çünkü da daha de defa değil diye en eğer gibi hangi hangisi hani hem hep hepsi her \
    hiç için ile ise iyi kaç kadar ki kim kimin lütfen mi mı mu mü merhaba musunuz mısınız misiniz müsünüz var mıdır \
    midir nasıl ne neden nedir nerede nereden nereye niçin niye o olan olarak olur oldu olduğu ona onlar onları \
    onların onu onun sana sanki sen seni senin siz size sizde sizden sizi sizin sonra şey şu tüm ve veya ya yani \
    yok zaten teşekkürler istiyorum kadardır kimdir";

const RU: &str = "а без бы был была были было быть в вам вами вас ваш ваша ваше ваши во вот все всё всего вы где да даже для \
    до его ее её если есть еще ещё же за здравствуйте и из или им их к как какая какие какой каких каком когда кого \
    кому которая которые который ко кто куда ли либо лучше меня мне много мной могу может можно мои мой моя мы на \
    над надо нам нас наш не него нее ней нет ни них но ну о об от он она они оно очень по под подскажите пожалуйста \
    почему при про с сам свой себя сейчас скажите сколько со спасибо так также такой там те тем то того тоже той \
    только том ту ты у уже хочу чего чем через что чтобы чьи эта эти это этого этой этом этот я";

fn sets() -> &'static [(Language, HashSet<String>)] {
    static SETS: OnceLock<Vec<(Language, HashSet<String>)>> = OnceLock::new();
    SETS.get_or_init(|| {
        LISTS
            .iter()
            .map(|(language, list)| (*language, list.split_whitespace().map(fold).collect()))
            .collect()
    })
}

/// Whether a folded word is a stop word of a language. Languages without a list have none.
pub fn is_stop_word(language: Language, folded: &str) -> bool {
    sets()
        .iter()
        .any(|(l, words)| *l == language && words.contains(folded))
}

/// How many of the folded words are stop words, per language that has a list.
pub(super) fn votes(words: &[&str]) -> Vec<(Language, usize)> {
    sets()
        .iter()
        .map(|(language, set)| {
            let hits = words.iter().filter(|w| set.contains(**w)).count();
            (*language, hits)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_knows_its_own_words() {
        for (language, word) in [
            (Language::En, "what"),
            (Language::De, "fur"),
            (Language::Es, "cuanto"),
            (Language::Fr, "ou"),
            (Language::It, "perche"),
            (Language::Pt, "nao"),
            (Language::Nl, "hoeveel"),
            (Language::Pl, "gdzie"),
            (Language::Tr, "icin"),
            (Language::Ru, "еще"),
        ] {
            assert!(is_stop_word(language, word), "{word}");
            assert!(!is_stop_word(language, "crown"));
        }
        assert!(!is_stop_word(Language::Ar, "what"));
    }

    #[test]
    fn words_that_answers_turn_on_are_no_stop_words() {
        for word in [
            "open", "hours", "price", "cost", "cancel", "first", "last", "new", "free",
        ] {
            assert!(!is_stop_word(Language::En, word), "{word}");
        }
    }
}
