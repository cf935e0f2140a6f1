//! The commonest words of each language, which say how a sentence is built and not what it is about:
//! by them a short text's language is told, and what a question is about is what remains.

use super::language::Language;

/// Whether a folded word ([`fold`]) is a function word of a language. Words of asking that decide
/// what is asked for (how much, when, where) are none.
pub fn contains(language: Language, word: &str) -> bool {
    of(language).split(' ').any(|known| known == word)
}

fn of(language: Language) -> &'static str {
    match language {
        Language::En => ENGLISH,
        Language::De => GERMAN,
        Language::Es => SPANISH,
        Language::Fr => FRENCH,
        Language::It => ITALIAN,
        Language::Pt => PORTUGUESE,
        Language::Nl => DUTCH,
        Language::Pl => POLISH,
        Language::Tr => TURKISH,
        Language::Ru => RUSSIAN,
        Language::Ar => ARABIC,
        Language::Zh => CHINESE,
        Language::Other => "",
    }
}

/// A word in lower case and without accents, as the lists hold it.
pub fn fold(word: &str) -> String {
    word.chars()
        .flat_map(char::to_lowercase)
        .filter_map(|c| match c {
            'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ą' => Some('a'),
            'ç' | 'ć' | 'č' => Some('c'),
            'è' | 'é' | 'ê' | 'ë' | 'ę' | 'ě' => Some('e'),
            'ğ' => Some('g'),
            'ì' | 'í' | 'î' | 'ï' | 'ı' => Some('i'),
            'ł' => Some('l'),
            'ñ' | 'ń' => Some('n'),
            'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' => Some('o'),
            'ś' | 'ş' | 'š' => Some('s'),
            'ù' | 'ú' | 'û' | 'ü' => Some('u'),
            'ý' => Some('y'),
            'ź' | 'ż' | 'ž' => Some('z'),
            'ё' => Some('е'),
            'أ' | 'إ' | 'آ' => Some('ا'),
            'ة' => Some('ه'),
            'ى' => Some('ي'),
            '’' => Some('\''),
            '\u{0300}'..='\u{036F}' | '\u{064B}'..='\u{0652}' | '\u{0640}' => None,
            other => Some(other),
        })
        .collect()
}

const ENGLISH: &str = "\
    a about am an and any are as at be been but by can could did do does doing for from had has \
    have having he her here him his i i'd i'll i'm i've if in into is it it's its let me may \
    might my of on or our ours out shall she should so some than that that's the their them then \
    there there's these they this those to up us was we we're were what what's which will with \
    would you you're your yours";

const GERMAN: &str = "\
    aber als am an auch auf aus bei bin bis bitte da das dem den der des die dir du ein eine \
    einem einen einer er es euch eure fur gibt hab habe haben habt hat ich ihnen ihr ihre im in \
    ist ja kann kannst kein konnen mein meine meinen mich mir mit mochte muss nach noch oder \
    sich sie sind so uber um und uns von was wenn werden wie wir wird zu zum zur";

const SPANISH: &str = "\
    a al algun alguna como con cual de del el ella en es esta estan este esto favor ha hay hola \
    la las le les lo los mas me mi mis muy nos o para pero por pueden puedo que quiero se ser si \
    son soy su sus tengo tiene tienen tu un una usted ustedes y ya yo";

const FRENCH: &str = "\
    a ai au aux avec avez avoir c'est ce ces cette dans de des du elle en est est-ce et etes \
    etre faire faut il ils j'ai je l'on la le les leur ma mais mes moi mon nos notre nous on ou \
    par peut peux plait pour puis-je qu'est-ce que qui sa ses si son sont sur ta te tu un une \
    vos votre vous y";

const ITALIAN: &str = "\
    a ai al alla anche che chi ci come con da dal dei del della delle di e ed favore fare gli ha \
    hai ho i il in io la le lei lo ma mi mia mio nel nella noi per piu posso potete puo quello \
    questa questo se si siete sono su suo tra tu un una uno vi voi vorrei vostro";

const PORTUGUESE: &str = "\
    a ao aos as ate com como da das de do dos e ela ele eles em essa esse esta estao este eu \
    favor foi ha isso ja mais mas me meu minha muito na nas no nos o os ou para pela pelo podem \
    por posso qual que quero sao se seu sou sua te tem tenho um uma voce voces";

const DUTCH: &str = "\
    aan al als bij dan dat de den der deze die dit doen een en er graag had heb hebben hebt \
    heeft het hier hij hoe ik in is ja jij je jullie kan kunnen maar me met mij mijn moet mogen \
    mag naar nog of om onze ook op over te tot u uw uit van voor wat we wel wij wil worden wordt \
    zich zij zijn zou";

const POLISH: &str = "\
    a ale aby bardzo byc byl chce chcialbym co czy dla do go i ich ja jak jaka jaki jakie jest \
    jestem jestescie juz ktory lub ma macie mam mi mnie moge moj moja moje mozna my na nam nas o \
    od on ona panstwo po pod prosze przez przy sa sie ta tak tam ten to tu tym u w was we wy z \
    za ze";

const TURKISH: &str = "\
    ama bana beni benim bir biz bize bizim bu bunu cok da daha de degil diye en gibi hangi icin \
    ile ise istiyorum kadar ki lutfen mi mu mudur midir musunuz misiniz nasil ne o olan olarak \
    onu ben sen siz size sizin su var ve veya ya yok";

const RUSSIAN: &str = "\
    а без бы в вам вас ваш ваша вы да для до его ее если есть же за и из или их к как ко ли меня \
    мне могу можно мой моя мы на нам нас но о об он она они от по пожалуйста при с со так то \
    тоже у хочу что чтобы это я";

const ARABIC: &str = "\
    ان او التي الذي انا انت انتم اريد عن علي الي في فيه كان كيف لا لدي لديكم لي ما مع من \
    نحن هذا هذه هل هناك هو هي و يا يمكن يمكنني عندكم لكم ممكن";

/// Particles and pronouns, one character each.
const CHINESE: &str = "\
    的 了 吗 呢 吧 啊 你 您 们 我 是 有 在 和 与 也 都 就 请 问 这 那 个 可 以 要 想 能";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_hold_folded_words() {
        for language in [
            Language::En,
            Language::De,
            Language::Es,
            Language::Fr,
            Language::It,
            Language::Pt,
            Language::Nl,
            Language::Pl,
            Language::Tr,
            Language::Ru,
            Language::Ar,
            Language::Zh,
        ] {
            let words = of(language);
            assert!(words.split(' ').count() > 20, "{language:?}");
            for word in words.split(' ') {
                assert_eq!(fold(word), word, "{language:?}");
            }
        }
        assert_eq!(fold("Você"), "voce");
    }
}
